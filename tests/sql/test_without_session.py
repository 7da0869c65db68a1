"""Events without a session are still the customer's, and in no figure of sessions."""

from __future__ import annotations

import pytest

from app.database.engine import tenant_transaction
from app.tasks.terms.queries import TermQuestion, get_search_terms, get_term_customers
from tests.loading import Row, contact
from tests.oracle.rows import add_to_cart, failed_search, item, page_view, purchase, search
from tests.sql.conftest import Shop
from tests.sql.tasks import EVER, one, tasks

MONDAY, TUESDAY, THURSDAY = "2025-04-07", "2025-04-08", "2025-04-10"
A = {"items": [item("A", price=60, quantity=1)]}


@pytest.mark.parametrize(
    ("order", "state"),
    [
        ({"visitor": None, "contact": "U7"}, "closed"),
        ({"visitor": "p1"}, "closed"),
        ({"visitor": None, "company": "K7"}, "closed"),
        ({"visitor": None, "contact": "U8"}, "closed"),
        ({"visitor": "p9", "contact": "U9"}, "open"),
        ({"visitor": None}, "open"),
    ],
)
def test_an_order_without_a_session_closes_the_cart_of_its_customer(
    shop: Shop, order: Row, state: str
) -> None:
    people = [contact("U7", "K7"), contact("U8", "K7"), contact("U9")]
    late = f"{TUESDAY} 11:00"
    shop.load(
        [
            add_to_cart(f"{MONDAY} 10:00", "p1", 1, contact="U7", **A),
            purchase(late, session=None, transaction_id="T1", revenue=60, **order),
        ],
        until=THURSDAY,
        contacts=people,
    )
    cart = one(shop.tenant_id, "cart", f"{THURSDAY} 12:00")
    assert (cart.state, cart.closed_reason) == (state, "recovered" if state == "closed" else None)


def test_an_order_without_a_session_makes_a_follow_up_and_one_of_nobody_makes_none(
    shop: Shop,
) -> None:
    shop.load(
        [
            purchase(f"{MONDAY} 10:00", None, None, contact="U7", transaction_id="T1", revenue=60),
            purchase(f"{MONDAY} 10:01", "p1", None, transaction_id="T2", revenue=70),
            purchase(f"{MONDAY} 10:02", None, None, transaction_id="T3", revenue=80),
        ],
        until=THURSDAY,
        contacts=[contact("U7", "K7")],
    )
    found = tasks(shop.tenant_id, "purchase", f"{MONDAY} 12:00")
    assert [(task.customer_key, task.value) for task in found] == [("k:K7", 60), ("d:p1", 70)]
    figures = shop.overview(MONDAY)
    assert (figures.orders, figures.sessions, figures.visitors) == (3, 0, 0)
    assert figures.cookieless_events == 1


def test_a_cart_event_without_a_session_joins_the_customer_s_cart(shop: Shop) -> None:
    shop.load(
        [
            add_to_cart(f"{MONDAY} 10:00", "p1", 1, contact="U7", **A),
            add_to_cart(f"{MONDAY} 11:00", None, None, contact="U7", **A),
            add_to_cart(f"{MONDAY} 11:00", "p3", None, **A),
            add_to_cart(f"{MONDAY} 12:00", None, None, **A),
        ],
        until=THURSDAY,
    )
    found = tasks(shop.tenant_id, "cart", f"{THURSDAY} 12:00")
    values = sorted((task.customer_key, task.value) for task in found)
    assert values == [("c:U7", 120), ("d:p3", 60)]
    assert shop.overview(MONDAY).cookieless_events == 1


def test_the_company_of_evidence_without_a_session_follows_the_customer_file(shop: Shop) -> None:
    add = add_to_cart(f"{MONDAY} 10:00", None, None, contact="U7", **A)
    shop.load([add], until=THURSDAY)
    assert one(shop.tenant_id, "cart", f"{THURSDAY} 12:00").customer_key == "c:U7"
    shop.load([], contacts=[contact("U7", "K7")])
    assert one(shop.tenant_id, "cart", f"{THURSDAY} 12:00").customer_key == "k:K7"


def test_a_failed_search_without_a_session_is_a_known_contact_s_and_in_no_session(
    shop: Shop,
) -> None:
    seen = {"visitor": None, "session": None, "contact": "U7"}
    shop.load(
        [
            page_view(f"{MONDAY} 09:00", "p1", 1),
            failed_search(f"{MONDAY} 10:00", "valve", **seen),
            failed_search(f"{MONDAY} 10:01", "valve", None, None),
            *(search(f"{MONDAY} 11:0{n}", "valve", **seen) for n in range(3)),
        ],
        until=THURSDAY,
    )
    task = one(shop.tenant_id, "no_results", f"{MONDAY} 12:00")
    assert (task.customer_key, task.value) == ("c:U7", 0)
    assert [(t["searches"], t["sessions"]) for t in task.detail["terms"]] == [(1, 0)]
    assert tasks(shop.tenant_id, "no_conversion") == []
    figures = shop.overview(MONDAY)
    assert (figures.sessions, figures.total_searches, figures.failed_searches) == (1, 5, 2)
    assert figures.cookieless_events == 1
    question = TermQuestion(EVER, term="valve")
    with tenant_transaction(shop.tenant_id) as conn:
        (term,) = get_search_terms(conn, shop.tenant_id, question)
        people = get_term_customers(conn, shop.tenant_id, question)
    assert (term.failed_searches, term.found_searches, term.failed_sessions) == (2, 3, 0)
    assert [(p.customer_key, p.searches, p.failed) for p in people] == [("c:U7", 4, 1)]
