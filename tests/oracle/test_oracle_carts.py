"""The oracle's cart chains: the worked example, what ends a chain, what stays in it."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from . import Cart, SourceKind
from .handmade import daily, oracle_of, overview, some
from .rows import Row, add_to_cart, item, page_view, purchase, remove_from_cart

APRIL = daily("2025-04-01", "2025-05-30")
COMPANY = [
    {"user_id": "U1", "buying_company_erp_id": "C1"},
    {"user_id": "U2", "buying_company_erp_id": "C1"},
]
A = item("A", price=10)


def carts_of(*rows: Row) -> list[Cart]:
    return oracle_of(rows, contacts=COMPANY, loaded=APRIL).carts()


def endings(*rows: Row) -> list[str | None]:
    return [cart.ended_by for cart in carts_of(*rows)]


def worked_example() -> list[Row]:
    first: Row = {"visitor": "p1", "session": 1, "contact": "U1", "branch": "D01"}
    second: Row = {"visitor": "p2", "session": 1, "contact": "U1", "branch": "D02"}
    items = [item("A", price=1000, quantity=2), item("B", price=340, quantity=1)]
    return [
        add_to_cart("2025-04-07 10:00", **first, items=items),
        remove_from_cart("2025-04-07 10:05", **first, items=[item("A", quantity=1)]),
        add_to_cart("2025-04-07 15:00", **second, items=[item("C", price=1000, quantity=1)]),
    ]


def test_worked_example_is_one_cart_abandoned_on_tuesday() -> None:
    (cart,) = carts_of(*worked_example())
    assert (cart.subject, cart.branch, cart.value) == (("contact", "U1"), "D02", Decimal(2340))
    assert [line.item[1] for line in cart.lines] == ["A", "B", "C"]
    assert {line.quantity for line in cart.lines} == {Decimal(1)}
    assert (cart.ended_by, cart.closing_order, cart.is_value_incomplete) == ("idle", None, False)
    assert cart.first == datetime(2025, 4, 7, 10, tzinfo=UTC)
    tuesday = datetime(2025, 4, 8, 15, tzinfo=UTC)
    assert cart.is_abandoned(lambda _: tuesday)
    assert not cart.is_abandoned(lambda _: tuesday.replace(hour=14, minute=59))


def test_worked_example_is_recovered_by_the_company_on_thursday_and_still_counts() -> None:
    order = purchase("2025-04-10 09:00", "p3", 1, contact="U2", transaction_id="T1", revenue=9)
    oracle = oracle_of([*worked_example(), order], contacts=COMPANY, loaded=APRIL)
    (cart,) = oracle.carts()
    assert cart.ended_by == "order"
    assert cart.closing_order is oracle.orders()[0]
    counts = ("abandoned_carts", "abandoned_cart_value")
    assert some(overview(oracle, "2025-04-07"), *counts) == (1, 2340)
    assert some(overview(oracle, "2025-04-08", "2025-04-30"), *counts) == (0, 0)


@pytest.mark.parametrize(
    ("order_at", "abandoned"), [("2025-04-08 15:00", 0), ("2025-04-08 15:00:00.000001", 1)]
)
def test_an_order_within_24_hours_saves_the_cart(order_at: str, abandoned: int) -> None:
    order = purchase(order_at, "p1", 2, transaction_id="T1", revenue=9)
    oracle = oracle_of([*worked_example(), order], loaded=APRIL)
    assert overview(oracle, "2025-04-07")["abandoned_carts"] == abandoned


def test_a_cart_is_abandoned_only_when_its_24_hours_are_loaded() -> None:
    rows = [*worked_example(), page_view("2025-04-08 15:00", "p7", 1)]
    loaded = daily("2025-04-07", "2025-04-08")
    same_day = daily("2025-04-07", "2025-04-07")
    late = loaded | {date(2025, 4, 8): SourceKind.INTRADAY}
    gap = same_day | daily("2025-04-09", "2025-04-12")
    followed = late | daily("2025-04-09", "2025-04-09")
    now, settled = datetime(2025, 4, 13, 23, tzinfo=UTC), datetime(2025, 4, 14, tzinfo=UTC)
    counts = [
        overview(oracle_of(rows[:kept], loaded=days, now=at), "2025-04-07")["abandoned_carts"]
        for kept, days, at in (
            (3, same_day, now),
            (3, late, now),
            (4, late, now),
            (3, loaded, now),
            (3, gap, now),
            (3, followed, now),
            (3, late, settled),
        )
    ]
    assert counts == [0, 0, 1, 1, 0, 1, 1]


def test_an_order_covers_activity_up_to_its_own_instant() -> None:
    first, second = carts_of(
        add_to_cart("2025-04-07 10:00", items=[A]),
        purchase("2025-04-07 10:00", transaction_id="T1", revenue=10),
        add_to_cart("2025-04-07 10:00", "p1.1", 100, items=[A], batch=(9, 9, 9)),
        add_to_cart("2025-04-07 10:01", items=[item("B", price=1)]),
    )
    assert [line.quantity for line in first.lines] == [2]
    assert (first.ended_by, [line.item for line in second.lines]) == ("order", [("id", "B")])
    assert second.closing_order is None


@pytest.mark.parametrize(
    ("order", "ends"),
    [
        ({"visitor": "p9", "session": 1, "contact": "U1"}, True),
        ({"visitor": "p9", "session": 1, "contact": "U2"}, True),
        ({"visitor": "p9", "session": 1, "company": "C1"}, True),
        ({"visitor": "p1", "session": 9}, True),
        ({"visitor": "p1", "session": 9, "contact": "U9"}, True),
        ({"visitor": "p9", "session": 1, "contact": "U9"}, False),
        ({"visitor": "p9", "session": 1}, False),
        ({"visitor": "p1", "session": None, "contact": "U1"}, True),
        ({"visitor": "p1", "session": None}, True),
        ({"visitor": None, "session": None, "contact": "U1"}, True),
        ({"visitor": None, "session": None, "company": "C1"}, True),
        ({"visitor": None, "session": None, "contact": "undefined"}, False),
        ({"visitor": None, "session": None}, False),
    ],
)
def test_an_order_of_contact_company_or_device_ends_a_chain(order: Row, ends: bool) -> None:
    cart: Row = {"visitor": "p1", "session": 1, "contact": "U1", "items": [A]}
    found = endings(
        add_to_cart("2025-04-07 10:00", **cart),
        purchase("2025-04-08 10:00", transaction_id="T1", **order),
        add_to_cart("2025-04-09 10:00", **cart),
    )
    assert found == (["order", "idle"] if ends else ["idle"])


def test_a_device_met_only_after_an_order_does_not_let_it_end_the_chain() -> None:
    found = endings(
        add_to_cart("2025-04-07 10:00", "p1", 1, contact="U1", items=[A]),
        purchase("2025-04-08 10:00", "p2", 1, transaction_id="T1"),
        add_to_cart("2025-04-09 10:00", "p2", 2, contact="U1", items=[A]),
    )
    assert found == ["idle"]


def test_the_first_matching_order_closes_the_chain() -> None:
    rows = [
        add_to_cart("2025-04-07 10:00", "p1", 1, contact="U1", items=[A]),
        purchase("2025-04-10 10:00", "p1", 2, transaction_id="T3"),
        purchase("2025-04-09 10:00", "p9", 1, contact="U2", transaction_id="T2"),
        purchase("2025-04-08 10:00", "p9", 2, contact="U9", transaction_id="T1"),
    ]
    (cart,) = carts_of(*rows)
    assert cart.closing_order is not None
    assert cart.closing_order.key == ("transaction", "T2")


def test_a_repeated_purchase_ends_nothing() -> None:
    found = endings(
        purchase("2025-04-06 10:00", transaction_id="T1"),
        add_to_cart("2025-04-07 10:00", items=[A]),
        purchase("2025-04-08 10:00", transaction_id="T1"),
    )
    assert found == ["idle"]


def test_more_than_thirty_days_without_evidence_end_a_chain() -> None:
    first = add_to_cart("2025-04-01 10:00", items=[A])
    assert endings(first, add_to_cart("2025-05-01 10:00", items=[A])) == [None]
    late = add_to_cart("2025-05-01 10:00:00.000001", items=[A])
    assert endings(first, late) == ["idle", None]
    assert endings(first, purchase("2025-05-01 10:00", transaction_id="T1")) == ["order"]
    order = purchase("2025-05-01 10:00:00.000001", transaction_id="T1")
    assert endings(first, order) == ["idle"]


def test_the_subject_is_contact_else_company_else_device() -> None:
    found = carts_of(
        add_to_cart("2025-04-07 10:00", "p1", 1, contact="U1", company="C7", items=[A]),
        add_to_cart("2025-04-07 10:01", "p2", 1, company="C7", items=[A]),
        add_to_cart("2025-04-07 10:02", "p3", 1, items=[A]),
        add_to_cart("2025-04-07 10:03", "p4", 1, items=[A]),
        page_view("2025-04-07 10:04", "p4", 1, contact="U8"),
        add_to_cart("2025-04-07 10:05", None, None, contact="U7", items=[A]),
        add_to_cart("2025-04-07 10:06", None, 5, items=[A]),
    )
    subjects = [
        ("contact", "U1"),
        ("company", "C7"),
        ("device", "p3"),
        ("contact", "U8"),
        ("contact", "U7"),
    ]
    assert [cart.subject for cart in found] == subjects
