"""Sessions as the source counts them: events of every kind, in parts, over midnight."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.dashboard.queries import get_dashboard_overview_stats
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.tasks.performance.source_queries import SourceQuestion, get_sources
from tests.loading import Row
from tests.oracle.rows import event, item, page_view, purchase, refund
from tests.sql.conftest import Shop

APRIL = DateRange(date(2025, 4, 1), date(2025, 4, 30))
LAST_CLICK = "session_traffic_source_last_click"


def figures(shop: Shop) -> tuple[int, int, Decimal | None]:
    """Sessions, visitors and the bounce rate of April."""
    with tenant_transaction(shop.tenant_id) as conn:
        found = get_dashboard_overview_stats(conn, shop.tenant_id, APRIL)
    return found.sessions, found.visitors, found.bounce_rate


def sources(shop: Shop, **asked: Any) -> list[tuple[Any, ...]]:
    """The sources of April: name, sessions, engaged, orders, net revenue."""
    with tenant_transaction(shop.tenant_id) as conn:
        found = get_sources(conn, shop.tenant_id, SourceQuestion(APRIL, **asked))
    return [(s.name, s.sessions, s.engaged, s.orders, s.net_revenue) for s in found]


def clicked(source: str, medium: str) -> dict[str, Row]:
    """The last click of a row."""
    return {LAST_CLICK: {"cross_channel_campaign": {"source": source, "medium": medium}}}


def test_events_that_are_not_stored_make_sessions_and_engage_them(shop: Shop) -> None:
    shop.load(
        [
            event("scroll", "2025-04-01 10:00", "p1.1", 100, engaged="0"),
            page_view("2025-04-01 11:00", "p2.1", 200, engaged="0"),
            event("user_engagement", "2025-04-01 11:01", "p2.1", 200, engaged="1"),
            page_view("2025-04-01 12:00", "p3.1", 300),
            # The number 1 of a session_start says nothing: one page view alone is a bounce.
            event("session_start", "2025-04-01 12:00", "p3.1", 300, engaged=1),
        ]
    )
    assert figures(shop) == (3, 2, Decimal("66.67"))


def test_a_session_over_midnight_is_one_of_its_first_day(shop: Shop) -> None:
    shop.load(
        [
            event("scroll", "2025-04-01 23:59", "p1.1", 100, engaged="0"),
            page_view("2025-04-02 00:01", "p1.1", 100, engaged="1"),
        ]
    )
    with tenant_transaction(shop.tenant_id) as conn:
        first = get_dashboard_overview_stats(
            conn, shop.tenant_id, DateRange(date(2025, 4, 1), date(2025, 4, 1))
        )
    assert (first.sessions, first.bounces) == (1, 0)
    assert figures(shop) == (1, 1, Decimal(0))


def test_a_contact_of_an_event_that_is_not_stored_is_the_sessions(shop: Shop) -> None:
    shop.load(
        [
            purchase("2025-04-01 10:00", "p1.1", 100, transaction_id="T1", revenue=10),
            event("login", "2025-04-01 10:05", "p1.1", 100, contact="U7", branch="D07"),
        ]
    )
    row = shop.superuser.execute(
        "select s.contact_id, s.branch_id, o.contact_id from session as s"
        " inner join shop_order as o using (tenant_id, session_key) where s.tenant_id = %s",
        (shop.tenant_id,),
    ).fetchone()
    assert row == ("U7", "D07", "U7")


def test_sources_add_up_to_the_overview(shop: Shop) -> None:
    shop.load(
        [
            page_view("2025-04-01 10:00", "p1.1", 100, **clicked("google", "cpc")),
            purchase(
                "2025-04-01 10:05",
                "p1.1",
                100,
                transaction_id="T1",
                revenue=100,
                items=[item("A", price=100)],
            ),
            refund("2025-04-03 09:00", None, None, transaction_id="T1", value=30),
            page_view("2025-04-02 10:00", "p1.1", 200, params={"source": "letter"}),
            page_view("2025-04-02 11:00", "p2.1", 300, traffic_source={"source": "never"}),
            purchase("2025-04-02 12:00", None, None, transaction_id="T2", revenue=40),
        ]
    )
    assert sources(shop) == [
        ("(direct) / (none)", 1, 0, 0, Decimal(0)),
        ("google / cpc", 1, 1, 1, Decimal(70)),
        ("letter / (not set)", 1, 0, 0, Decimal(0)),
        ("No session", 0, 0, 1, Decimal(40)),
    ]
    assert sources(shop, query="GOO", sort_field="net_revenue") == [
        ("google / cpc", 1, 1, 1, Decimal(70))
    ]


def test_sessions_of_days_without_their_extraction_have_no_source(shop: Shop) -> None:
    shop.load([page_view("2025-04-01 10:00", "p1.1", 100)], event_types=("page_view",))
    assert sources(shop) == [("Source not loaded", 1, 0, 0, Decimal(0))]


@pytest.mark.parametrize("field", ["sessions", "engaged", "orders", "conversion", "source"])
def test_every_column_sorts_both_ways(shop: Shop, field: str) -> None:
    shop.load(
        [
            page_view("2025-04-01 10:00", "p1.1", 100, **clicked("b", "x")),
            purchase("2025-04-01 10:05", "p1.1", 100, transaction_id="T1", revenue=100),
            page_view("2025-04-01 11:00", "p1.1", 200, **clicked("b", "x")),
            page_view("2025-04-01 12:00", "p1.1", 300, **clicked("a", "x")),
        ]
    )
    down = [row[0] for row in sources(shop, sort_field=field)]
    assert down == ["b / x", "a / x"]
    assert [row[0] for row in sources(shop, sort_field=field, sort_order="asc")] == down[::-1]


def test_globex_sees_no_source(shop: Shop, new_york: Shop) -> None:
    shop.load([page_view("2025-04-01 10:00", "p1.1", 100)])
    assert sources(new_york) == []
