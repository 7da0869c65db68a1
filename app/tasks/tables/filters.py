"""What a table of figures is asked for: days, branches, words, order, and which page of it.

All of it lives in the address; this is the one place that reads and writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from app.dates import DateRange
from app.http.periods import COMPARISONS, compared_period, parse_period, period_arguments
from app.http.query_string import (
    DEFAULT_LIMIT,
    SORT_ORDERS,
    check_readable,
    choice,
    parse_branches,
    parse_limit,
    parse_page,
    parse_query,
    without_defaults,
)

DEFAULT_RANGE = "30d"


@dataclass(frozen=True)
class Table:
    """What one table offers: `sort_fields` by name, the first is the default; `statuses` to
    choose from; `flags` to switch on; whether it is compared with another period."""

    endpoint: str
    sort_fields: tuple[str, ...]
    statuses: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    is_compared: bool = False


@dataclass(frozen=True)
class TableFilters:
    """One question to a table. `location_ids` empty asks for all branches."""

    table: Table
    period: DateRange
    range_name: str = DEFAULT_RANGE
    location_ids: tuple[str, ...] = ()
    query: str = ""
    status: str = ""
    flags: frozenset[str] = frozenset()
    compare: str = "previous"
    sort_field: str = ""
    sort_order: str = "desc"
    limit: int = DEFAULT_LIMIT
    page: int = 1

    @property
    def compared(self) -> DateRange | None:
        """The period the figures are held against, if any."""
        return compared_period(self.period, self.compare if self.table.is_compared else "none")

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.limit

    @property
    def narrows(self) -> bool:
        """Whether anything but the days is asked for."""
        return bool(self.location_ids or self.query or self.status or self.flags)

    def arguments(self, **changes: object) -> dict[str, Any]:
        """The query string of the first page, defaults left out, `changes` on top.

        A change to None or nothing takes the argument away.
        """
        found: dict[str, Any] = {
            "location_id": list(self.location_ids),
            "query": self.query,
            "status": self.status,
            "compare": self.compare,
            "sort_field": self.sort_field,
            "sort_order": self.sort_order,
            "limit": self.limit,
        }
        defaults = {
            "compare": "previous",
            "sort_field": self.table.sort_fields[0],
            "sort_order": "desc",
            "limit": DEFAULT_LIMIT,
        }
        flags = dict.fromkeys(sorted(self.flags), "1")
        found = without_defaults(found, defaults) | flags | self.period_arguments()
        return without_defaults(found | changes, {})

    def period_arguments(self) -> dict[str, str]:
        """The days alone: two of them, a preset, or nothing for the default."""
        return period_arguments(self.period, self.range_name, DEFAULT_RANGE)

    def scope_arguments(self) -> dict[str, Any]:
        """The days and branches: what a link to another table of the same question keeps."""
        return self.period_arguments() | (
            {"location_id": list(self.location_ids)} if self.location_ids else {}
        )


def parse_table_filters(arguments: MultiDict[str, str], today: date, table: Table) -> TableFilters:
    """Read a query string; `today` is the tenant's present day.

    Raises:
        Invalid: a value is unknown, a day is none, the range is backwards or too long.
    """
    check_readable(arguments, "term", "query")
    period, range_name = parse_period(arguments, today, DEFAULT_RANGE)
    return TableFilters(
        table=table,
        period=period,
        range_name=range_name,
        location_ids=parse_branches(arguments.getlist("location_id")),
        query=parse_query(arguments),
        status=choice(arguments, "status", table.statuses, ""),
        flags=frozenset(n for n in table.flags if arguments.get(n, "") not in ("", "0", "false")),
        compare=choice(arguments, "compare", COMPARISONS, "previous"),
        sort_field=choice(arguments, "sort_field", table.sort_fields, table.sort_fields[0]),
        sort_order=choice(arguments, "sort_order", SORT_ORDERS, "desc"),
        limit=parse_limit(arguments),
        page=parse_page(arguments),
    )
