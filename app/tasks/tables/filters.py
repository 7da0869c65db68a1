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
from app.errors import Invalid
from app.http.periods import CUSTOM, check_readable, choice, parse_branches, parse_period

DEFAULT_RANGE = "30d"
LIMITS = (25, 50, 100)
DEFAULT_LIMIT = 50
MAX_PAGE = 100_000
SORT_ORDERS = ("desc", "asc")
COMPARISONS = {
    "previous": "Previous period",
    "year": "Same period last year",
    "none": "No comparison",
}
_LONGEST_QUERY = 200


@dataclass(frozen=True)
class Table:
    """What one table offers: `sort_fields` by name, the first is the default; `statuses` to
    choose from; whether it is held against another period."""

    endpoint: str
    sort_fields: tuple[str, ...]
    statuses: Mapping[str, str] = field(default_factory=dict)
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
    compare: str = "previous"
    sort_field: str = ""
    sort_order: str = "desc"
    limit: int = DEFAULT_LIMIT
    page: int = 1

    @property
    def compared(self) -> DateRange | None:
        """The period the figures are held against, if any."""
        if not self.table.is_compared or self.compare == "none":
            return None
        return self.period.year_before() if self.compare == "year" else self.period.previous()

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.page - 1) * self.limit

    @property
    def narrows(self) -> bool:
        """Whether anything but the days is asked for."""
        return bool(self.location_ids or self.query or self.status)

    def arguments(self, **changes: object) -> dict[str, Any]:
        """The query string of the first page, defaults left out, `changes` on top.

        A change to None or nothing takes the argument away.
        """
        is_default = self.sort_field == self.table.sort_fields[0]
        found: dict[str, Any] = {
            "location_id": list(self.location_ids),
            "query": self.query,
            "status": self.status,
            "compare": None if self.compare == "previous" else self.compare,
            "sort_field": None if is_default else self.sort_field,
            "sort_order": None if self.sort_order == "desc" else self.sort_order,
            "limit": None if self.limit == DEFAULT_LIMIT else self.limit,
        }
        return {k: v for k, v in (found | self.period_arguments() | changes).items() if v}

    def period_arguments(self) -> dict[str, str]:
        """The days alone: two of them, a preset, or nothing for the default."""
        if self.range_name == CUSTOM:
            return {
                "start_date": self.period.start.isoformat(),
                "end_date": self.period.end.isoformat(),
            }
        return {} if self.range_name == DEFAULT_RANGE else {"range": self.range_name}

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
    read = MultiDict([pair for pair in arguments.items(multi=True) if pair[0] != "term"])
    check_readable(read)
    period, range_name = parse_period(read, today, DEFAULT_RANGE)
    query = " ".join(read.get("query", "").split())
    if len(query) > _LONGEST_QUERY:
        raise Invalid(f"Search for at most {_LONGEST_QUERY} characters.")
    limit = read.get("limit", DEFAULT_LIMIT, type=int)
    return TableFilters(
        table=table,
        period=period,
        range_name=range_name,
        location_ids=parse_branches(read.getlist("location_id")),
        query=query,
        status=choice(read, "status", table.statuses, ""),
        compare=choice(read, "compare", COMPARISONS, "previous"),
        sort_field=choice(read, "sort_field", table.sort_fields, table.sort_fields[0]),
        sort_order=choice(read, "sort_order", SORT_ORDERS, "desc"),
        limit=limit if limit in LIMITS else DEFAULT_LIMIT,
        page=min(max(read.get("page", 1, type=int), 1), MAX_PAGE),
    )
