"""Cron lines: made, read back, and what comes next, over clock changes too."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cron import DAYS, cron_of, days_and_time, next_runs
from app.errors import Invalid


@given(st.sets(st.sampled_from(list(DAYS)), min_size=1), st.integers(0, 23), st.integers(0, 59))
def test_days_and_a_time_come_back(days: set[str], hour: int, minute: int) -> None:
    at = f"{hour:02}:{minute:02}"
    line = cron_of(sorted(days), at)
    assert days_and_time(line) == ([day for day in DAYS if day in days], at)


def local(line: str, zone: str, after: str, count: int = 3) -> list[str]:
    start = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone))
    found = next_runs(line, zone, start, count)
    assert all(run.tzinfo is UTC for run in found)
    return [f"{run.astimezone(ZoneInfo(zone)):%d %H:%M %z}" for run in found]


def test_weekdays_in_a_zone() -> None:
    found = local("30 2 * * 1-5", "America/New_York", "2026-11-26 12:00")
    assert found == ["27 02:30 -0500", "30 02:30 -0500", "01 02:30 -0500"]


def test_a_skipped_time_comes_at_the_next_minute_and_a_doubled_one_once() -> None:
    spring = local("30 2 * * *", "America/New_York", "2026-03-07 12:00")
    assert spring == ["08 03:00 -0400", "09 02:30 -0400", "10 02:30 -0400"]
    autumn = local("30 1 * * *", "America/New_York", "2026-10-31 12:00")
    assert autumn == ["01 01:30 -0400", "02 01:30 -0500", "03 01:30 -0500"]


@pytest.mark.parametrize(
    "line", ["", "* * *", "61 2 * * *", "30 2 31 2 *", "@reboot", "30 2 * * 1-5 x", "a b c d e"]
)
def test_what_is_no_cron_line_is_said(line: str) -> None:
    with pytest.raises(Invalid, match=r"cron line|never comes"):
        next_runs(line, "UTC", datetime(2026, 1, 1, tzinfo=UTC), 1)


@pytest.mark.parametrize(("days", "at"), [((), "02:30"), (("mon",), "24:00"), (("mon",), "noon")])
def test_what_is_no_day_or_time_is_said(days: tuple[str, ...], at: str) -> None:
    with pytest.raises(Invalid, match=r"day|time"):
        cron_of(days, at)
