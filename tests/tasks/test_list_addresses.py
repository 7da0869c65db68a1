"""What a list's address says: defaults, cursors, words, the instant it was first read at."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

import pytest
from werkzeug.datastructures import MultiDict

from app.dates import utc_now
from app.tasks.lists.filters import Cursor, parse_list_filters
from app.tasks.lists.lists import LISTS

TODAY = date(2026, 3, 11)
FORMS = [
    {},
    {"range": "7d", "query": "a b", "state": ["open", "done"], "limit": "25"},
    {"start_date": "2026-01-01", "end_date": "2026-01-31", "location_id": ["D01", "D02"]},
    {"least_value": "1000.50", "reachable": "1", "sort_field": "value", "sort_order": "asc"},
    {"type": ["no_results"]},
]


@pytest.mark.parametrize("form", FORMS)
def test_what_was_asked_survives_the_address(form: dict[str, object]) -> None:
    types = LISTS["search-analysis"].types
    asked = parse_list_filters(MultiDict(form), TODAY, types)
    assert asked.arguments() == form
    assert parse_list_filters(MultiDict(asked.arguments()), TODAY, types) == asked


def test_the_default_is_thirty_days_and_leaves_no_trace() -> None:
    asked = parse_list_filters(MultiDict(), TODAY)
    assert (asked.period.length, asked.period.end) == (30, TODAY - timedelta(days=1))
    assert (asked.arguments(), asked.limit, asked.narrows) == ({}, 50, False)


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("score", "1e999"),
        ("score", "NaN"),
        ("value", "x"),
        ("last_at", "2025-04-01"),
        ("last_at", "infinity"),
        ("customer", "x" * 1001),
    ],
)
def test_a_cursor_that_is_none_is_the_first_page(field: str, key: str) -> None:
    for after in (str(Cursor(key, uuid4())), f"{uuid4()}~{key}", f"x~{key}", key, ""):
        arguments = MultiDict({"sort_field": field, "after": after})
        assert parse_list_filters(arguments, TODAY).cursor is None


@pytest.mark.parametrize("name", ["A\u00a0GmbH", "Ü~=&?\u200b", "", "\t", "x" * 1000])
def test_a_cursor_holds_any_name(name: str) -> None:
    cursor = Cursor(name, uuid4())
    arguments = MultiDict({"sort_field": "customer", "after": str(cursor)})
    assert parse_list_filters(arguments, TODAY).cursor == cursor


def test_words_pasted_from_elsewhere_are_searched_for() -> None:
    asked = parse_list_filters(MultiDict({"query": " A\u00a0GmbH\u200b\x00  valve "}), TODAY)
    assert asked.query == "A GmbH valve"


def test_only_an_instant_of_today_stands_still() -> None:
    def now_of(text: str) -> object:
        return parse_list_filters(MultiDict({"now": text}), TODAY).now

    fresh = utc_now() - timedelta(hours=1)
    assert now_of(fresh.isoformat()) == fresh
    assert now_of("2020-01-01T00:00:00Z") is None
    assert now_of("2999-01-01T00:00:00Z") is None
    assert now_of("soon") is None
