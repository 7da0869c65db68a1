"""Cron lines in a time zone: building them from days and a time, parsing them, and the next runs.

Daylight saving works as in Debian's cron: a skipped time runs at the next valid minute, a repeated
time runs once.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from app.dates import zone
from app.errors import Invalid

DAYS = {
    "mon": "Monday",
    "tue": "Tuesday",
    "wed": "Wednesday",
    "thu": "Thursday",
    "fri": "Friday",
    "sat": "Saturday",
    "sun": "Sunday",
}
_CRON_DAYS = (1, 2, 3, 4, 5, 6, 0)


def next_runs(cron: str, time_zone: str, after: datetime, count: int) -> list[datetime]:
    """The next `count` instants after `after`, in UTC.

    Raises:
        Invalid: invalid cron line or zone, or the line never matches.
    """
    try:
        runs = CronSim(cron, after.astimezone(zone(time_zone)))
        found = [run.astimezone(UTC) for run in itertools.islice(runs, count)]
    except CronSimError as error:
        raise Invalid(
            f"“{cron[:60]}” is not a cron line. Write minute, hour, day, month and weekday, like "
            "30 2 * * 1-5."
        ) from error
    if not found:
        raise Invalid(f"“{cron[:60]}” never comes.")
    return found


def cron_of(days: Sequence[str], at: str) -> str:
    """The cron line for some weekdays and a time like 02:30.

    Raises:
        Invalid: no day, or an invalid time.
    """
    hour, _, minute = at.partition(":")
    is_time = hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60
    chosen = [str(number) for name, number in zip(DAYS, _CRON_DAYS, strict=True) if name in days]
    if not is_time:
        raise Invalid(f"“{at[:20]}” is not a time of day. Write it like 02:30.")
    if not chosen:
        raise Invalid("Choose at least one day.")
    weekdays = "*" if len(chosen) == len(DAYS) else ",".join(chosen)
    return f"{int(minute)} {int(hour)} * * {weekdays}"


def days_and_time(cron: str) -> tuple[list[str], str] | None:
    """The weekdays and time of a cron line that has nothing else; None for others."""
    parts = cron.split()
    if len(parts) != 5 or parts[2:4] != ["*", "*"]:
        return None
    minute, hour, weekdays = parts[0], parts[1], parts[4]
    numbers = "0,1,2,3,4,5,6" if weekdays == "*" else weekdays
    known = {str(number): name for name, number in zip(DAYS, _CRON_DAYS, strict=True)}
    chosen = [known.get(number) for number in numbers.split(",")]
    if not (minute.isdigit() and hour.isdigit()) or None in chosen:
        return None
    return [name for name in DAYS if name in chosen], f"{int(hour):02}:{int(minute):02}"
