"""What a figure is asked for: days, branches, comparison, granularity, order.

All of it lives in the address; this is the one place that reads and writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from app.dates import DateRange, parse_date
from app.errors import Invalid

MAX_DAYS = 731
DEFAULT_RANGE = "7d"
CUSTOM = "custom"

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
    "hourly": 14, "4hours": 45, "12hours": 120,
    "daily": 400, "weekly": MAX_DAYS, "monthly": MAX_DAYS,
}  # fmt: skip
COMPARISONS = {
    "previous": "Previous period",
    "year": "Same period last year",
    "none": "No comparison",
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
    "name", "net_revenue", "orders", "visitors", "sessions", "conversion_rate",
    "average_order", "abandoned_carts", "failed_searches",
)  # fmt: skip
SORT_ORDERS = ("asc", "desc")


def _last_days(count: int) -> Callable[[date], DateRange]:
    return lambda today: DateRange(today - timedelta(days=count), today - timedelta(days=1))


def _last_month(today: date) -> DateRange:
    end = today.replace(day=1) - timedelta(days=1)
    return DateRange(end.replace(day=1), end)


def _quarter_to_date(today: date) -> DateRange:
    return DateRange(today.replace(month=today.month - (today.month - 1) % 3, day=1), today)


PRESETS: dict[str, tuple[str, Callable[[date], DateRange]]] = {
    "today": ("Today", lambda today: DateRange(today, today)),
    "yesterday": ("Yesterday", _last_days(1)),
    "7d": ("7 days", _last_days(7)),
    "14d": ("14 days", _last_days(14)),
    "30d": ("30 days", _last_days(30)),
    "60d": ("60 days", _last_days(60)),
    "90d": ("90 days", _last_days(90)),
    "mtd": ("Month to date", lambda today: DateRange(today.replace(day=1), today)),
    "last_month": ("Last month", _last_month),
    "qtd": ("Quarter to date", _quarter_to_date),
    "ytd": ("Year to date", lambda today: DateRange(today.replace(month=1, day=1), today)),
}


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
        if self.compare == "none":
            return None
        return self.period.year_before() if self.compare == "year" else self.period.previous()

    @property
    def granularities(self) -> dict[str, str]:
        """The granularities that suit the range's length, by name."""
        length = self.period.length
        return {name: label for name, label in GRANULARITIES.items() if length <= _LONGEST[name]}

    def arguments(self, *, fixed: bool = False, **changes: str) -> dict[str, Any]:
        """The query string as a mapping, defaults left out, `changes` on top.

        `fixed` writes the days themselves instead of a moving preset.
        """
        default = Filters(self.period)
        named = ("compare", "granularity", "metric", "sort_field", "sort_order")
        found: dict[str, Any] = {
            name: getattr(self, name)
            for name in named
            if getattr(self, name) != getattr(default, name)
        }
        if self.location_ids:
            found["location_id"] = list(self.location_ids)
        if fixed or self.range_name == CUSTOM:
            found["start_date"] = self.period.start.isoformat()
            found["end_date"] = self.period.end.isoformat()
        elif self.range_name != DEFAULT_RANGE:
            found["range"] = self.range_name
        return found | changes


def parse_filters(arguments: MultiDict[str, str], today: date) -> Filters:
    """Read a query string; `today` is the tenant's present day.

    Raises:
        Invalid: a value is unknown, a day is none, the range is backwards or too long.
    """
    if any(not value.isprintable() for _, value in arguments.items(multi=True)):
        raise Invalid("The address holds characters that cannot be read.")
    period, range_name = _parse_period(arguments, today)
    filters = Filters(
        period=period,
        range_name=range_name,
        location_ids=_parse_branches(arguments.getlist("location_id")),
        compare=_choice(arguments, "compare", COMPARISONS, "previous"),
        metric=_choice(arguments, "metric", METRICS, "net_revenue"),
        sort_field=_choice(arguments, "sort_field", SORT_FIELDS, "net_revenue"),
        sort_order=_choice(arguments, "sort_order", SORT_ORDERS, "desc"),
    )
    return replace(filters, granularity=_granularity(arguments, filters))


def _parse_period(arguments: MultiDict[str, str], today: date) -> tuple[DateRange, str]:
    start, end = arguments.get("start_date", ""), arguments.get("end_date", "")
    name = arguments.get("range", "")
    if (start or end) and name in ("", CUSTOM):
        period = DateRange(
            parse_date(start or end, "Start date"), parse_date(end or start, "End date")
        )
        if period.length > MAX_DAYS:
            raise Invalid(f"The range has {period.length} days; at most {MAX_DAYS} can be shown.")
        return period, CUSTOM
    name = _choice(arguments, "range", PRESETS, DEFAULT_RANGE) if name != CUSTOM else DEFAULT_RANGE
    return PRESETS[name][1](today), name


def _parse_branches(values: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
    if any(len(value) > 200 for value in wanted):
        raise Invalid("A branch has at most 200 characters.")
    return wanted


def _granularity(arguments: MultiDict[str, str], filters: Filters) -> str:
    asked = _choice(arguments, "granularity", GRANULARITIES, "")
    if asked in filters.granularities:
        return asked
    if filters.period.length == 1:
        return "hourly"
    return next(name for name in ("daily", "weekly") if name in filters.granularities)


def _choice(arguments: MultiDict[str, str], name: str, allowed: Iterable[str], default: str) -> str:
    value = arguments.get(name, "")
    if not value:
        return default
    if value not in allowed:
        raise Invalid(f"{name} “{value[:40]}” is not known. Use one of {', '.join(allowed)}.")
    return value
