"""The oracle's sessions, visitors, branches and hours: worked examples and edges."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from .handmade import oracle_of, overview, some
from .rows import Row, Scalar, event, failed_search, page_view, purchase, search

NEW_YORK = "America/New_York"


def test_worked_example_of_sessions_visitors_and_conversion() -> None:
    order: Row = {"visitor": "p2", "session": 100, "contact": "U2", "transaction_id": "T1"}
    rows = [
        page_view("2025-04-01 09:00", "p1", 100, contact="U1"),
        page_view("2025-04-01 10:00", "p1", 200, contact="U1"),
        page_view("2025-04-01 11:00", "p2", 100),
        purchase("2025-04-01 11:01", **order, revenue=300),
        purchase("2025-04-01 11:02", **order, revenue=300),
        purchase("2025-04-01 11:03", "p2", 100, transaction_id="T2", revenue=100),
        page_view("2025-04-01 12:00", None, None),
    ]
    found = overview(oracle_of(rows), "2025-04-01")
    assert some(found, "sessions", "visitors", "orders", "revenue") == (3, 2, 2, 400)
    assert found["conversion_rate"] == Decimal("33.33")
    assert some(found, "cookieless_events", "duplicate_orders", "repeat_visitors") == (1, 1, 1)


def test_worked_example_of_days_and_hours() -> None:
    rows = [purchase("2025-04-02 01:00", transaction_id="T1", revenue=1, time_zone=NEW_YORK)]
    oracle = oracle_of(rows, time_zone=NEW_YORK)
    start, end = date(2025, 4, 1), date(2025, 4, 2)
    for granularity, bucket in (("daily", "2025-04-01"), ("hourly", "2025-04-01 21:00")):
        chart = oracle.chart(start, end, granularity)
        filled = [point["bucket"] for point in chart if point["orders"]]
        assert filled == [datetime.fromisoformat(bucket)]
        assert sum(point["orders"] for point in chart) == 1


def test_session_over_midnight_belongs_to_its_first_day_alone() -> None:
    rows = [search("2025-04-01 23:59", "pump"), page_view("2025-04-02 00:01")]
    oracle = oracle_of(rows)
    assert some(overview(oracle, "2025-04-01"), "sessions", "visitors", "page_views") == (1, 1, 0)
    assert some(overview(oracle, "2025-04-02"), "sessions", "visitors", "page_views") == (0, 0, 1)
    assert overview(oracle, "2025-04-02")["conversion_rate"] is None


def test_same_ga_session_id_of_two_visitors_is_two_sessions() -> None:
    rows = [page_view("2025-04-01 10:00", "1.2", 5), page_view("2025-04-01 10:00", "1.3", 5)]
    assert overview(oracle_of(rows), "2025-04-01")["sessions"] == 2


@pytest.mark.parametrize(
    ("row", "cookieless"),
    [
        ({"visitor": None}, 1),
        ({"visitor": ""}, 1),
        ({"visitor": "undefined"}, 1),
        ({"visitor": None, "session": None, "contact": "guest", "company": "NULL"}, 1),
        ({"visitor": "p1", "session": None}, 0),
        ({"visitor": None, "contact": "U1"}, 0),
        ({"visitor": None, "company": "C1"}, 0),
    ],
)
def test_only_an_event_of_nobody_without_a_session_is_cookieless(row: Row, cookieless: int) -> None:
    order = purchase("2025-04-01 10:00", transaction_id="T", revenue=9, **row)
    found = overview(oracle_of([order]), "2025-04-01")
    assert some(found, "sessions", "visitors", "orders", "revenue") == (0, 0, 1, 9)
    assert found["cookieless_events"] == cookieless


def test_events_of_other_names_make_a_session_without_a_visitor() -> None:
    rows = [event("scroll", "2025-04-01 10:00"), event("session_start", "2025-04-01 10:00")]
    assert some(overview(oracle_of(rows), "2025-04-01"), "sessions", "visitors") == (1, 0)


def test_a_visit_without_page_view_has_no_visitor_but_counts_as_a_return() -> None:
    rows = [search("2025-04-01 10:00", "pump", "p1", 1), page_view("2025-04-01 11:00", "p1", 2)]
    found = overview(oracle_of(rows), "2025-04-01")
    assert some(found, "sessions", "visitors", "repeat_visitors") == (2, 1, 1)
    assert overview(oracle_of(rows[:1]), "2025-04-01")["visitors"] == 0


def test_one_contact_on_two_devices_is_one_visitor_by_the_last_contact_seen() -> None:
    rows = [
        page_view("2025-04-01 10:00", "p1", 1, contact="U1"),
        page_view("2025-04-01 11:00", "p2", 1, contact="U2"),
        page_view("2025-04-01 11:05", "p2", 1, contact="U1"),
        page_view("2025-04-01 11:06", "p2", 1, contact="(not set)"),
    ]
    found = overview(oracle_of(rows), "2025-04-01")
    assert some(found, "visitors", "repeat_visitors") == (1, 1)


def test_events_take_contact_and_branch_from_earlier_then_later_in_their_session() -> None:
    rows = [
        page_view("2025-04-01 10:00"),
        page_view("2025-04-01 10:01", contact="U1", branch="D01"),
        page_view("2025-04-01 10:02"),
        page_view("2025-04-01 10:03", contact="U2", branch="D02"),
        page_view("2025-04-01 10:04", session=101),
    ]
    oracle = oracle_of(rows)
    first, second = oracle.sessions()
    assert [one.contact for one in first.events] == ["U1", "U1", "U1", "U2"]
    assert [one.branch for one in first.events] == ["D01", "D01", "D01", "D02"]
    assert (second.identity, second.branch) == (("device", "p1.1"), None)


@pytest.mark.parametrize(
    ("flags", "names", "bounces"),
    [
        ((0, None), ("page_view", "page_view"), 1),
        ((0, "1"), ("page_view", "page_view"), 0),
        ((None, None), ("page_view", "page_view"), 0),
        ((None,), ("page_view",), 1),
        ((None,), ("view_item",), 0),
        ((None, None), ("page_view", "purchase"), 0),
        ((0, None), ("page_view", "purchase"), 0),
    ],
)
def test_bounce_is_a_session_without_engagement(
    flags: tuple[Scalar, ...], names: tuple[str, ...], bounces: int
) -> None:
    rows = [
        event(name, f"2025-04-01 10:0{minute}", engaged=flag)
        for minute, (name, flag) in enumerate(zip(names, flags, strict=True))
    ]
    assert overview(oracle_of(rows), "2025-04-01")["bounces"] == bounces


def test_searches_are_counted_by_day_under_all_three_names() -> None:
    rows = [
        search("2025-04-01 23:59", "pump", branch="D01"),
        failed_search("2025-04-02 00:01", "pmup"),
        search("2025-04-02 00:02", "pmup", None, None, name="view_search_results_no_results"),
    ]
    oracle = oracle_of(rows)
    counts = ("total_searches", "failed_searches")
    assert some(overview(oracle, "2025-04-01"), *counts) == (1, 0)
    assert some(overview(oracle, "2025-04-02"), *counts) == (2, 2)
    day = date(2025, 4, 2)
    assert some(oracle.overview(day, day, ["D01"]), *counts) == (1, 1)


def test_conversion_rate_is_rounded_to_two_decimals() -> None:
    rows = [purchase(f"2025-04-01 10:0{n}", f"p{n}", 1, transaction_id=f"T{n}") for n in (1, 2)]
    found = overview(oracle_of([*rows, page_view("2025-04-01 10:03")]), "2025-04-01")
    assert found["conversion_rate"] == Decimal("66.67")


def test_buckets_of_months_begin_on_the_first() -> None:
    rows = [page_view(f"2025-{day} 10:00", session=1) for day in ("04-30", "05-01", "05-31")]
    chart = oracle_of(rows).chart(date(2025, 4, 15), date(2025, 5, 31), "monthly")
    assert [(f"{point['bucket']:%m-%d}", point["page_views"]) for point in chart] == [
        ("04-01", 1),
        ("05-01", 2),
    ]


def test_buckets_of_weeks_may_begin_before_the_range_but_hold_only_the_range() -> None:
    rows = [page_view(f"2025-04-0{day} 10:00", session=day) for day in (1, 2, 3)]
    chart = oracle_of(rows).chart(date(2025, 4, 2), date(2025, 4, 8), "weekly")
    assert [(f"{point['bucket']:%m-%d}", point["sessions"]) for point in chart] == [
        ("03-31", 2),
        ("04-07", 0),
    ]


def test_hours_of_the_wall_clock_when_clocks_go_back() -> None:
    rows = [
        page_view(f"2025-11-02 0{hour}:30", session=hour, time_zone=NEW_YORK) for hour in (4, 5, 6)
    ]
    day = date(2025, 11, 2)
    chart = oracle_of(rows, time_zone=NEW_YORK).chart(day, day, "hourly")
    assert [point["sessions"] for point in chart] == [1, 2] + [0] * 22


def test_branches_sum_to_the_total_with_unknown_and_none_beside_the_known() -> None:
    rows = [
        purchase("2025-04-01 10:00", "p1", 1, transaction_id="T1", revenue=1, branch="D01"),
        purchase("2025-04-01 10:00", "p2", 1, transaction_id="T2", revenue=2, branch="D99"),
        purchase("2025-04-01 10:00", "p3", 1, transaction_id="T3", revenue=4),
    ]
    locations = [
        {"location_id": "D01", "name": "Uptown", "is_active": True},
        {"location_id": "D02", "name": "Harbour", "is_active": False},
    ]
    day = date(2025, 4, 1)
    found = oracle_of(rows, locations=locations).branches(day, day)
    assert [some(row, "location_id", "name", "status", "revenue") for row in found] == [
        ("D01", "Uptown", "active", 1),
        ("D02", "Harbour", "inactive", 0),
        ("D99", "Unknown D99", "unknown", 2),
        (None, "No branch", "none", 4),
    ]
