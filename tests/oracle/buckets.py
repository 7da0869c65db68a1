"""Buckets of a chart, as wall-clock times of the property's zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .event import Event

HOURS = {"hourly": 1, "4hours": 4, "12hours": 12}
GRANULARITIES = (*HOURS, "daily", "weekly", "monthly")


def bucket_of(event: Event, granularity: str, zone: ZoneInfo) -> datetime:
    """The bucket an event falls in: by its instant for hours, by its event_date for the rest."""
    if granularity not in HOURS:
        return start_of(event.event_date, granularity)
    wall = event.at.astimezone(zone).replace(tzinfo=None, fold=0)
    step = HOURS[granularity]
    return wall.replace(hour=wall.hour - wall.hour % step, minute=0, second=0, microsecond=0)


def start_of(day: date, granularity: str) -> datetime:
    """The day itself, the Monday of its week, or the first of its month."""
    if granularity == "weekly":
        day -= timedelta(days=day.weekday())
    if granularity == "monthly":
        day = day.replace(day=1)
    return datetime.combine(day, time())


def buckets_between(start: date, end: date, granularity: str, zone: ZoneInfo) -> list[datetime]:
    """Every bucket of the range, in order; an hour the clocks skip is none, one they repeat is."""
    if granularity not in GRANULARITIES:
        raise ValueError(f"{granularity} is not a granularity")
    starts = sorted(set(_bucket_starts(start, end, granularity)))
    return [b for b in starts if granularity != "hourly" or _exists(b, zone)]


def _exists(wall: datetime, zone: ZoneInfo) -> bool:
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    return instant.astimezone(zone).replace(tzinfo=None) == wall


def _bucket_starts(start: date, end: date, granularity: str) -> Iterator[datetime]:
    for offset in range((end - start).days + 1):
        midnight = start_of(start + timedelta(days=offset), granularity)
        for hour in range(0, 24, HOURS.get(granularity, 24)):
            yield midnight + timedelta(hours=hour)
