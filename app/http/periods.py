"""Periods in addresses, the same for figures and lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from werkzeug.datastructures import MultiDict

from app.dates import MAX_DAYS, DateRange, parse_date
from app.errors import Invalid
from app.http.query_string import choice

CUSTOM = "custom"
COMPARISONS = {
    "previous": "Previous period",
    "year": "Same period last year",
    "none": "No comparison",
}


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


def preset_labels() -> dict[str, str]:
    """The choices of a period, by name."""
    return {name: label for name, (label, _) in PRESETS.items()} | {CUSTOM: "Custom days"}


def parse_period(
    arguments: MultiDict[str, str], today: date, default: str
) -> tuple[DateRange, str]:
    """The requested days and the name of their preset, or CUSTOM; `default` is a preset.

    Raises:
        Invalid: unknown preset, invalid day, reversed or too long range.
    """
    start, end = arguments.get("start_date", ""), arguments.get("end_date", "")
    name = arguments.get("range", "")
    if (start or end) and name in ("", CUSTOM):
        period = DateRange(
            parse_date(start or end, "Start date"), parse_date(end or start, "End date")
        )
        if period.length > MAX_DAYS:
            raise Invalid(f"The range has {period.length} days; at most {MAX_DAYS} can be shown.")
        return period, CUSTOM
    name = choice(arguments, "range", PRESETS, default) if name != CUSTOM else default
    return PRESETS[name][1](today), name


def period_arguments(period: DateRange, name: str, default: str) -> dict[str, str]:
    """The arguments that parse_period() reads: two days, a preset, or none for the default."""
    if name == CUSTOM:
        return {"start_date": period.start.isoformat(), "end_date": period.end.isoformat()}
    return {} if name == default else {"range": name}


def compared_period(period: DateRange, compare: str) -> DateRange | None:
    """The period to compare `period` with; `compare` is one of COMPARISONS."""
    if compare == "none":
        return None
    return period.year_before() if compare == "year" else period.previous()


def comparison_obstacle(
    period: DateRange,
    compared: DateRange | None,
    today: date,
    count_unloaded: Callable[[DateRange], int],
) -> str | None:
    """Why the figures of two periods cannot be compared; None if they can, or nobody asked.

    Days that are not loaded are no zeros, and today is not over.
    """
    if compared is None:
        return None
    if period.start <= today <= period.end:
        return "today is not over yet"
    for days, which in ((period, ""), (compared, " of the compared period")):
        if missing := count_unloaded(days):
            return f"{missing} of {days.length} days{which} not loaded"
    return None
