"""The availability calendar: loaded days per event type, and their volume."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.dates import DateRange
from app.format import Format, plural
from app.ingest.queries import Availability, DayAvailability

WINDOW_DAYS = 56
EVENT_TYPES = {
    "purchase": "Purchases",
    "add_to_cart": "Carts",
    "page_view": "Page views",
    "view_item": "Items viewed",
    "view_search_results": "Searches",
    "no_search_results": "Failed searches",
    "session_part": "Sessions",
}
_CLASSES = 4


@dataclass(frozen=True)
class Cell:
    """One day of one event type.

    `state` is loaded, provisional, gap (missing between loaded days), before (the first loaded day)
    or after (the last one); `level` is 0 for no rows to 4 for the most.
    """

    day: date
    state: str
    level: int
    title: str
    rows: int | None


@dataclass(frozen=True)
class Row:
    """One event type across the window."""

    event_type: str
    label: str
    cells: tuple[Cell, ...]
    total: int


@dataclass(frozen=True)
class Heatmap:
    """The calendar as a table: days, months, one row per type, and the gaps."""

    window: DateRange
    months: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    gaps: tuple[tuple[DateRange, str], ...]
    streamed: int = 0  # days that settled without a daily table


def default_window(availability: Availability, today: date) -> DateRange:
    """The eight weeks up to today, or up to the last loaded day if that is long ago."""
    end, latest = today, availability.latest_date
    if latest is not None and latest < today - timedelta(days=WINDOW_DAYS):
        end = latest
    return DateRange(end - timedelta(days=WINDOW_DAYS - 1), end)


def build_heatmap(availability: Availability, window: DateRange, fmt: Format) -> Heatmap:
    """Arrange the loaded days over `window`."""
    found = {(day.event_type, day.event_date): day for day in availability.days}
    rows = tuple(_row(name, found, availability, window, fmt) for name in EVENT_TYPES)
    streamed = {
        day.event_date
        for day in availability.days
        if day.settled_from and window.start <= day.event_date <= window.end
    }
    return Heatmap(window, _months(window), rows, tuple(_gaps(rows)), len(streamed))


def _row(
    event_type: str,
    found: dict[tuple[str, date], DayAvailability],
    availability: Availability,
    window: DateRange,
    fmt: Format,
) -> Row:
    loaded = [found[event_type, day].rows for day in window.days if (event_type, day) in found]
    most = max(loaded, default=0)
    cells = (
        _cell(day, found.get((event_type, day)), availability, most, fmt) for day in window.days
    )
    return Row(event_type, EVENT_TYPES[event_type], tuple(cells), sum(loaded))


def _cell(
    day: date, loaded: DayAvailability | None, availability: Availability, most: int, fmt: Format
) -> Cell:
    name = fmt.day(day)
    if loaded is None:
        state, words = _absence(day, availability)
        return Cell(day, state, 0, f"{name}: {words}", None)
    state = "provisional" if loaded.is_provisional else "loaded"
    parts = [
        f"{name}: {fmt.number(loaded.rows)} {plural(loaded.rows, 'row')}",
        f"from {loaded.source_table}" if loaded.source_table else "",
        f"loaded {_moment(loaded.loaded_at, fmt)}",
        "may still change" if loaded.is_provisional else "",
        f"settled from its {loaded.settled_from} table: Google exported no daily one"
        if loaded.settled_from
        else "",
    ]
    title = " · ".join(part for part in parts if part)
    return Cell(day, state, _level(loaded.rows, most), title, loaded.rows)


def _absence(day: date, availability: Availability) -> tuple[str, str]:
    earliest, latest = availability.earliest_date, availability.latest_date
    if earliest is None or latest is None or day < earliest:
        return "before", "before the first loaded day"
    if day > latest:
        return "after", "not loaded yet"
    return "gap", "missing"


def _level(rows: int, most: int) -> int:
    if rows <= 0 or most <= 0:
        return 0
    return min(_CLASSES, 1 + rows * _CLASSES // (most + 1))


def _moment(instant: datetime, fmt: Format) -> str:
    return fmt.when(instant)


def _months(window: DateRange) -> tuple[tuple[str, int], ...]:
    """The months of the window in order, each with its number of days in it."""
    counts: dict[str, int] = {}
    for day in window.days:
        name = f"{day:%B %Y}"
        counts[name] = counts.get(name, 0) + 1
    return tuple(counts.items())


def _gaps(rows: Iterable[Row]) -> Iterable[tuple[DateRange, str]]:
    """Runs of missing days and what is missing in them, oldest first."""
    missing: dict[date, list[str]] = {}
    listed = list(rows)
    for row in listed:
        for cell in row.cells:
            if cell.state == "gap":
                missing.setdefault(cell.day, []).append(row.label)
    run: list[date] = []
    for day in sorted(missing):
        follows = run and day - run[-1] == timedelta(days=1) and missing[day] == missing[run[-1]]
        if run and not follows:
            yield _gap(run, missing, len(listed))
            run = []
        run.append(day)
    if run:
        yield _gap(run, missing, len(listed))


def _gap(run: list[date], missing: dict[date, list[str]], types: int) -> tuple[DateRange, str]:
    labels = missing[run[0]]
    words = "everything" if len(labels) == types else ", ".join(labels).lower()
    return DateRange(run[0], run[-1]), words
