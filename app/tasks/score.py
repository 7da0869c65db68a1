"""Why a score is what it is: the five parts and their weights, in words.

The same formula as sql/functions/tasks/_task_score.sql; a test holds the two together.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.tasks.queries import Task
from app.tasks.types import BY_NAME

PER_FURTHER_REASON = 3
MOST = 100.0
_DAY_S = 86_400


@dataclass(frozen=True)
class Part:
    """One part of a score: `points` of at most `weight`."""

    label: str
    points: float
    weight: int
    reason: str


def score_parts(
    task: Task, value_p90: Decimal | None, now: datetime, *, is_reporting: bool
) -> tuple[Part, ...]:
    """The five parts of one task's score, in the order of their weights.

    `value_p90` is the tenant's 90th percentile of task values; `is_reporting` tells whether the
    task's value is in the reporting currency: another one counts as 0.
    """
    value = task.value if is_reporting else None
    return (
        Part("Value", value_points(value, value_p90), 40, "what it is worth"),
        Part("Recency", recency_points(task.task_type, task.last_at, now), 25, _fading(task)),
        Part("Intent", intent_points(task.task_type, task.has_checkout), 20, _intent(task)),
        Part("Reachability", float(task.reach), 10, _reach(task)),
        Part("Relationship", 5.0 if task.is_known_buyer else 0.0, 5, _relationship(task)),
    )


def card_score(scores: Sequence[float]) -> float:
    """The best reason's score and 3 for each further one, at most 100; 0 without any."""
    if not scores:
        return 0.0
    return min(MOST, max(scores) + PER_FURTHER_REASON * (len(scores) - 1))


def value_points(value: Decimal | None, value_p90: Decimal | None) -> float:
    """40·min(1, ln(1+v)/ln(1+p90)); 0 without a value or a percentile."""
    base = math.log(1 + max(float(value_p90 or 0), 0.0))
    if not value or value <= 0 or base <= 0:
        return 0.0
    return 40 * min(1.0, math.log(1 + float(value)) / base)


def recency_points(task_type: str, last_at: datetime, now: datetime) -> float:
    """25·½^(age ÷ half-life); the age is never below 0."""
    age_days = max((now - last_at).total_seconds(), 0) / _DAY_S
    return float(25 * 0.5 ** (age_days / BY_NAME[task_type].half_life_days))


def intent_points(task_type: str, has_checkout: bool) -> float:
    """By the kind of reason; a cart that reached the checkout counts most."""
    found = BY_NAME[task_type]
    return float(found.checkout_intent or found.intent if has_checkout else found.intent)


def _fading(task: Task) -> str:
    return f"halves every {BY_NAME[task.task_type].half_life_days} days"


def _intent(task: Task) -> str:
    found = BY_NAME[task.task_type]
    is_checkout = task.has_checkout and found.checkout_intent
    return f"{found.noun} that reached the checkout" if is_checkout else found.noun


def _reach(task: Task) -> str:
    words = {10: "phone and email", 6: "phone", 4: "email"}
    return words.get(task.reach, "no phone, no email")


def _relationship(task: Task) -> str:
    return "ordered in the year before" if task.is_known_buyer else "no order in the year before"
