"""What stays in the oracle's carts: lines, prices, values, branch."""

from datetime import date
from decimal import Decimal

from .handmade import daily, oracle_of, overview
from .rows import add_to_cart, begin_checkout, item, remove_from_cart

APRIL = daily("2025-04-01", "2025-04-30")
A = item("A", price=10)


def test_quantity_runs_in_order_and_never_below_nothing() -> None:
    rows = [
        remove_from_cart("2025-04-07 10:00", items=[item("A", quantity=5)]),
        add_to_cart("2025-04-07 10:01", items=[item("A", price=10), item("A", quantity=-3)]),
        begin_checkout("2025-04-07 10:02", items=[item("A", price=99, quantity=7)]),
        add_to_cart("2025-04-07 10:03", items=[item("A", price=12), item(name="A", price=1)]),
        add_to_cart("2025-04-07 10:03:01", items=[item("A")]),
        remove_from_cart("2025-04-07 10:04", items=[item("A", price=50), item(name="(not set)")]),
        add_to_cart("2025-04-07 10:05", items=[item("(not set)", name="B"), item("", price=5)]),
    ]
    (cart,) = oracle_of(rows).carts()
    assert [(line.item, line.quantity, line.price) for line in cart.lines] == [
        (("id", "A"), Decimal(1), Decimal(12)),
        (("name", "A"), Decimal(1), Decimal(1)),
        (("name", "B"), Decimal(1), None),
    ]
    assert (cart.value, cart.is_value_incomplete, cart.has_checkout) == (Decimal(13), True, True)


def test_an_emptied_cart_and_one_without_items_are_not_abandoned() -> None:
    rows = [
        add_to_cart("2025-04-07 10:00", "p1", 1, items=[A]),
        remove_from_cart("2025-04-07 10:01", "p1", 1, items=[A]),
        begin_checkout("2025-04-07 10:00", "p2", 1, items=[A]),
        add_to_cart("2025-04-07 10:00", "p3", 1),
    ]
    oracle = oracle_of(rows, loaded=APRIL)
    assert [cart.lines for cart in oracle.carts()] == [(), (), ()]
    assert overview(oracle, "2025-04-07")["abandoned_carts"] == 0


def test_a_cart_is_counted_in_the_branch_last_seen_in_the_chain() -> None:
    rows = [
        add_to_cart("2025-04-07 10:00", "p1", 1, contact="U1", branch="D01", items=[A]),
        add_to_cart("2025-04-07 11:00", "p1", 2, contact="U1", items=[A]),
    ]
    oracle = oracle_of(rows, loaded=APRIL)
    day = date(2025, 4, 7)
    counts = [oracle.overview(day, day, [branch])["abandoned_carts"] for branch in ("D01", None)]
    assert counts == [1, 0]
