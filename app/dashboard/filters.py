"""What a figure is asked for: days, branches, comparison, granularity, order.

All of it lives in the address; this is the one place that reads and writes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict

from app.dates import MAX_DAYS, DateRange
from app.http.periods import (
    COMPARISONS,
    CUSTOM,
    compared_period,
    parse_period,
    period_arguments,
)
from app.http.query_string import (
    SORT_ORDERS,
    check_readable,
    choice,
    parse_branches,
    without_defaults,
)

DEFAULT_RANGE = "7d"
_ORDER = ("sort_field", "sort_order")

GRANULARITIES = {
    "hourly": "Hourly",
    "4hours": "4 hours",
    "12hours": "12 hours",
    "daily": "Daily",
    "weekly": "Weekly",
    "monthly": "Monthly",
}
# The longest range, in days, that a chart still shows readably at that granularity.
_LONGEST = {
    "hourly": 14,
    "4hours": 45,
    "12hours": 120,
    "daily": 400,
    "weekly": MAX_DAYS,
    "monthly": MAX_DAYS,
}
METRICS = {
    "net_revenue": "Net revenue",
    "orders": "Orders",
    "visitors": "Visitors",
    "sessions": "Sessions",
    "conversion_rate": "Conversion",
    "abandoned_carts": "Abandoned carts",
    "total_searches": "Searches",
    "failed_searches": "Failed searches",
}
SORT_FIELDS = (
    "name",
    "net_revenue",
    "orders",
    "visitors",
    "sessions",
    "conversion_rate",
    "average_order",
    "abandoned_carts",
    "failed_searches",
)


@dataclass(frozen=True)
class Filters:
    """One question to the figures. `location_ids` empty asks for all branches."""

    period: DateRange
    range_name: str = DEFAULT_RANGE
    location_ids: tuple[str, ...] = ()
    compare: str = "previous"
    granularity: str = "daily"
    metric: str = "net_revenue"
    sort_field: str = "net_revenue"
    sort_order: str = "desc"

    @property
    def compared(self) -> DateRange | None:
        """The period the figures are held against, if any."""
        return compared_period(self.period, self.compare)

    @property
    def granularities(self) -> dict[str, str]:
        """The granularities that suit the range's length, by name."""
        length = self.period.length
        return {name: label for name, label in GRANULARITIES.items() if length <= _LONGEST[name]}

    def list_arguments(self) -> dict[str, Any]:
        """The same days and branches, as the lists behind the figures take them."""
        found = period_arguments(self.period, self.range_name, default="")
        return found | ({"location_id": list(self.location_ids)} if self.location_ids else {})

    def arguments(self, *, fixed: bool = False, **changes: str) -> dict[str, Any]:
        """The query string as a mapping, defaults left out, `changes` on top.

        `fixed` writes the days themselves instead of a moving preset.
        """
        default, named = Filters(self.period), ("compare", "granularity", "metric", *_ORDER)
        found = {name: getattr(self, name) for name in named}
        kept = without_defaults(found, vars(default))
        if self.location_ids:
            kept["location_id"] = list(self.location_ids)
        name = CUSTOM if fixed else self.range_name
        return kept | period_arguments(self.period, name, DEFAULT_RANGE) | changes


def parse_filters(arguments: MultiDict[str, str], today: date) -> Filters:
    """Read a query string; `today` is the tenant's present day.

    Raises:
        Invalid: a value is unknown, a day is none, the range is backwards or too long.
    """
    check_readable(arguments)
    period, range_name = parse_period(arguments, today, DEFAULT_RANGE)
    filters = Filters(
        period=period,
        range_name=range_name,
        location_ids=parse_branches(arguments.getlist("location_id")),
        compare=choice(arguments, "compare", COMPARISONS, "previous"),
        metric=choice(arguments, "metric", METRICS, "net_revenue"),
        sort_field=choice(arguments, "sort_field", SORT_FIELDS, "net_revenue"),
        sort_order=choice(arguments, "sort_order", SORT_ORDERS, "desc"),
    )
    return replace(filters, granularity=_granularity(arguments, filters))


def _granularity(arguments: MultiDict[str, str], filters: Filters) -> str:
    asked = choice(arguments, "granularity", GRANULARITIES, "")
    if asked in filters.granularities:
        return asked
    if filters.period.length == 1:
        return "hourly"
    return next(name for name in ("daily", "weekly") if name in filters.granularities)
