"""Days of the property's zone, and which day's table a row belongs to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from dev.generator.catalogue import Row

if TYPE_CHECKING:
    from dev.generator.day import Day

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(day: date, seconds: float, zone: ZoneInfo) -> int:
    """UTC microseconds since 1970 when the wall clock in `zone` shows `seconds` past midnight."""
    wall = datetime.combine(day, time(), zone) + timedelta(seconds=seconds)
    return (wall - EPOCH) // timedelta(microseconds=1)


class Calendar:
    """The generated range: its days, the rows collected for each, and what was put off to later.

    Day `closed` (counted from 0) is the current one, exported as an intraday table up to
    `intraday_hour` o'clock; without an hour there is none.
    """

    def __init__(self, first: date, last: date, zone: str, intraday_hour: int | None) -> None:
        self.closed = (last - first).days + 1
        self.zone = ZoneInfo(zone)
        self.days = [first + timedelta(days=n) for n in range(self.closed + 1)]
        self.midnights = [instant(day, 0, self.zone) for day in self.days]
        self.end = instant(self.days[-1], 3600 * (intraday_hour or 0), self.zone)
        self.count = self.closed + (intraday_hour is not None)
        self._labels = [f"{day:%Y%m%d}" for day in self.days]
        self._rows: list[list[Row]] = [[] for _ in self.days]
        self._agenda: list[list[Callable[[Day], None]]] = [[] for _ in self.days]

    def table(self, index: int) -> str:
        """Name of the export's table of day `index`."""
        kind = "events_" if index < self.closed else "events_intraday_"
        return kind + self._labels[index]

    def add(self, at: int, row: Row) -> None:
        """Put a row in the day its instant belongs to; outside the range it is lost."""
        if not self.midnights[0] <= at < self.end:
            return
        index = bisect_right(self.midnights, at) - 1
        row["event_date"] = self._labels[index]
        self._rows[index].append(row)

    def rows(self, index: int) -> list[Row]:
        """The rows collected for a day so far."""
        return self._rows[index]

    def take(self, index: int) -> list[Row]:
        """The rows of a day, by visitor and event name as the export clusters them, not by time."""
        rows = self._rows[index]
        self._rows[index] = []
        rows.sort(key=lambda row: (row.get("user_pseudo_id", ""), row["event_name"]))
        return rows

    def put_off(self, index: int, scene: Callable[[Day], None]) -> None:
        """Let `scene` happen on day `index`; after the range it never happens."""
        if index < self.count:
            self._agenda[index].append(scene)

    def due(self, index: int) -> list[Callable[[Day], None]]:
        """What was put off to day `index`."""
        return self._agenda[index]
