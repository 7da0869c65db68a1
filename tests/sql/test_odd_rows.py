"""Rows that exports hold twice, with the wrong sign or without a name: what they count as."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from app.dashboard.quality_queries import get_data_quality, list_odd_rows
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.tasks.performance.queries import SoldItem, get_performance_tasks
from tests.loading import Row
from tests.oracle import Oracle, OracleSettings
from tests.oracle.quality import odd_rows
from tests.oracle.rows import (
    add_to_cart,
    event,
    item,
    page_view,
    purchase,
    refund,
    remove_from_cart,
    search,
    view_item,
)
from tests.oracle.source import SourceKind
from tests.sql.comparing import Superuser, compare, derived_rows, make_tenant
from tests.sql.conftest import Shop

DAY = "2025-04-07"
LATER = "2025-04-20"
PERIOD = DateRange(date(2025, 4, 1), date(2025, 4, 30))
BATCH = (1, 3, 2)


def lines(shop: Shop) -> list[tuple[Any, ...]]:
    """The lines of all carts, however their state: name or id, quantity, price."""
    return shop.rows("""
        select coalesce(l ->> 'item_id', l ->> 'item_name'), (l ->> 'quantity')::numeric,
            (l ->> 'price')::numeric
        from task, jsonb_array_elements(detail -> 'lines') as l
        where tenant_id = %(t)s and task_type = 'cart' order by 1
    """)


def quality(shop: Shop, branches: Sequence[str] | None = None) -> dict[str, int]:
    with tenant_transaction(shop.tenant_id) as conn:
        return get_data_quality(conn, shop.tenant_id, PERIOD, branches)


def same_as_oracle(shop: Shop, rows: Sequence[Row]) -> None:
    days = DateRange(date.fromisoformat(DAY), date.fromisoformat(LATER)).days
    loaded = dict.fromkeys(days, SourceKind.DAILY)
    oracle = Oracle(None, rows, [], [], OracleSettings("UTC", "USD", loaded=loaded))
    compare(shop.tenant_id, oracle, PERIOD, [])
    assert quality(shop) == odd_rows(rows)


ONE_OF_EACH = [
    page_view(f"{DAY} 10:00", batch=BATCH),
    view_item(f"{DAY} 10:01", batch=BATCH, items=[item("A", price=5)]),
    add_to_cart(f"{DAY} 10:02", batch=BATCH, items=[item("A", price=100, quantity=1)]),
    search(f"{DAY} 10:03", "valve", batch=BATCH),
    event("no_search_results", f"{DAY} 10:04", params={"search_term": "pump"}, batch=BATCH),
    purchase(f"{DAY} 10:05", "p2", 7, transaction_id="T1", revenue=300, batch=BATCH),
    refund(f"{DAY} 10:06", "p2", 7, transaction_id="T1", amount=20, batch=BATCH),
]


@pytest.mark.parametrize("name", range(len(ONE_OF_EACH)))
def test_a_row_exported_twice_is_one_event_of_whatever_type(
    shop: Shop, superuser: Superuser, name: int
) -> None:
    control = Shop(make_tenant(superuser, "UTC", "USD"), superuser)
    control.load(ONE_OF_EACH, until=LATER)
    doubled = [*ONE_OF_EACH, ONE_OF_EACH[name], ONE_OF_EACH[name]]
    shop.load(doubled, until=LATER)
    assert shop.overview(DAY, LATER) == control.overview(DAY, LATER)
    assert shop.overview(DAY).duplicate_orders == 0
    assert quality(shop) == {"repeated_row": 2}
    assert quality(control) == {}
    same_as_oracle(shop, doubled)


@pytest.mark.parametrize("batch", [BATCH, (None, None, None)])
def test_a_cart_of_100_stays_100(shop: Shop, batch: Any) -> None:
    add = add_to_cart(f"{DAY} 10:00", batch=batch, items=[item("DUP", price=100, quantity=1)])
    shop.load([add, page_view(f"{DAY} 10:01"), add], until=LATER)
    assert lines(shop) == [("DUP", 1, 100)]
    assert shop.overview(DAY).abandoned_cart_value == 100


@pytest.mark.parametrize(
    "change",
    [
        {"batch": (1, 3, 3)},
        {"batch": (1, 4, 2)},
        {"batch": (2, 3, 2)},
        {"visitor": "p9.9"},
        {"session": 8},
        {"contact": "U1"},
        {"company": "K1"},
        {"branch": "D1"},
        {"engaged": "1"},
        {"page_url": "https://shop.test/"},
        {"currency": "USD"},
        {"value": 1},
        {"items": [item("DUP", price=100, quantity=2)]},
        {"params": {"engagement_time_msec": 5}},
        {"visitor": None},
    ],
)
def test_rows_that_differ_in_anything_stay_two(shop: Shop, change: dict[str, Any]) -> None:
    told: dict[str, Any] = {"batch": BATCH, "items": [item("DUP", price=100, quantity=1)]}
    shop.load(
        [
            add_to_cart(f"{DAY} 10:00", **told),
            add_to_cart(f"{DAY} 10:00", **told | change),
        ]
    )
    assert shop.rows("select count(*), max(copies) from add_to_cart where tenant_id = %(t)s") == [
        (2, 1)
    ]
    assert "repeated_row" not in quality(shop)


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        ({"value": -40}, 40),
        ({"amount": -40}, 40),
        ({"amount": 40}, 40),
        ({"items": [item("A", price=10, quantity=-2)]}, 20),
        ({"items": [item("A", price=-10, quantity=2)]}, 20),
        ({"items": [item("A", price=-10, quantity=-2)]}, 20),
        ({"items": [item("A", price=10, quantity=-2), item("B", price=-5, quantity=1)]}, 15),
    ],
)
def test_a_refund_counts_by_its_absolute_amount(
    shop: Shop, told: dict[str, Any], amount: int
) -> None:
    rows = [
        purchase(f"{DAY} 10:00", transaction_id="T1", revenue=100),
        refund(f"{DAY} 11:00", transaction_id="T1", **told),
    ]
    shop.load(rows, until=LATER)
    assert shop.overview(DAY).refunds == amount
    same_as_oracle(shop, rows)


def test_a_negative_quantity_added_is_removed_and_the_other_way_round(shop: Shop) -> None:
    rows = [
        add_to_cart(f"{DAY} 10:00", items=[item("A", price=10, quantity=5)]),
        add_to_cart(f"{DAY} 10:01", items=[item("A", price=99, quantity=-2)]),
        remove_from_cart(f"{DAY} 10:02", items=[item("B", price=7, quantity=-3)]),
        remove_from_cart(f"{DAY} 10:03", items=[item("B", price=8, quantity=1)]),
    ]
    shop.load(rows, until=LATER)
    assert lines(shop) == [("A", 3, 10), ("B", 2, 7)]
    assert quality(shop) == {"negative_quantity": 2}
    same_as_oracle(shop, rows)


def test_negative_prices_and_revenue_count_as_they_are(shop: Shop) -> None:
    rows = [
        purchase(
            f"{DAY} 10:00",
            transaction_id="T1",
            revenue=-30,
            items=[item("A", price=10, quantity=-4), item("B", price=-5, quantity=-2)],
        ),
        add_to_cart(
            f"{DAY} 11:00",
            "p2",
            2,
            items=[
                item("A", price=10, quantity=1),
                item("OFF", price=-3, quantity=1),
            ],
        ),
    ]
    shop.load(rows, until=LATER)
    assert shop.overview(DAY).revenue == -30
    assert shop.overview(DAY).abandoned_cart_value == 7
    assert sold(shop) == [("B", -2, 10), ("A", -4, -40)]
    assert quality(shop) == {"negative_price": 2, "negative_quantity": 1, "negative_revenue": 1}
    same_as_oracle(shop, rows)


def sold(shop: Shop) -> list[tuple[str | None, Decimal, Decimal]]:
    with tenant_transaction(shop.tenant_id) as conn:
        (row,) = get_performance_tasks(conn, shop.tenant_id, PERIOD, None, 9)
    items: tuple[SoldItem, ...] = row.top_items
    return [(one.item_id or one.item_name, one.quantity, one.revenue) for one in items]


@pytest.mark.parametrize("word", ["(not set)", "", "undefined", " NULL ", "{{item}}", None, "kein"])
def test_items_without_a_name_are_one_unnamed_item_of_their_order(
    shop: Shop, word: str | None
) -> None:
    shop.superuser.execute(
        "update tenant_config set nothing_words = '{kein}' where tenant_id = %s", (shop.tenant_id,)
    )
    nothing = item(word, name=word, price=4, quantity=1)
    rows = [
        purchase(
            f"{DAY} 10:00",
            transaction_id="T1",
            revenue=22,
            items=[nothing, item("A", name=word, price=10, quantity=1), nothing | {"price": 8.0}],
        ),
        add_to_cart(
            f"{DAY} 11:00",
            "p2",
            2,
            items=[
                nothing,
                item(word, name="Pump", price=3, quantity=1),
            ],
        ),
    ]
    shop.load(rows, until=LATER)
    assert sold(shop) == [(None, 2, 12), ("A", 1, 10)]
    count = shop.rows("""
        select (detail ->> 'line_count')::integer
        from task where tenant_id = %(t)s and task_type = 'purchase'
    """)
    assert count == [(2,)]
    assert lines(shop) == [("Pump", 1, 3)]
    assert quality(shop) == {"unnamed_item": 2}


def test_the_list_adds_up_to_the_figure_under_the_same_filters(shop: Shop) -> None:
    rows = [
        purchase(f"{DAY} 10:00", transaction_id="T1", revenue=-5, branch="D1"),
        purchase(f"{DAY} 10:00", transaction_id="T1", revenue=-5, branch="D1"),
        purchase(f"{DAY} 10:00", transaction_id="T1", revenue=-5, branch="D1"),
        purchase("2025-04-08 10:00", transaction_id="T2", revenue=-6, branch="D2"),
        purchase("2025-05-08 10:00", transaction_id="T3", revenue=-7, branch="D2"),
    ]
    shop.load(rows)
    assert quality(shop) == {"negative_revenue": 2, "repeated_row": 2}
    assert quality(shop, ["D2"]) == {"negative_revenue": 1}
    with tenant_transaction(shop.tenant_id) as conn:
        listed = list_odd_rows(conn, shop.tenant_id, "repeated_row", PERIOD, None, 10, 0)
        other = list_odd_rows(conn, shop.tenant_id, "negative_revenue", PERIOD, ["D1"], 10, 0)
    assert [(row.transaction_id, row.amount) for row in listed] == [("T1", -5), ("T1", -5)]
    assert [(row.transaction_id, row.amount) for row in other] == [("T1", -5)]


def test_days_loaded_before_are_looked_through_at_the_next_load(shop: Shop) -> None:
    rows = [*ONE_OF_EACH, purchase(f"{DAY} 12:00", transaction_id="T9", revenue=-1)]
    shop.load([*rows, ONE_OF_EACH[0]], until=LATER)
    before = quality(shop)
    shop.superuser.execute("delete from odd_row where tenant_id = %s", (shop.tenant_id,))
    shop.superuser.execute(
        "update day_load set odd_rows_version = null where tenant_id = %s", (shop.tenant_id,)
    )
    shop.load([page_view("2025-04-22 10:00")])
    assert quality(shop) == before == {"negative_revenue": 1, "repeated_row": 1}


def test_loading_again_changes_nothing_and_a_clean_export_clears_the_line(
    shop: Shop, superuser: Superuser
) -> None:
    doubled = [*ONE_OF_EACH, *ONE_OF_EACH]
    shop.load(doubled, until=LATER)
    first = derived_rows(superuser, shop.tenant_id)
    shop.load(doubled, until=LATER)
    assert derived_rows(superuser, shop.tenant_id) == first
    assert quality(shop) == {"repeated_row": 7}
    shop.load(ONE_OF_EACH, until=LATER)
    assert quality(shop) == {}


def test_strangers_see_no_odd_row(shop: Shop, superuser: Superuser) -> None:
    shop.load([purchase(f"{DAY} 12:00", transaction_id="T9", revenue=-1)])
    stranger = make_tenant(superuser, "UTC", "USD")
    with tenant_transaction(stranger) as conn:
        assert get_data_quality(conn, shop.tenant_id, PERIOD, None) == {}
        assert list_odd_rows(conn, shop.tenant_id, "negative_revenue", PERIOD, None, 9, 0) == []
        assert conn.execute(text("select count(*) from odd_row")).scalar_one() == 0


def test_the_day_after_is_not_in_the_range(shop: Shop) -> None:
    day = PERIOD.end + timedelta(days=1)
    shop.load([purchase(f"{day} 12:00", transaction_id="T9", revenue=-1)])
    assert quality(shop) == {}
