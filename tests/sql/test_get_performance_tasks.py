"""Performance: branches and landing pages against what the definitions say."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.dashboard.queries import get_location_stats_bulk
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.files.customer_file import BranchRow
from app.tasks.performance.queries import (
    BranchPerformance,
    LandedSession,
    LandingPage,
    PageQuestion,
    get_landing_pages,
    get_page_sessions,
    get_performance_tasks,
)
from tests.loading import Row
from tests.oracle.rows import add_to_cart, begin_checkout, event, item, page_view, purchase
from tests.sql.conftest import Shop

DAY = "2025-04-01"
APRIL = DateRange(date(2025, 4, 1), date(2025, 4, 30))
SHOP = "https://shop.test"


def branches(shop: Shop, period: DateRange = APRIL, **asked: Any) -> dict[str, BranchPerformance]:
    """The branches by id, '' is no branch."""
    with tenant_transaction(shop.tenant_id) as conn:
        found = get_performance_tasks(conn, shop.tenant_id, period, **asked)
    return {row.location_id or "": row for row in found}


def pages(shop: Shop, **asked: Any) -> list[LandingPage]:
    """The landing pages of April."""
    with tenant_transaction(shop.tenant_id) as conn:
        return get_landing_pages(conn, shop.tenant_id, PageQuestion(APRIL, **asked))


def sessions(shop: Shop, page: str) -> list[LandedSession]:
    """The latest sessions of a page."""
    with tenant_transaction(shop.tenant_id) as conn:
        return get_page_sessions(conn, shop.tenant_id, APRIL, None, page)


def order(ts: str, visitor: str, session: int, name: str, *lines: Row, **more: Any) -> Row:
    """An order of these lines."""
    asked = {"transaction_id": name, "revenue": 10, "items": lines} | more
    return purchase(ts, visitor, session, **asked)


def landed(count: int, address: str, start: int, bounced: int) -> list[Row]:
    """So many sessions that begin on an address, the first `bounced` of which leave at once."""
    return [
        page_view(f"{DAY} 10:00", "v", start + n, page_url=address, engaged=int(n >= bounced))
        for n in range(count)
    ]


def test_a_branch_has_the_dashboard_s_figures_and_the_share_of_carts_left(shop: Shop) -> None:
    add = {"items": [item("A", price=4, quantity=1)], "branch": "D01"}
    shop.load(
        [
            add_to_cart(f"{DAY} 10:00", "a", 1, **add),
            add_to_cart(f"{DAY} 10:00", "b", 2, **add),
            add_to_cart(f"{DAY} 10:00", "c", 3, **add),
            order(f"{DAY} 10:10", "c", 3, "T1", branch="D01"),
            begin_checkout(f"{DAY} 10:00", "d", 4, branch="D01"),
            order(f"{DAY} 10:10", "d", 4, "T2", branch="D01"),
            order(f"{DAY} 10:11", "d", 4, "T3", branch="D01"),
            order(f"{DAY} 10:10", "e", 5, "T4", branch="D01"),
            page_view(f"{DAY} 11:00", "f", 6, branch="D02"),
        ],
        until="2025-04-05",
        branches=[BranchRow("D01", "Harbour", "Boston")],
    )
    found = branches(shop)
    harbour, unknown = found["D01"], found["D02"]
    assert (harbour.abandoned_carts, harbour.carted_orders) == (2, 2)
    assert (harbour.cart_abandonment, harbour.conversion_rate) == (50, 60)
    assert (harbour.orders, harbour.net_revenue, harbour.average_order) == (4, 40, 10)
    assert (unknown.name, unknown.status) == ("Unknown D02", "unknown")
    assert (unknown.cart_abandonment, unknown.average_order) == (None, None)
    with tenant_transaction(shop.tenant_id) as conn:
        bulk = get_location_stats_bulk(conn, shop.tenant_id, APRIL)
    names = ("sessions", "visitors", "orders", "revenue", "refunds", "abandoned_carts")
    assert [[getattr(row, n) for n in names] for row in found.values()] == [
        [getattr(row, n) for n in names] for row in bulk
    ]


def test_a_session_that_began_before_the_range_is_not_counted_by_its_order(shop: Shop) -> None:
    add = add_to_cart("2025-03-31 23:50", "a", 1, items=[item("A", price=4)])
    shop.load([add, order(f"{DAY} 00:10", "a", 1, "T1")], until="2025-04-05")
    assert branches(shop)[""].carted_orders == 0
    march = DateRange(date(2025, 3, 1), date(2025, 3, 31))
    assert branches(shop, march)[""].carted_orders == 1


def test_top_items_by_revenue_with_ids_names_and_odd_quantities(shop: Shop) -> None:
    shop.load(
        [
            order(
                f"{DAY} 10:00",
                "a",
                1,
                "T1",
                item("A", name="Old", price=5, quantity=2),
                item("B", price=30),
                item(name="No id", price=1, quantity=3),
                branch="D01",
            ),
            order(
                f"{DAY} 11:00",
                "a",
                1,
                "T2",
                item("A", name="New", price=25, quantity=1),
                item("C"),
                item("D", price=2, quantity=-4),
                branch="D01",
            ),
            order(f"{DAY} 12:00", "a", 1, "T3", item("E", price=900), currency="EUR", branch="D01"),
            order(f"{DAY} 12:00", "b", 2, "T4", item("F", price=7), branch="D02"),
        ]
    )
    found = branches(shop)
    assert [(i.item_id, i.item_name, i.quantity, i.revenue) for i in found["D01"].top_items] == [
        ("A", "New", 3, 35),
        ("B", None, 1, 30),
        (None, "No id", 3, 3),
    ]
    assert [i.item_id for i in found["D02"].top_items] == ["F"]
    assert list(branches(shop, location_ids=("D02",))) == ["D02"]


def test_landing_pages_are_addresses_without_query_with_thirty_sessions(shop: Shop) -> None:
    shop.load(
        [
            *landed(20, f"{SHOP}/a?utm=1", 100, 10),
            *landed(15, f"{SHOP}/a#top", 200, 4),
            *landed(29, f"{SHOP}/b", 300, 29),
            *landed(30, f"{SHOP}/c?x#y", 400, 3),
            event("view_item", f"{DAY} 10:00", "w", 1, page_url=f"{SHOP}/d"),
        ]
    )
    found = {p.page: (p.sessions, p.bounces) for p in pages(shop)}
    assert found == {f"{SHOP}/a": (35, 14), f"{SHOP}/c": (30, 3)}
    assert [p.page for p in pages(shop, sort_field="sessions", sort_order="asc")] == [
        f"{SHOP}/c",
        f"{SHOP}/a",
    ]
    assert [p.page for p in pages(shop, query="/C")] == [f"{SHOP}/c"]
    assert (len(pages(shop, limit=1)), pages(shop, limit=1)[0].total_pages) == (1, 2)
    assert pages(shop)[0].bounce_rate == 40


def test_the_loss_is_bounces_times_what_an_engaged_session_brings(shop: Shop) -> None:
    orders = [
        order(f"{DAY} 10:05", "v", 131, "T1", revenue=80),
        order(f"{DAY} 10:06", "v", 132, "T2", revenue=40),
    ]
    shop.load(landed(50, f"{SHOP}/a", 100, 30))
    assert pages(shop)[0].value is None
    shop.load([*landed(50, f"{SHOP}/a", 100, 30), *orders])
    assert pages(shop)[0].value == 30 * Decimal(2) / 20 * 60
    shop.load([*landed(50, f"{SHOP}/a", 100, 31), *orders])
    assert pages(shop)[0].value is None


def test_pages_stand_beside_the_same_ones_of_another_period(shop: Shop) -> None:
    before = [
        page_view("2025-03-10 10:00", "v", 900 + n, page_url=f"{SHOP}/a", engaged=n % 2)
        for n in range(4)
    ]
    shop.load(before)
    shop.load(landed(30, f"{SHOP}/a?x", 100, 6))
    (page,) = pages(shop, compared=APRIL.previous())
    assert (page.sessions, page.previous_sessions, page.previous_rate) == (30, 4, 50)
    assert pages(shop)[0].previous_sessions is None


def test_the_sessions_of_a_page_say_what_came_of_them(shop: Shop) -> None:
    shop.load(
        [
            page_view(f"{DAY} 10:00", "a", 1, page_url=f"{SHOP}/a?1", contact="U1", engaged=1),
            order(f"{DAY} 10:02", "a", 1, "T", contact="U1"),
            page_view(f"{DAY} 11:00", "b", 2, page_url=f"{SHOP}/a", engaged=0),
            page_view(f"{DAY} 11:00", "c", 3, page_url=f"{SHOP}/ab"),
        ]
    )
    found = sessions(shop, f"{SHOP}/a")
    assert [(s.customer_key, s.is_bounce, s.has_order) for s in found] == [
        ("d:b", True, False),
        ("c:U1", False, True),
    ]


@pytest.mark.parametrize("branch", [None, ("D01",), ("",)])
def test_pages_of_branches_are_what_plain_counting_finds(
    shop: Shop, branch: tuple[str, ...] | None
) -> None:
    rows = [
        page_view(
            f"2025-04-{n % 9 + 1:02d} 10:00",
            f"v{n}",
            n,
            page_url=f"{SHOP}/p{n % 3}?n={n}",
            branch="D01" if n % 2 else None,
            engaged=int(n % 5 != 0),
        )
        for n in range(240)
    ]
    shop.load(rows)
    mine = [n for n in range(240) if branch is None or ("D01" if n % 2 else "") in branch]
    landings = Counter(n % 3 for n in mine)
    left = Counter(n % 3 for n in mine if n % 5 == 0)
    found = {p.page: (p.sessions, p.bounces) for p in pages(shop, location_ids=branch)}
    assert found == {f"{SHOP}/p{n}": (landings[n], left[n]) for n in range(3)}


def test_globex_sees_nothing_and_an_empty_tenant_has_nothing(shop: Shop, new_york: Shop) -> None:
    shop.load([*landed(40, f"{SHOP}/a", 1, 5), order(f"{DAY} 11:00", "v", 1, "T")])
    assert (branches(new_york), pages(new_york), sessions(new_york, f"{SHOP}/a")) == ({}, [], [])
    with tenant_transaction(new_york.tenant_id) as conn:
        assert get_performance_tasks(conn, shop.tenant_id, APRIL) == []
        assert get_landing_pages(conn, shop.tenant_id, PageQuestion(APRIL)) == []
