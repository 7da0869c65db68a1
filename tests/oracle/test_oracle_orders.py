"""The oracle's orders, repeats, refunds and currencies: worked examples and edges."""

from datetime import date
from decimal import Decimal

import pytest

from .handmade import oracle_of, overview, some
from .rows import Batch, Row, item, page_view, purchase, refund

DAY = "2025-04-01"
ORDER: Row = {"transaction_id": "T1"}


def test_worked_example_of_gross_refunds_and_net() -> None:
    rows = [
        purchase(f"{DAY} 10:00", transaction_id="T1", revenue=1000, currency="USD"),
        purchase(f"{DAY} 11:00", transaction_id="T2", revenue=400),
        purchase(f"{DAY} 12:00", transaction_id="T3", revenue=90, currency="EUR"),
        refund(f"{DAY} 13:00", transaction_id="T1", amount=150),
    ]
    found = overview(oracle_of(rows), DAY)
    assert some(found, "revenue", "refunds", "net_revenue", "orders") == (1400, 150, 1250, 3)
    assert found["other_currencies"] == [
        {"currency": "EUR", "orders": 1, "revenue": 90, "refunds": 0, "net_revenue": 90}
    ]


def test_first_purchase_of_a_transaction_wins_at_any_distance() -> None:
    rows = [
        purchase("2025-06-01 10:00", "p9", 9, transaction_id=" T1 ", revenue=7, branch="D02"),
        purchase(f"{DAY} 10:00", transaction_id="T1", revenue=5, branch="D01"),
    ]
    oracle = oracle_of(rows)
    assert some(overview(oracle, DAY), "orders", "revenue", "duplicate_orders") == (1, 5, 0)
    june = date(2025, 6, 1)
    counts = ("orders", "revenue", "duplicate_orders", "conversion_rate")
    assert some(oracle.overview(june, june, ["D02"]), *counts) == (0, 0, 1, 0)


@pytest.mark.parametrize(
    "placeholder",
    ["", " ", "(not set)", "(NOT SET)", "null", "NULL", "0", "undefined", "-1", "{{order}}", None],
)
@pytest.mark.parametrize(
    ("other", "orders"),
    [
        ({"ts": f"{DAY} 10:00:00.9"}, 1),
        ({"ts": f"{DAY} 10:00:01"}, 2),
        ({"session": 101}, 2),
        ({"revenue": 6}, 2),
        ({"visitor": None}, 2),
    ],
)
def test_placeholder_ids_fall_back_to_session_second_and_revenue(
    placeholder: str | None, other: Row, orders: int
) -> None:
    first: Row = {"ts": f"{DAY} 10:00:00.1", "revenue": 5, "transaction_id": placeholder}
    found = overview(oracle_of([purchase(**first), purchase(**(first | other))]), DAY)
    assert some(found, "orders", "duplicate_orders") == (orders, 2 - orders)


def test_cookieless_placeholders_are_one_order_per_second_and_revenue() -> None:
    rows = [
        purchase(f"{DAY} 10:00", None, None, revenue=5),
        purchase(f"{DAY} 10:00", None, 3, revenue=5),
    ]
    assert overview(oracle_of(rows), DAY)["orders"] == 1


def test_without_a_session_placeholders_are_one_order_per_subject_second_and_revenue() -> None:
    rows = [
        purchase(f"{DAY} 10:00", "p1", None, revenue=5, contact="U1"),
        purchase(f"{DAY} 10:00", "p2", None, revenue=5, contact="U1"),
        purchase(f"{DAY} 10:00", "p1", None, revenue=5),
        purchase(f"{DAY} 10:00", None, None, revenue=5, company="U1"),
    ]
    found = overview(oracle_of(rows), DAY)
    assert some(found, "orders", "duplicate_orders", "cookieless_events") == (3, 1, 0)


@pytest.mark.parametrize(
    ("revenue", "value", "expected", "without"),
    [
        (44.8, 40, "44.8", 0),
        (0, 40, "0", 0),
        (None, 40, "40", 0),
        (None, 40.5, "40.5", 0),
        ("NaN", None, "0", 1),
        ("NaN", 40, "40", 0),
        (None, "NaN", "0", 1),
        (None, "", "0", 1),
        (0.1234565, None, "0.123456", 0),
    ],
)
def test_revenue_is_purchase_revenue_else_value_else_nothing(
    revenue: float, value: float, expected: str, without: int
) -> None:
    row = purchase(f"{DAY} 10:00", **ORDER, revenue=revenue, value=value)
    found = overview(oracle_of([row]), DAY)
    assert some(found, "revenue", "orders_without_revenue") == (Decimal(expected), without)


def refunds_of(*rows: Row, days: tuple[str, str] = (DAY, DAY)) -> Decimal:
    order = purchase(f"{DAY} 10:00", **ORDER, revenue=100)
    total: Decimal = overview(oracle_of([order, *rows]), *days)["refunds"]
    return total


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        ({"amount": 30, "value": 20}, 30),
        ({"value": 20}, 20),
        ({"items": [item("A", price=8, quantity=2), item("B", price=3), item("C")]}, 19),
        ({"items": [item("A")]}, 100),
        ({}, 100),
        ({"amount": "NaN"}, 100),
        ({"amount": 0}, 0),
        ({"amount": 130}, 100),
    ],
)
def test_refund_is_its_value_else_its_items_else_the_whole_order(told: Row, amount: int) -> None:
    row = refund(f"{DAY} 11:00", transaction_id="T1", **told)
    assert refunds_of(row) == amount


def test_equal_refunds_of_one_second_count_once() -> None:
    def give(second: str, amount: int) -> Row:
        return refund(f"{DAY} 11:00:{second}", transaction_id="T1", amount=amount)

    assert refunds_of(give("00.1", 10), give("00.9", 10)) == 10
    assert refunds_of(give("00", 10), give("01", 10)) == 20
    assert refunds_of(give("00", 10), give("00", 11)) == 21


def test_refunds_in_time_order_never_exceed_the_order() -> None:
    rows = [
        refund("2025-04-03 10:00", **ORDER, amount=60),
        refund("2025-04-02 10:00", **ORDER, amount=70),
        refund("2025-04-04 10:00", **ORDER),
    ]
    days = ("2025-04-02", "2025-04-03", "2025-04-04")
    by_day = [refunds_of(*rows, days=(day, day)) for day in days]
    assert by_day == [70, 30, 0]


def test_refund_of_an_unknown_order_counts_by_its_own_date_and_branch() -> None:
    rows = [
        refund(f"{DAY} 10:00", transaction_id="T7", amount=40, branch="D02"),
        refund(f"{DAY} 10:00", transaction_id="T8", branch="D02"),
    ]
    oracle, day = oracle_of(rows), date.fromisoformat(DAY)
    assert some(oracle.overview(day, day, ["D02"]), "refunds", "net_revenue") == (40, -40)


def test_refund_attaches_to_an_order_that_arrives_and_takes_its_branch_and_currency() -> None:
    rows = [
        refund(f"{DAY} 10:00", "p2", 1, **ORDER, branch="D02"),
        purchase("2025-04-02 10:00", **ORDER, revenue=50, branch="D01", currency="EUR"),
    ]
    oracle, day = oracle_of(rows), date.fromisoformat(DAY)
    (euro,) = oracle.overview(day, day, ["D01"])["other_currencies"]
    assert some(euro, "currency", "orders", "refunds", "net_revenue") == ("EUR", 0, 50, -50)
    assert oracle.overview(day, day, ["D02"])["refunds"] == 0


def test_refund_without_a_real_id_never_attaches() -> None:
    rows = [
        purchase(f"{DAY} 10:00", transaction_id="(not set)", revenue=5, currency="EUR"),
        refund(f"{DAY} 10:00", transaction_id="(not set)", amount=5, branch="D01"),
        refund(f"{DAY} 10:00", transaction_id="(not set)", branch="D01"),
    ]
    found = overview(oracle_of(rows), DAY)
    assert found["refunds"] == 5
    assert [euro["refunds"] for euro in found["other_currencies"]] == [0]


@pytest.mark.parametrize("batch", [(1, 1, 1), (None, None, None)])
def test_at_one_instant_the_order_comes_last(batch: Batch) -> None:
    rows = [
        page_view(f"{DAY} 09:59", branch="D00"),
        purchase(f"{DAY} 10:00", **ORDER, batch=batch),
        page_view(f"{DAY} 10:00", branch="D01", batch=(2, 1, 1)),
    ]
    (order,) = oracle_of(rows).orders()
    assert order.branch == "D01"


def test_ties_are_broken_by_batch_order_with_nulls_first() -> None:
    rows = [
        purchase(f"{DAY} 10:00", **ORDER, revenue=1, batch=(2, 1, 1)),
        purchase(f"{DAY} 10:00", **ORDER, revenue=2, batch=(1, 2, 1)),
        purchase(f"{DAY} 10:00", **ORDER, revenue=4, batch=(1, 1, 2)),
    ]
    assert overview(oracle_of(rows), DAY)["revenue"] == 4
    unknown = purchase(f"{DAY} 10:00", **ORDER, revenue=8)
    assert overview(oracle_of([*rows, unknown]), DAY)["revenue"] == 8
