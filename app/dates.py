"""Dates and times: the only module that reads the clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.errors import Invalid, Malformed

MAX_DAYS = 731  # of any range shown or loaded: two years, one of them a leap year


@dataclass(frozen=True)
class DateRange:
    """Days from `start` to `end`, both included."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise Invalid(f"The end date {self.end} is before the start date {self.start}.")

    @property
    def length(self) -> int:
        """The number of days in the range, at least 1."""
        return (self.end - self.start).days + 1

    @property
    def days(self) -> Iterator[date]:
        return (self.start + timedelta(days=n) for n in range(self.length))

    def shifted(self, days: int) -> DateRange:
        """The range moved `days` later (earlier if negative)."""
        return DateRange(self.start + timedelta(days=days), self.end + timedelta(days=days))

    def previous(self) -> DateRange:
        """The range of the same length just before this one."""
        return self.shifted(-self.length)

    def year_before(self) -> DateRange:
        """The same period last year.

        Up to 31 days it is 364 days earlier, so that weekdays align; longer ranges go back one
        calendar year (29 February becomes the 28th).
        """
        if self.length <= 31:
            return self.shifted(-364)
        return DateRange(_one_year_back(self.start), _one_year_back(self.end))


def _one_year_back(day: date) -> date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


def utc_now() -> datetime:
    """The current instant, in UTC."""
    return datetime.now(UTC)


def zone(name: str) -> ZoneInfo:
    """The time zone with that IANA name.

    Raises:
        Invalid: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        message = f"There is no time zone named “{name}”. Use one like Europe/Berlin."
        raise Invalid(message) from error


def today(zone_name: str) -> date:
    """Today's date in the zone with that name."""
    return utc_now().astimezone(zone(zone_name)).date()


def after_working_days(start: datetime, days: int, zone_name: str) -> datetime:
    """The same time of day, `days` working days (Monday to Friday) later, in that zone."""
    moment = start.astimezone(zone(zone_name))
    while days:
        moment += timedelta(days=1)
        days -= moment.weekday() < 5
    return moment


def parse_date(text: str, field: str = "date") -> date:
    """A day written as YYYY-MM-DD.

    Raises:
        Invalid: the text is not a valid date; the message names the field.
    """
    try:
        if len(text) != 10:
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{field} “{text[:40]}” is not a day. Write it like 2024-01-31.") from error


def parse_instant(text: str) -> datetime:
    """An instant as in our own addresses and forms, in UTC.

    Raises:
        Malformed: the text is not an instant with an offset, or outside the calendar.
    """
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed("This holds an instant that cannot be read.") from error
