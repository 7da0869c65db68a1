"""Which table of the GA4 export has a day: the daily one, else intraday, else fresh."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal, cast

SourceKind = Literal["daily", "intraday", "fresh"]
Candidate = tuple[str, SourceKind]  # a table's name and its kind of source
Columns = Mapping[str, str]  # dotted path of a column -> its type

_EVENTS = re.compile(r"events_(intraday_|fresh_)?(\d{8})")
_RANK: tuple[SourceKind, ...] = ("daily", "intraday", "fresh")


@dataclass(frozen=True)
class DaySource:
    """The one table for a day.

    `modified_at` is the source's, in UTC: a day with the same table and instant need not be read
    again. `rows` counts events of every kind, `bytes` is the table's size. `columns` are its
    columns, if its source needs them.
    """

    event_date: date
    table: str
    kind: SourceKind
    modified_at: datetime
    rows: int
    bytes: int
    columns: Columns = field(default_factory=dict)


def choose_tables(names: Sequence[str], days: frozenset[date]) -> dict[date, list[Candidate]]:
    """The tables `events_…` of each day, best first: one may vanish before it is read."""
    found: dict[date, list[Candidate]] = {}
    for name in names:
        match = _EVENTS.fullmatch(name)
        day = _parse_day(match.group(2)) if match else None
        if match and day and day in days:
            kind = cast(SourceKind, (match.group(1) or "daily_").rstrip("_"))
            found.setdefault(day, []).append((name, kind))
    for candidates in found.values():
        candidates.sort(key=lambda candidate: _RANK.index(candidate[1]))
    return dict(sorted(found.items()))


def _parse_day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
