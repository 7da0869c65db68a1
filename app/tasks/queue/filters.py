"""What My queue is asked for. All of it lives in the address."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from app.dates import DateRange
from app.http.query_string import (
    check_readable,
    choice,
    parse_branches,
    parse_least_value,
    parse_owner,
    parse_query,
    several,
    without_defaults,
)
from app.tasks.owners import ANYONE, ME
from app.tasks.types import TASK_TYPES

RANGES = {"30d": 30, "60d": 60, "90d": 90, "180d": 180, "365d": 365}
DEFAULT_RANGE = "90d"
SORTS = {"score": "Score", "value": "Value", "last_at": "Latest activity"}


@dataclass(frozen=True)
class QueueFilters:
    """One view of the queue; `types` empty is every reason, `location_ids` empty every branch.

    `reachable` hides customers without phone and email.
    `owner` as in holders_of().
    """

    owner: str
    range_name: str = DEFAULT_RANGE
    location_ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    query: str = ""
    reachable: bool = True
    least_value: Decimal | None = None
    sort_field: str = "score"
    default_owner: str = field(default=ME, compare=False)

    def period(self, today: date) -> DateRange:
        """The days of the last evidence, today included."""
        return DateRange(today - timedelta(days=RANGES[self.range_name] - 1), today)

    @property
    def is_default(self) -> bool:
        """Whether nothing but the own view is asked for."""
        return not self.arguments()

    def arguments(self, **changes: str) -> dict[str, Any]:
        """The query string as a mapping, defaults left out, `changes` on top."""
        found = {
            "owner": self.owner,
            "range": self.range_name,
            "location_id": list(self.location_ids),
            "type": list(self.types),
            "query": self.query,
            "reachable": "" if self.reachable else "0",
            "least_value": "" if self.least_value is None else f"{self.least_value:f}",
            "sort_field": self.sort_field,
        }
        defaults = {"owner": self.default_owner, "range": DEFAULT_RANGE, "sort_field": "score"}
        return without_defaults(found, defaults) | changes


def parse_queue_filters(arguments: MultiDict[str, str], role: str) -> QueueFilters:
    """Read a query string; reps see their own customers unless they ask for more.

    Raises:
        Invalid: a value is unknown or no number.
    """
    check_readable(arguments, "query")
    default = ME if role == "rep" else ANYONE
    return QueueFilters(
        owner=parse_owner(arguments) or default,
        range_name=choice(arguments, "range", RANGES, DEFAULT_RANGE),
        location_ids=parse_branches(arguments.getlist("location_id")),
        types=several(arguments, "type", TASK_TYPES),
        query=parse_query(arguments),
        reachable=arguments.get("reachable") != "0",
        least_value=parse_least_value(arguments),
        sort_field=choice(arguments, "sort_field", SORTS, "score"),
        default_owner=default,
    )


def default_filters(role: str) -> QueueFilters:
    """The queue as it opens for this role."""
    return parse_queue_filters(MultiDict(), role)
