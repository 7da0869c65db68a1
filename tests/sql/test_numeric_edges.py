"""The edges of what scores, factors and prices are computed from: no value ends in an error."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from app.tasks.score import score_parts
from app.tasks.types import TASK_TYPES
from tests.oracle.rows import add_to_cart, failed_search, item, purchase, search
from tests.sql.conftest import Shop
from tests.sql.tasks import tasks

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
AGES = (
    timedelta(0),
    timedelta(microseconds=1),
    timedelta(days=-1),
    timedelta(days=-18_263),
    timedelta(days=2_149),
    timedelta(days=2_150),
    timedelta(days=18_263),
)
WORTHS = (None, "0", "-50", "0.000001", "1000000000000")


@pytest.mark.parametrize("task_type", TASK_TYPES)
@pytest.mark.parametrize("p90", [None, "0", "1e-30", "0.000001", "5000", "1000000000000"])
def test_a_score_exists_for_every_age_and_value(
    shop: Shop, task_type: str, p90: str | None
) -> None:
    for age in AGES:
        for worth in WORTHS:
            row = shop.superuser.execute(
                "select _task_score(y.half_life_days, y.intent,"
                " ln(1 + greatest(%s::numeric, 0)::float), %s::numeric, %s, %s, 0::smallint, false)"
                " from _task_types() as y where y.task_type = %s",
                (worth, p90, NOW - age, NOW, task_type),
            ).fetchone()
            assert row is not None
            ours = _python_score(task_type, age, worth, p90)
            assert row[0] == pytest.approx(ours, abs=1e-9), (age, worth)
            assert 0 <= row[0] <= 100


def _python_score(task_type: str, age: timedelta, worth: str | None, p90: str | None) -> float:
    task = SimpleNamespace(
        task_type=task_type,
        value=None if worth is None else Decimal(worth),
        last_at=NOW - age,
        has_checkout=False,
        reach=0,
        is_known_buyer=False,
    )
    scale = None if p90 is None else Decimal(p90)
    parts = score_parts(task, scale, NOW, is_reporting=True)  # type: ignore[arg-type]
    return sum(part.points for part in parts)


def test_the_recency_of_50_years_is_nothing(shop: Shop) -> None:
    ((points,),) = shop.rows(
        "select _task_score(14, 4, null, null, now() - interval '50 years', now(), 0::smallint,"
        " false)"
    )
    assert points == 4


def test_a_cart_of_50_years_is_listed_with_a_score(shop: Shop) -> None:
    price = 1e12 - 1
    shop.load(
        [
            add_to_cart("2025-04-01 10:00", "p", 1, contact="U1", items=[item("A", price=price)]),
            add_to_cart("2025-04-01 10:00", "q", 1, contact="U2", items=[item("A", price=0)]),
        ],
        until="2025-04-02",
    )
    found = tasks(shop.tenant_id, "cart", "2075-04-03 10:00")
    assert sorted((task.value, round(task.score, 6)) for task in found) == [
        (0, 15),
        (999_999_999_999, 55),
    ]


def test_an_average_order_below_zero_gives_no_estimate_and_no_error(shop: Shop) -> None:
    day = "2025-04-01"
    rows = [search(f"{day} 10:{n:02d}", "bolt", f"s{n}", n, contact=f"S{n}") for n in range(20)]
    rows += [failed_search(f"{day} 12:00", "nut", "f", 99, contact="U1")]
    rows += [purchase(f"{day} 13:00", "s1", 1, transaction_id="T1", revenue=-500, contact="S1")]
    shop.load(rows)
    (task,) = tasks(shop.tenant_id, "no_results", f"{day} 14:00")
    assert (task.value, round(task.score)) == (None, 35)
    (order,) = tasks(shop.tenant_id, "purchase", f"{day} 14:00")
    assert order.value == -500


@pytest.mark.parametrize(
    ("price", "number"),
    [
        ("0", 0),
        ("-0.0000004", 0),
        ("0.0000005", Decimal("0.000001")),
        ("999999999999", 999_999_999_999),
        ("1e12", None),
        ("-1e12", None),
        ("1e300", None),
        ('"12"', None),
        ("null", None),
        ("true", None),
        ("[]", None),
    ],
)
def test_prices_and_quantities_of_items(shop: Shop, price: str, number: object) -> None:
    row = shop.superuser.execute("select _item_number(%s::jsonb)", (price,)).fetchone()
    assert row == (number,)


def test_a_value_without_anything_loaded_is_unknown(shop: Shop) -> None:
    day = "date '2025-04-01'"
    assert shop.rows(f"select _bounce_worth(%(t)s, {day}, {day}, null)") == [(None,)]
    assert shop.rows("select * from _task_scale(%(t)s)") == [(None, None)]
