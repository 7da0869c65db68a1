"""The parts of a score add up to what the database says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from app.tasks.score import card_score, score_parts
from app.tasks.types import TASK_TYPES, TYPES
from tests.customers.world import Superuser

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
P90 = Decimal(5_000)


def parts(
    task_type: str,
    value: str | None,
    days: float,
    *,
    checkout: bool = False,
    reach: int = 10,
    buyer: bool = True,
    p90: Decimal | None = P90,
) -> list[float]:
    task = SimpleNamespace(
        task_type=task_type,
        value=None if value is None else Decimal(value),
        last_at=NOW - timedelta(days=days),
        has_checkout=checkout,
        reach=reach,
        is_known_buyer=buyer,
    )
    return [part.points for part in score_parts(task, p90, NOW, is_reporting=True)]  # type: ignore[arg-type]


def test_a_cart_of_a_day_with_checkout_and_a_purchase_of_two_days() -> None:
    assert round(sum(parts("cart", "2340", 1, checkout=True)), 1) == 89.1
    assert round(sum(parts("purchase", "15234.50", 2)), 1) == 83.5


@pytest.mark.parametrize("task_type", TASK_TYPES)
@pytest.mark.parametrize("value", ["0", "12.50", "2340", "15234.50", None])
@pytest.mark.parametrize(("days", "p90"), [(0, P90), (1.5, P90), (40, P90), (-1, P90), (3, None)])
def test_python_and_sql_agree(
    superuser: Superuser, task_type: str, value: str | None, days: float, p90: Decimal | None
) -> None:
    for checkout, reach, buyer in ((True, 10, True), (False, 6, False), (False, 0, True)):
        row = superuser.execute(
            "select _task_score(y.half_life_days,"
            " case when %s then coalesce(y.checkout_intent, y.intent) else y.intent end,"
            " ln(1 + %s::float), %s, %s, %s, %s::smallint, %s)"
            " from _task_types() as y where y.task_type = %s",
            (checkout, value, p90, NOW - timedelta(days=days), NOW, reach, buyer, task_type),
        ).fetchone()
        ours = sum(
            parts(task_type, value, days, checkout=checkout, reach=reach, buyer=buyer, p90=p90)
        )
        assert row is not None
        assert ours == pytest.approx(row[0], abs=1e-9)


def test_python_and_sql_have_the_same_types(superuser: Superuser) -> None:
    rows = superuser.execute("select * from _task_types()").fetchall()
    ours = [(t.name, t.evidence, t.half_life_days, t.intent, t.checkout_intent) for t in TYPES]
    assert rows == ours


def test_another_currency_counts_as_no_value() -> None:
    task = SimpleNamespace(
        task_type="cart",
        value=Decimal(900),
        last_at=NOW,
        has_checkout=False,
        reach=0,
        is_known_buyer=False,
    )
    value, *_ = score_parts(task, P90, NOW, is_reporting=False)  # type: ignore[arg-type]
    assert (value.points, value.weight) == (0, 40)


def test_a_further_reason_adds_three_and_a_card_never_passes_100() -> None:
    assert card_score([89.1, 40, 12]) == pytest.approx(95.1)
    assert card_score([99, 98, 97]) == 100
    assert card_score([]) == 0
