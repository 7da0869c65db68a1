"""The address of Overview: what it means, and what it refuses."""

from __future__ import annotations

from datetime import date

import pytest
from werkzeug.datastructures import MultiDict

from app.dashboard.filters import Filters, parse_filters
from app.dates import DateRange
from app.errors import Invalid

TODAY = date(2026, 3, 11)


def parse(**arguments: str | list[str]) -> Filters:
    return parse_filters(MultiDict(arguments), TODAY)


def test_nothing_asked_is_seven_days_ending_yesterday() -> None:
    assert parse() == Filters(DateRange(date(2026, 3, 4), date(2026, 3, 10)))


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("today", date(2026, 3, 11), date(2026, 3, 11)),
        ("yesterday", date(2026, 3, 10), date(2026, 3, 10)),
        ("30d", date(2026, 2, 9), date(2026, 3, 10)),
        ("mtd", date(2026, 3, 1), date(2026, 3, 11)),
        ("last_month", date(2026, 2, 1), date(2026, 2, 28)),
        ("qtd", date(2026, 1, 1), date(2026, 3, 11)),
        ("ytd", date(2026, 1, 1), date(2026, 3, 11)),
    ],
)
def test_a_preset_moves_with_today(name: str, start: date, end: date) -> None:
    assert parse(range=name).period == DateRange(start, end)


def test_days_make_a_custom_range_and_one_day_alone_is_that_day() -> None:
    both = parse(start_date="2026-01-01", end_date="2026-01-31")
    assert (both.period, both.range_name) == (
        DateRange(date(2026, 1, 1), date(2026, 1, 31)),
        "custom",
    )
    assert parse(start_date="2026-01-05").period == DateRange(date(2026, 1, 5), date(2026, 1, 5))


def test_a_preset_beats_days_that_a_form_sends_along() -> None:
    assert parse(range="14d", start_date="2026-01-01", end_date="2026-01-02").range_name == "14d"


@pytest.mark.parametrize(
    "arguments",
    [
        {"range": "fortnight"},
        {"start_date": "2026-02-30"},
        {"start_date": "01.02.2026"},
        {"start_date": "2026-02-02", "end_date": "2026-02-01"},
        {"start_date": "2020-01-01", "end_date": "2026-02-01"},
        {"compare": "yesterday"},
        {"metric": "revenue; drop table"},
        {"granularity": "minutely"},
        {"sort_field": "location_id"},
        {"sort_order": "up"},
        {"location_id": "x" * 201},
        {"location_id": "D\x00"},
    ],
)
def test_an_unknown_value_is_refused_in_words(arguments: dict[str, str]) -> None:
    with pytest.raises(Invalid) as refusal:
        parse(**arguments)
    assert len(refusal.value.message) > 20


def test_a_granularity_too_fine_for_the_range_is_adapted() -> None:
    assert parse(range="90d", granularity="hourly").granularity == "daily"
    assert parse(range="7d", granularity="hourly").granularity == "hourly"
    assert parse(range="today").granularity == "hourly"
    long = parse(start_date="2024-04-01", end_date="2026-03-01")
    assert long.granularity == "weekly"


def test_the_address_of_filters_reads_back_as_the_same_filters() -> None:
    asked = parse(
        location_id=["D01", "D02", "D01"],
        range="30d",
        compare="year",
        metric="orders",
        granularity="12hours",
        sort_field="visitors",
        sort_order="asc",
    )
    assert asked.location_ids == ("D01", "D02")
    assert parse_filters(MultiDict(asked.arguments()), TODAY) == asked


def test_a_default_leaves_no_trace_in_the_address() -> None:
    assert parse(range="7d", compare="previous", metric="net_revenue").arguments() == {}


def test_a_fixed_link_holds_the_days_themselves() -> None:
    assert parse(range="yesterday").arguments(fixed=True) == {
        "granularity": "hourly",
        "start_date": "2026-03-10",
        "end_date": "2026-03-10",
    }


def test_the_compared_period_is_as_asked() -> None:
    assert parse().compared == DateRange(date(2026, 2, 25), date(2026, 3, 3))
    assert parse(compare="year").compared == DateRange(date(2025, 3, 5), date(2025, 3, 11))
    assert parse(compare="none").compared is None
