"""The oracle on real export rows, and what it reads: tables per day, shapes of scalars."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from . import Oracle, OracleSettings, SourceKind
from .handmade import oracle_of, overview, some
from .rows import Row, add_to_cart, as_console, event, item, page_view, purchase, write_tables

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "ga4"
needs_real_rows = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"the real GA4 export rows are not here: {REAL}"
)
START, END = date(2020, 12, 24), date(2020, 12, 31)
IN_UTC = OracleSettings("UTC", "USD")
DAY = "20250401"


@pytest.fixture(scope="module")
def shop() -> Oracle:
    return Oracle(REAL / "demo", None, [], [], IN_UTC)


@needs_real_rows
def test_real_rows_give_the_known_figures(shop: Oracle) -> None:
    found = shop.overview(START, END)
    people = some(found, "sessions", "visitors", "repeat_visitors", "bounces")
    assert people == (23_425, 20_335, 2_066, 8_366)
    orders = some(found, "orders", "duplicate_orders", "orders_without_revenue")
    assert orders == (195, 4, 19)
    assert some(found, "revenue", "refunds", "net_revenue") == (11_225, 0, 11_225)
    assert found["conversion_rate"] == Decimal("0.73")
    assert some(found, "total_searches", "failed_searches", "cookieless_events") == (1_425, 0, 0)


@needs_real_rows
def test_real_rows_have_the_known_names(shop: Oracle) -> None:
    assert shop.rows_by_event_name(START, END) == {
        "purchase": 199,
        "add_to_cart": 3_816,
        "begin_checkout": 1_800,
        "page_view": 66_480,
        "view_item": 15_769,
        "view_search_results": 1_425,
    }


@needs_real_rows
@pytest.mark.parametrize(
    ("granularity", "buckets"),
    [("hourly", 192), ("4hours", 48), ("12hours", 16), ("daily", 8), ("weekly", 2), ("monthly", 1)],
)
def test_buckets_of_real_rows_add_up(shop: Oracle, granularity: str, buckets: int) -> None:
    whole = shop.overview(START, END)
    chart = shop.chart(START, END, granularity)
    assert len(chart) == buckets
    for name in ("sessions", "orders", "revenue", "abandoned_carts", "total_searches", "bounces"):
        assert sum(point[name] for point in chart) == whole[name]


@needs_real_rows
def test_mini_rows_are_whole_visitors_of_the_same_days() -> None:
    mini = Oracle(REAL / "mini", None, [], [], IN_UTC)
    found = mini.overview(START, END)
    assert found["orders"] + found["duplicate_orders"] == 17
    assert mini.rows_by_event_name(START, END)["purchase"] == 17


def every_peculiar_row() -> list[Row]:
    things = [item("A", price=12.5, quantity=2), item(name="B", price="NaN")]
    session: Row = {"visitor": "1.2.3", "session": 7, "contact": 4711, "branch": "D01"}
    return [
        page_view("2025-04-01 10:00", **session, engaged=1, batch=(1, 2, 3)),
        add_to_cart("2025-04-01 10:01", **session, items=things, engaged="1"),
        purchase("2025-04-01 10:02", **session, transaction_id="T1", revenue=25.1, items=things),
        purchase("2025-04-01 10:03", None, None, revenue="NaN"),
        page_view("2025-04-01 11:00", "4.5", 7, engaged=0),
        event("scroll", "2025-04-01 11:01", "4.5", 7),
    ]


@pytest.mark.parametrize("shape", [dict, as_console])
def test_both_shapes_of_scalars_are_read(shape: Callable[[Row], Row]) -> None:
    oracle = oracle_of([shape(row) for row in every_peculiar_row()])
    found = overview(oracle, "2025-04-01")
    assert some(found, "sessions", "visitors", "orders", "revenue") == (2, 2, 2, Decimal("25.1"))
    assert some(found, "bounces", "cookieless_events", "orders_without_revenue") == (1, 1, 1)
    (cart,) = oracle.carts()
    assert (cart.subject, cart.value, cart.branch) == (("contact", "4711"), Decimal(25), "D01")
    assert [(line.item, line.price) for line in cart.lines] == [
        (("id", "A"), Decimal("12.5")),
        (("name", "B"), None),
    ]


def test_a_row_in_the_table_of_another_day_is_refused(tmp_path: Path) -> None:
    rows = [page_view("2025-04-01 10:00"), page_view("2025-04-02 10:00", event_date="20250402")]
    write_tables(tmp_path, {f"events_{DAY}": rows})
    oracle = Oracle(tmp_path, None, [], [], IN_UTC)
    assert overview(oracle, "2025-04-01", "2025-04-02")["page_views"] == 1


@pytest.mark.parametrize(
    ("tables", "page_views"),
    [
        (("", "intraday_", "fresh_"), 1),
        (("intraday_", "fresh_"), 2),
        (("fresh_",), 3),
    ],
)
def test_exactly_one_source_holds_a_day(
    tmp_path: Path, tables: tuple[str, ...], page_views: int
) -> None:
    rows = {"": 1, "intraday_": 2, "fresh_": 3}
    day = {
        f"events_{kind}{DAY}": [page_view(f"2025-04-01 10:0{n}") for n in range(rows[kind])]
        for kind in tables
    }
    write_tables(tmp_path, day)
    oracle = Oracle(tmp_path, None, [], [], IN_UTC)
    assert overview(oracle, "2025-04-01")["page_views"] == page_views


def test_loaded_says_which_days_and_sources_count(tmp_path: Path) -> None:
    tables = {
        f"events_{DAY}": [page_view("2025-04-01 10:00")],
        f"events_intraday_{DAY}": [
            page_view("2025-04-01 10:00", "p1"),
            page_view("2025-04-01 10:00", "p2"),
            page_view("2025-04-01 10:00", "p2"),
        ],
        "events_20250402": [page_view("2025-04-02 10:00")],
    }
    write_tables(tmp_path, tables)
    loaded = {date(2025, 4, 1): SourceKind.INTRADAY}
    now = datetime(2025, 4, 6, tzinfo=UTC)
    settings = OracleSettings("UTC", "USD", loaded=loaded, now=now)
    oracle = Oracle(tmp_path, None, [], [], settings)
    assert overview(oracle, "2025-04-01", "2025-04-02")["page_views"] == 2
    assert oracle.as_of() == datetime(2025, 4, 1, 10, tzinfo=UTC)
    nothing = oracle_of([page_view("2025-04-01 10:00")], loaded={})
    assert overview(nothing, "2025-04-01")["page_views"] == 0


def test_as_of_is_the_end_of_the_last_daily_day_and_never_after_now() -> None:
    rows = [page_view("2025-04-01 10:00", time_zone="America/New_York")]
    oracle = oracle_of(rows, time_zone="America/New_York")
    assert oracle.as_of() == datetime(2025, 4, 2, 4, tzinfo=UTC)
    now = datetime(2025, 4, 1, 12, tzinfo=UTC)
    assert oracle_of(rows, now=now).as_of() == now
