"""Every worked example of the definitions, through the product."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from app.dashboard.queries import Money, get_chart_data, get_location_stats_bulk
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.files.customer_file import BranchRow
from tests.loading import contact
from tests.oracle.rows import (
    add_to_cart,
    begin_checkout,
    event,
    failed_search,
    item,
    page_view,
    purchase,
    refund,
    remove_from_cart,
    search,
)
from tests.sql.conftest import Shop

DAY = "2025-04-01"
MONDAY, TUESDAY, THURSDAY = "2025-04-07", "2025-04-08", "2025-04-10"


def test_a_purchase_after_midnight_utc_belongs_to_new_york_s_day_and_hour(new_york: Shop) -> None:
    zone = "America/New_York"
    new_york.load([purchase("2025-04-02 01:00", transaction_id="T1", revenue=1, time_zone=zone)])
    assert new_york.overview(DAY).orders == 1
    period = DateRange(date(2025, 4, 1), date(2025, 4, 1))
    with tenant_transaction(new_york.tenant_id) as conn:
        hours = get_chart_data(conn, new_york.tenant_id, period, "hourly")
        days = get_chart_data(conn, new_york.tenant_id, period, "daily")
    assert [str(p.bucket) for p in hours if p.orders] == ["2025-04-01 21:00:00"]
    assert sum(p.orders for p in hours) == sum(p.orders for p in days) == 1


def test_sessions_visitors_orders_and_conversion(shop: Shop) -> None:
    one, two = {"contact": "U1"}, {"contact": "U2"}
    shop.load(
        [
            page_view(f"{DAY} 09:00", "p1", 100, **one),
            page_view(f"{DAY} 12:00", "p1", 200, **one),
            page_view(f"{DAY} 10:00", "p2", 100, **two),
            purchase(f"{DAY} 10:05", "p2", 100, transaction_id="T1", revenue=300, **two),
            purchase(f"{DAY} 10:06", "p2", 100, transaction_id="T1", revenue=300, **two),
            purchase(f"{DAY} 10:10", "p2", 100, transaction_id="T2", revenue=100, **two),
            page_view(f"{DAY} 11:00", None, None),
        ]
    )
    figures = shop.overview(DAY)
    assert (figures.sessions, figures.visitors, figures.orders) == (3, 2, 2)
    assert (figures.revenue, figures.duplicate_orders) == (400, 1)
    assert figures.conversion_rate == Decimal("33.33")
    assert (figures.cookieless_events, figures.repeat_visitors) == (1, 1)


def test_gross_refunds_net_and_another_currency(shop: Shop) -> None:
    shop.load(
        [
            purchase(f"{DAY} 10:00", transaction_id="T1", revenue=1000, currency="USD"),
            purchase(f"{DAY} 11:00", transaction_id="T2", revenue=400),
            purchase(f"{DAY} 12:00", transaction_id="T3", revenue=90, currency="EUR"),
            refund(f"{DAY} 13:00", transaction_id="T1", amount=150),
        ]
    )
    figures = shop.overview(DAY)
    assert (figures.revenue, figures.refunds, figures.net_revenue) == (1400, 150, 1250)
    assert figures.orders == 3
    assert figures.other_currencies == (Money("EUR", 1, Decimal(90), Decimal(0)),)


MONDAY_S_CART = [
    add_to_cart(
        f"{MONDAY} 10:00",
        "phone",
        1,
        contact="U1",
        items=[item("A", price=1000, quantity=2), item("B", price=340, quantity=1)],
    ),
    remove_from_cart(f"{MONDAY} 10:05", "phone", 1, contact="U1", items=[item("A", quantity=1)]),
    add_to_cart(
        f"{MONDAY} 15:00", "desk", 2, contact="U1", items=[item("C", price=1000, quantity=1)]
    ),
]
CARTS = """
    select value, jsonb_array_length(detail -> 'lines'), closing_order_key, ready_at
    from task where tenant_id = %(t)s and task_type = 'cart' and is_task order by first_at
"""


def test_one_cart_over_two_devices_is_abandoned_a_day_after_its_last_activity(shop: Shop) -> None:
    shop.load(MONDAY_S_CART)
    assert shop.overview(MONDAY).abandoned_carts == 0
    shop.load(MONDAY_S_CART, until=TUESDAY)
    figures = shop.overview(MONDAY)
    assert (figures.abandoned_carts, figures.abandoned_cart_value) == (1, 2340)
    (cart,) = shop.rows(CARTS)
    assert cart[:3] == (2340, 3, None)
    assert f"{cart[3]:%Y-%m-%d %H:%M}" == f"{TUESDAY} 15:00"


def test_the_company_s_order_on_thursday_recovers_the_cart(shop: Shop) -> None:
    company = [contact("U1", "K1"), contact("U9", "K1")]
    order = purchase(f"{THURSDAY} 09:00", "other", 9, contact="U9", transaction_id="T", revenue=5)
    shop.load([*MONDAY_S_CART, order], contacts=company)
    assert shop.rows(CARTS)[0][:3] == (2340, 3, "t:T")
    assert shop.overview(MONDAY).abandoned_carts == 1


def test_an_order_within_a_day_is_no_abandoned_cart(shop: Shop) -> None:
    order = purchase(f"{TUESDAY} 14:59", "desk", 3, contact="U1", transaction_id="T", revenue=5)
    shop.load([*MONDAY_S_CART, order], until=THURSDAY)
    assert shop.overview(MONDAY).abandoned_carts == 0


def test_a_cart_filled_after_an_order_in_the_same_session_is_a_cart(shop: Shop) -> None:
    add = {"visitor": "p", "session": 1}
    shop.load(
        [
            add_to_cart(f"{MONDAY} 10:00", items=[item("A", price=10, quantity=1)], **add),
            begin_checkout(f"{MONDAY} 10:01", **add),
            purchase(f"{MONDAY} 10:02", transaction_id="T", revenue=10, **add),
            add_to_cart(f"{MONDAY} 10:02", items=[item("B", price=20, quantity=1)], **add),
            add_to_cart(
                f"{MONDAY} 10:03", items=[item("C", quantity=2), item("D", price=7)], **add
            ),
        ],
        until=THURSDAY,
    )
    figures = shop.overview(MONDAY)
    assert (figures.abandoned_carts, figures.abandoned_cart_value) == (1, 7)
    assert [row[1:3] for row in shop.rows(CARTS)] == [(2, None)]


def test_searches_are_counted_everywhere_as_both_kinds(shop: Shop) -> None:
    shop.load(
        [
            search(f"{DAY} 10:00", "valve"),
            failed_search(f"{DAY} 10:01", " Valve "),
            search(f"{DAY} 10:02", "vlave", name="view_search_results_no_results"),
            search(f"{DAY} 10:03", "valve", None, None),
        ]
    )
    figures = shop.overview(DAY)
    assert (figures.total_searches, figures.failed_searches) == (4, 2)


def test_branches_sum_to_the_total_with_unknown_and_no_branch(shop: Shop) -> None:
    rows = [
        purchase(f"{DAY} 10:00", "a", 1, transaction_id="1", revenue=5, branch="D01"),
        purchase(f"{DAY} 10:00", "b", 1, transaction_id="2", revenue=6, branch="D99"),
        purchase(f"{DAY} 10:00", "c", 1, transaction_id="3", revenue=7),
        purchase(f"{DAY} 10:00", "d", 1, transaction_id="4", revenue=8, branch="*"),
    ]
    known = [BranchRow("D01", "Downtown"), BranchRow("D02", "Closed", is_active=False)]
    shop.load(rows, branches=known)
    period = DateRange(date(2025, 4, 1), date(2025, 4, 1))
    with tenant_transaction(shop.tenant_id) as conn:
        found = get_location_stats_bulk(conn, shop.tenant_id, period)
    assert {(b.name, b.status, b.revenue) for b in found} == {
        ("Downtown", "active", 5),
        ("Unknown D99", "unknown", 6),
        ("No branch", "none", 7),
        ("Unknown *", "unknown", 8),
    }
    assert sum(b.revenue for b in found) == shop.overview(DAY).revenue == 26


@pytest.mark.parametrize(
    ("rows", "bounces"),
    [
        ([page_view(f"{DAY} 10:00")], 1),
        ([page_view(f"{DAY} 10:00"), page_view(f"{DAY} 10:01")], 0),
        ([page_view(f"{DAY} 10:00", engaged="1")], 0),
        ([page_view(f"{DAY} 10:00", engaged=0), page_view(f"{DAY} 10:01", engaged="0")], 1),
        ([page_view(f"{DAY} 10:00"), purchase(f"{DAY} 10:01", revenue=1)], 0),
    ],
)
def test_bounces(shop: Shop, rows: list[dict[str, object]], bounces: int) -> None:
    shop.load(rows)
    assert shop.overview(DAY).bounces == bounces


def test_a_session_over_midnight_counts_once_on_its_first_day(shop: Shop) -> None:
    shop.load([page_view(f"{DAY} 23:59"), page_view("2025-04-02 00:01")])
    assert [shop.overview(d).sessions for d in (DAY, "2025-04-02")] == [1, 0]


def test_a_sign_in_in_the_middle_names_the_whole_session(shop: Shop) -> None:
    shop.load([page_view(f"{DAY} 10:00"), page_view(f"{DAY} 10:05", contact="U1", branch="D01")])
    assert shop.rows("select visitor_id, branch_id from session where tenant_id = %(t)s") == [
        ("c:U1", "D01")
    ]


def test_hostile_numbers_do_not_stop_a_load(shop: Shop) -> None:
    huge = [item("A", price=9e11, quantity=900_000_000_000), item("B", price=1e300, quantity=1)]
    shop.load(
        [
            add_to_cart(f"{DAY} 10:00", items=huge),
            refund(f"{DAY} 10:01", transaction_id="T", items=huge),
            event("page_view", f"{DAY} 10:02"),
        ],
        until="2025-04-03",
    )
    assert shop.overview(DAY).abandoned_carts == 1


@pytest.mark.parametrize(("ago", "carts"), [(4, 0), (9, 1)])
def test_a_streamed_day_counts_to_its_last_event_until_it_is_settled(
    shop: Shop, ago: int, carts: int
) -> None:
    day = datetime.now(UTC).date() - timedelta(days=ago)
    shop.load([add_to_cart(f"{day} 15:00", items=[item("A", price=5, quantity=1)])])
    shop.load([page_view(f"{day + timedelta(days=1)} 01:00")], kind="intraday_")
    assert shop.overview(str(day)).abandoned_carts == carts
