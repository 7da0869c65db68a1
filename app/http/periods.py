"""Periods and branches as an address names them, the same for figures and lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from werkzeug.datastructures import MultiDict

from app.dates import DateRange, parse_date
from app.errors import Invalid

MAX_DAYS = 731
CUSTOM = "custom"


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
    """What the choice of a period offers, by name."""
    return {name: label for name, (label, _) in PRESETS.items()} | {CUSTOM: "Custom days"}


def check_readable(arguments: MultiDict[str, str]) -> None:
    """Refuse an address with control characters in it.

    Raises:
        Invalid: there are some.
    """
    if any(not value.isprintable() for _, value in arguments.items(multi=True)):
        raise Invalid("The address holds characters that cannot be read.")


def parse_period(
    arguments: MultiDict[str, str], today: date, default: str
) -> tuple[DateRange, str]:
    """The days asked for and the name of their preset, or CUSTOM; `default` is a preset.

    Raises:
        Invalid: the preset is unknown, a day is none, the range is backwards or too long.
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


def parse_branches(values: Iterable[str]) -> tuple[str, ...]:
    """The branches asked for, each once.

    Raises:
        Invalid: one is too long to be one.
    """
    wanted = tuple(dict.fromkeys(value.strip() for value in values if value.strip()))
    if any(len(value) > 200 for value in wanted):
        raise Invalid("A branch has at most 200 characters.")
    return wanted


def choice(arguments: MultiDict[str, str], name: str, allowed: Iterable[str], default: str) -> str:
    """The argument `name` when it is one of `allowed`, `default` when there is none.

    Raises:
        Invalid: it is another one.
    """
    value = arguments.get(name, "")
    if not value:
        return default
    if value not in allowed:
        raise Invalid(f"{name} “{value[:40]}” is not known. Use one of {', '.join(allowed)}.")
    return value
