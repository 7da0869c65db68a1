"""The availability calendar: what a cell says, and where the gaps are."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from app.dates import DateRange
from app.format import Format
from app.ingest.pages.heatmap import EVENT_TYPES, Heatmap, build_heatmap, default_window
from app.ingest.queries import Availability, DayAvailability

FMT = Format()
FIRST = date(2026, 3, 1)
LOADED_AT = datetime(2026, 3, 10, 7, tzinfo=UTC)


def day(
    offset: int, rows: int = 10, event_type: str = "purchase", provisional: bool = False
) -> DayAvailability:
    when = FIRST + timedelta(days=offset)
    return DayAvailability(when, event_type, rows, f"events_{when:%Y%m%d}", provisional, LOADED_AT)


def availability(*days: DayAvailability) -> Availability:
    dates = [one.event_date for one in days]
    return Availability(
        days, min(dates, default=None), max(dates, default=None), 0, None, None, None, None, None
    )


def heatmap(*days: DayAvailability, length: int = 5) -> Heatmap:
    window = DateRange(FIRST, FIRST + timedelta(days=length - 1))
    return build_heatmap(availability(*days), window, FMT)


def states(made: Heatmap, event_type: str = "purchase") -> list[str]:
    return [cell.state for row in made.rows if row.event_type == event_type for cell in row.cells]


def test_a_missing_day_is_a_gap_only_between_loaded_days() -> None:
    assert states(heatmap(day(1), day(3))) == ["before", "loaded", "gap", "loaded", "after"]


def test_a_day_loaded_with_no_rows_is_no_gap() -> None:
    made = heatmap(day(0), day(1, rows=0), day(2))
    assert states(made)[:3] == ["loaded"] * 3
    assert [cell.level for cell in made.rows[0].cells[:3]] == [4, 0, 4]


def test_levels_grow_with_the_rows() -> None:
    made = heatmap(*(day(n, rows) for n, rows in enumerate((1, 300, 600, 900, 1200))))
    assert [cell.level for cell in made.rows[0].cells] == [1, 1, 2, 3, 4]


def test_a_provisional_day_says_so() -> None:
    cell = heatmap(day(0, rows=8412, provisional=True)).rows[0].cells[0]
    assert cell.state == "provisional"
    assert cell.title.startswith("Sun 1 Mar 2026: 8,412 rows · from events_20260301 · loaded ")
    assert cell.title.endswith(" · may still change")


def test_gaps_are_named_by_what_is_missing_and_joined_when_alike() -> None:
    loaded = [day(n, event_type=name) for name in EVENT_TYPES for n in (0, 3, 4)]
    loaded += [day(n, event_type=name) for name in list(EVENT_TYPES)[1:] for n in (2,)]
    assert heatmap(*loaded).gaps == (
        (DateRange(FIRST + timedelta(days=1), FIRST + timedelta(days=1)), "everything"),
        (DateRange(FIRST + timedelta(days=2), FIRST + timedelta(days=2)), "purchases"),
    )


def test_months_hold_as_many_columns_as_days() -> None:
    window = DateRange(date(2026, 2, 26), date(2026, 3, 3))
    made = build_heatmap(availability(), window, FMT)
    assert made.months == (("February 2026", 3), ("March 2026", 3))


def test_the_window_ends_today_unless_the_last_day_is_long_ago() -> None:
    recent, old = availability(day(0)), availability(day(-900))
    today = FIRST + timedelta(days=9)
    assert default_window(recent, today) == DateRange(today - timedelta(days=55), today)
    assert default_window(availability(), today).end == today
    assert default_window(old, today).end == FIRST - timedelta(days=900)
