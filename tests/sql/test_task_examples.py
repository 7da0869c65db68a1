"""Every rule and worked example of "Tasks" in the definitions, through real loads."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.ingest.files.customer_file import ContactRow
from tests.loading import Row, contact
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
from tests.sql.tasks import at, one, tasks

DAY = "2025-04-01"
MONDAY, TUESDAY, THURSDAY = "2025-04-07", "2025-04-08", "2025-04-10"
CART = [
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


def found(ts: str, visitor: str | None, session: int | None, term: str, **who: str) -> Row:
    """A search that found something."""
    return search(ts, term, visitor, session, **who)


def failed(ts: str, visitor: str | None, session: int | None, term: str, **who: str) -> Row:
    """A search that found nothing."""
    return failed_search(ts, term, visitor, session, **who)


def visit(start: str, visitor: str, session: int, pages: int = 3, **who: str) -> list[Row]:
    """A session with so many page views, a minute apart."""
    hour, minute = start[-5:].split(":")
    return [
        page_view(f"{start[:-5]}{hour}:{int(minute) + n:02d}", visitor, session, **who)
        for n in range(pages)
    ]


def view(ts: str, visitor: str, session: int, name: str, price: float, **who: str) -> Row:
    """One product looked at."""
    return event("view_item", ts, visitor, session, items=[item(name, price=price)], **who)


def test_one_cart_over_two_devices(shop: Shop) -> None:
    shop.load(CART, until=TUESDAY)
    task = one(shop.tenant_id, "cart", f"{TUESDAY} 16:00")
    assert (task.value, len(task.detail["lines"]), task.state) == (2340, 3, "open")
    assert (task.contact_id, task.customer_key, task.has_checkout) == ("U1", "c:U1", False)
    assert (task.first_at, task.last_at) == (at(f"{MONDAY} 10:00"), at(f"{MONDAY} 15:00"))


def test_a_cart_is_no_task_before_the_day_after_it_is_loaded(shop: Shop) -> None:
    shop.load(CART)
    assert tasks(shop.tenant_id, "cart") == []


def test_the_company_s_order_recovers_the_cart(shop: Shop) -> None:
    company = [contact("U1", "K1"), contact("U9", "K1")]
    order = purchase(f"{THURSDAY} 09:00", "other", 9, contact="U9", transaction_id="T", revenue=5)
    shop.load([*CART, order], contacts=company)
    task = one(shop.tenant_id, "cart", f"{THURSDAY} 10:00")
    assert (task.state, task.closed_reason) == ("closed", "recovered")
    assert (task.closed_at, task.customer_key) == (at(f"{THURSDAY} 09:00"), "k:K1")


def test_a_cart_bought_next_day_on_another_device_closes(shop: Shop) -> None:
    order = purchase(f"{TUESDAY} 15:01", "tablet", 5, contact="U1", transaction_id="T", revenue=5)
    shop.load([*CART, order], until=THURSDAY)
    assert one(shop.tenant_id, "cart", f"{THURSDAY} 10:00").closed_reason == "recovered"


def test_a_cart_expires_after_thirty_days(shop: Shop) -> None:
    shop.load(CART, until=THURSDAY)
    assert one(shop.tenant_id, "cart", "2025-05-07 14:59").state == "open"
    assert one(shop.tenant_id, "cart", "2025-05-07 15:00").state == "expired"


def test_a_cart_filled_after_an_order_in_the_same_session_is_a_cart(shop: Shop) -> None:
    add = {"visitor": "p", "session": 1}
    shop.load(
        [
            add_to_cart(f"{MONDAY} 10:00", items=[item("A", price=10, quantity=1)], **add),
            begin_checkout(f"{MONDAY} 10:01", **add),
            purchase(f"{MONDAY} 10:02", transaction_id="T", revenue=10, **add),
            add_to_cart(
                f"{MONDAY} 10:03", items=[item("C", quantity=2), item("D", price=7)], **add
            ),
        ],
        until=THURSDAY,
    )
    task = one(shop.tenant_id, "cart")
    assert (task.value, task.is_value_incomplete, task.has_checkout) == (7, True, False)
    assert [line["quantity"] for line in task.detail["lines"]] == [2, 1]


def test_an_emptied_cart_is_no_task(shop: Shop) -> None:
    empty = remove_from_cart(f"{MONDAY} 11:00", "p", 1, items=[item("A")])
    add = add_to_cart(f"{MONDAY} 10:00", "p", 1, items=[item("A", price=3)])
    shop.load([add, empty], until=THURSDAY)
    assert tasks(shop.tenant_id, "cart") == []


def test_events_of_nobody_without_a_session_make_no_task(shop: Shop) -> None:
    nobody = {"contact": "undefined", "company": "(none)"}
    shop.load(
        [
            add_to_cart(f"{DAY} 10:00", None, None, items=[item("A", price=3)], **nobody),
            failed(f"{DAY} 10:01", None, 7, term="valve", **nobody),
            purchase(f"{DAY} 10:02", "null", 7, transaction_id="T", revenue=5, **nobody),
        ],
        until=THURSDAY,
        contacts=[contact("U1")],
    )
    for task_type in ("cart", "purchase", "no_results", "no_conversion"):
        assert tasks(shop.tenant_id, task_type) == []


def test_two_customers_with_one_session_number_are_two(shop: Shop) -> None:
    shop.load(
        [
            add_to_cart(f"{DAY} 10:00", "one", 7, items=[item("A", price=3)]),
            add_to_cart(f"{DAY} 10:00", "two", 7, items=[item("B", price=4)]),
        ],
        until=THURSDAY,
    )
    assert sorted(task.value for task in tasks(shop.tenant_id, "cart")) == [3, 4]


def test_an_order_of_a_company_of_three_contacts_is_one_task(shop: Shop) -> None:
    people = [contact(user_id, "K1") for user_id in ("U1", "U2", "U3")]
    order = purchase(
        f"{DAY} 10:00",
        "p",
        1,
        company="K1",
        transaction_id="T-1",
        revenue=50,
        items=[item("A", price=25, quantity=2)],
    )
    shop.load([order], contacts=people)
    task = one(shop.tenant_id, "purchase", f"{DAY} 12:00")
    assert (task.customer_key, task.contact_id, task.value) == ("k:K1", None, 50)
    assert (task.detail["line_count"], task.detail["is_first"]) == (1, True)


def test_an_order_s_task_is_worth_what_was_not_refunded_and_closes_when_all_is(shop: Shop) -> None:
    order = purchase(f"{DAY} 10:00", "p", 1, contact="U1", transaction_id="T", revenue=100)
    part = refund(f"{DAY} 11:00", transaction_id="T", amount=30)
    rest = refund(f"{TUESDAY} 12:00", transaction_id="T", amount=70)
    shop.load([order, part])
    task = one(shop.tenant_id, "purchase", f"{DAY} 12:00")
    assert (task.value, task.state) == (70, "open")
    shop.load([rest])
    task = one(shop.tenant_id, "purchase", f"{TUESDAY} 13:00")
    assert (task.value, task.state, task.closed_reason) == (0, "closed", "refunded")


def test_an_order_s_task_expires_untouched_after_fourteen_days(shop: Shop) -> None:
    shop.load([purchase(f"{DAY} 10:00", "p", 1, transaction_id="T", revenue=100)])
    assert one(shop.tenant_id, "purchase", "2025-04-15 09:59").state == "open"
    assert one(shop.tenant_id, "purchase", "2025-04-15 10:00").state == "expired"


def test_a_failed_term_of_a_known_contact_is_a_task_and_of_a_device_none(shop: Shop) -> None:
    shop.load(
        [
            failed(f"{DAY} 10:00", "p", 1, term="Valve 3in", contact="U1"),
            failed(f"{DAY} 10:05", "p", 1, term="valve  3IN", contact="U1"),
            failed(f"{DAY} 10:00", "stranger", 1, term="gasket"),
        ],
        until=THURSDAY,
        contacts=[contact("U1", "K1")],
    )
    task = one(shop.tenant_id, "no_results", f"{TUESDAY} 10:00")
    assert [(t["term"], t["searches"]) for t in task.detail["terms"]] == [("valve 3in", 2)]
    assert (task.value, task.is_estimate, task.state) == (None, True, "open")
    assert one(shop.tenant_id, "no_results", "2025-05-01 10:05").state == "expired"


def test_what_failed_searches_are_worth_is_estimated_when_read(shop: Shop) -> None:
    rows = [failed(f"{DAY} 10:00", "p", n, term="v", contact="U1") for n in range(45)]
    shop.load(rows, contacts=[contact("U1", "K1")])
    shop.superuser.execute(
        """
        insert into task_scale values (%s, '2030-01-01', 5000, 100, 6, 343.40)
        """,
        (shop.tenant_id,),
    )
    value = one(shop.tenant_id, "no_results").value
    assert value is not None and round(value) == 927


def test_three_searches_in_one_session_without_an_order(shop: Shop) -> None:
    searches = [found(f"{DAY} 10:0{n}", "p", 1, term=f"t{n}", contact="U1") for n in range(3)]
    shop.load([*searches[:2], view(f"{DAY} 10:04", "p", 1, "A", 30, contact="U1")])
    assert tasks(shop.tenant_id, "no_conversion") == []
    shop.load([*searches, view(f"{DAY} 10:04", "p", 1, "A", 30, contact="U1")])
    task = one(shop.tenant_id, "no_conversion", f"{DAY} 12:00")
    assert (task.value, task.is_estimate, task.ready_at) == (30, False, at(f"{DAY} 10:02"))


def test_one_term_in_two_sessions_and_an_order_closes(shop: Shop) -> None:
    rows = [
        found(f"{DAY} 10:00", "p", 1, term="hose", contact="U1"),
        found(f"{MONDAY} 11:00", "q", 2, term="Hose ", contact="U1"),
    ]
    shop.load(rows)
    assert one(shop.tenant_id, "no_conversion", f"{MONDAY} 12:00").state == "open"
    order = purchase(f"{TUESDAY} 09:00", "q", 3, contact="U1", transaction_id="T", revenue=5)
    shop.load([order])
    task = one(shop.tenant_id, "no_conversion", f"{TUESDAY} 12:00")
    assert (task.state, task.closed_reason) == ("closed", "ordered")


def test_the_second_visit_with_three_pages_of_a_known_contact(shop: Shop) -> None:
    first = visit(f"{DAY} 10:00", "p", 1, contact="U1")
    short = visit("2025-04-02 10:00", "p", 2, 2, contact="U1")
    second = visit("2025-04-03 10:00", "p", 3, contact="U1")
    seen = [
        view(f"{DAY} 10:05", "p", 1, "A", 30, contact="U1"),
        view("2025-04-03 10:05", "p", 3, "A", 35, contact="U1"),
        view("2025-04-03 10:06", "p", 3, "B", 5, contact="U1"),
    ]
    shop.load([*first, *short, *seen[:1]], contacts=[contact("U1", "K1")])
    assert tasks(shop.tenant_id, "repeat_visit") == []
    shop.load([*second, *seen[1:]])
    task = one(shop.tenant_id, "repeat_visit", "2025-04-03 12:00")
    assert (task.value, task.detail["visits"], task.state) == (40, 2, "open")
    assert one(shop.tenant_id, "repeat_visit", "2025-04-17 10:00").state == "expired"
    shop.load(visit("2025-04-18 10:00", "p", 4, contact="U1"))
    again = one(shop.tenant_id, "repeat_visit", "2025-04-18 12:00")
    assert (again.state, again.detail["visits"], again.task_id) == ("open", 3, task.task_id)


def test_repeat_visits_are_worth_at_most_the_mean_of_earlier_orders(shop: Shop) -> None:
    shop.load(
        [
            purchase("2025-03-01 10:00", "p", 1, contact="U1", transaction_id="T1", revenue=20),
            purchase("2025-03-02 10:00", "p", 2, contact="U1", transaction_id="T2", revenue=40),
            *visit(f"{DAY} 10:00", "p", 3, contact="U1"),
            view(f"{DAY} 10:05", "p", 3, "A", 300, contact="U1"),
            *visit(f"{DAY} 15:00", "p", 4, contact="U1"),
        ],
        contacts=[contact("U1", "K1")],
    )
    task = one(shop.tenant_id, "repeat_visit")
    assert (task.value, task.is_known_buyer) == (30, True)


def test_a_known_contact_who_bounced_twice_on_product_pages(shop: Shop) -> None:
    def bounce(ts: str, session: int, name: str) -> Row:
        return event(
            "view_item",
            ts,
            "p",
            session,
            items=[item(name, price=8)],
            contact="U1",
            engaged=0,
        )

    shop.load([bounce(f"{DAY} 10:00", 1, "A")], contacts=[contact("U1", "K1")])
    assert tasks(shop.tenant_id, "bounce") == []
    shop.load([bounce(f"{MONDAY} 10:00", 2, "B")])
    task = one(shop.tenant_id, "bounce", f"{MONDAY} 12:00")
    assert (task.value, task.detail["visits"], task.state) == (16, 2, "open")


def test_reach_relationship_and_owner_come_from_the_customer_file_and_orders(shop: Shop) -> None:
    people = [
        ContactRow(
            "U1",
            name="Jane Doe",
            email="jane@k1.test",
            phone="555",
            account_owner="Ann",
            buying_company_erp_id="K1",
            buying_company_name="Kay One",
        ),
    ]
    order = purchase("2025-01-05 10:00", "p", 9, contact="U1", transaction_id="T", revenue=9)
    shop.load([order, *CART], until=TUESDAY, contacts=people)
    task = one(shop.tenant_id, "cart")
    assert (task.reach, task.is_known_buyer, task.owner) == (10, True, "Ann")
    assert (task.customer_name, task.contact_name) == ("Kay One", "Jane Doe")
    shop.load([], contacts=[ContactRow("U1", name="Jane Roe", email="jane@k1.test")])
    task = one(shop.tenant_id, "cart")
    assert (task.reach, task.owner, task.customer_name) == (4, None, "Jane Roe")


@pytest.mark.parametrize(
    ("arguments", "score"),
    [
        ("2, 20, ln(1 + 2340), 5000, '2025-01-01', '2025-01-02', 10::int2", 89.1),
        ("7, 8, ln(1 + 15234.5), 5000, '2025-01-01', '2025-01-03', 10::int2", 83.5),
    ],
)
def test_scores_of_the_definition(shop: Shop, arguments: str, score: float) -> None:
    ((found,),) = shop.rows(f"select _task_score({arguments}, true)")
    assert Decimal(str(score)) == round(Decimal(found), 1)
