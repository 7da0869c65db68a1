"""The types of tasks: everything that Python knows of a type stands in its row here.

SQL has the same rows in sql/functions/tasks/_task_types.sql; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.format import Format, plural
from app.tasks.queries import Task

Phrases = Sequence[str]


@dataclass(frozen=True)
class TaskType:
    """One type of task.

    `list_slug` names the list that shows it; `noun` says what the customer did. `evidence` is the
    kind of facts its chains consist of; an order is a task by itself. `half_life_days` and `intent`
    are the type's part in a score; `checkout_intent` replaces `intent` once a checkout was begun.
    `describe` gives the parts of the sentence on a card; empty parts are left out.
    """

    name: str
    label: str
    icon: str
    list_slug: str
    noun: str
    evidence: Literal["order", "cart", "search", "visit"]
    half_life_days: int
    intent: int
    describe: Callable[[Task, Format], Phrases]
    checkout_intent: int | None = None


def describe(task: Task, fmt: Format) -> str:
    """What there is to talk about: 'Cart $2,340 · 3 lines · left yesterday 16:20'."""
    return " · ".join(part for part in BY_NAME[task.task_type].describe(task, fmt) if part)


def types_of_list(slug: str) -> tuple[str, ...]:
    """The names of the types that a list shows."""
    return tuple(found.name for found in TYPES if found.list_slug == slug)


def _purchase(task: Task, fmt: Format) -> Phrases:
    order = task.detail.get("transaction_id") or "an order"
    first = "first order" if task.detail.get("is_first") else ""
    return (f"Ordered {_worth(task, fmt)}".strip(), str(order), first, fmt.when(task.last_at))


def _cart(task: Task, fmt: Format) -> Phrases:
    lines = len(task.detail.get("lines", ()))
    return (
        f"Cart {_worth(task, fmt)}".strip(),
        f"{lines} {plural(lines, 'line')}",
        "reached the checkout" if task.has_checkout else "",
        f"left {fmt.when(task.last_at)}",
    )


def _no_results(task: Task, fmt: Format) -> Phrases:
    return (f"Searched {_terms(task.detail)}, found nothing", fmt.when(task.last_at))


def _no_conversion(task: Task, fmt: Format) -> Phrases:
    searched = f"Searched {_terms(task.detail)}, did not order"
    return (searched, _worth(task, fmt), fmt.when(task.last_at))


def _repeat_visit(task: Task, fmt: Format) -> Phrases:
    visits = int(task.detail.get("visits", 0))
    last = f"last {fmt.when(task.last_at)}"
    return (f"{visits} {plural(visits, 'visit')}", _items(task.detail), last)


def _bounce(task: Task, fmt: Format) -> Phrases:
    return ("Bounced from product pages", _items(task.detail), f"last {fmt.when(task.last_at)}")


def _worth(task: Task, fmt: Format) -> str:
    if not task.value:
        return ""
    amount = fmt.money_short(task.value, task.currency or None)
    return f"est. {amount}" if task.is_estimate else amount


def _terms(detail: Mapping[str, Any]) -> str:
    terms = detail.get("terms", ())
    shown = ", ".join(
        f"“{term['term']}”" + (f" ×{term['searches']}" if term.get("searches", 1) > 1 else "")
        for term in terms[:3]
    )
    return shown + (f" and {len(terms) - 3} more" if len(terms) > 3 else "")


def _items(detail: Mapping[str, Any]) -> str:
    names = [item.get("item_name") or item.get("item_id") or "" for item in detail.get("items", ())]
    named = [name for name in names if name]
    more = f" and {len(named) - 2} more" if len(named) > 2 else ""
    return ", ".join(named[:2]) + more


TYPES = (
    TaskType(
        name="purchase",
        label="Purchase",
        icon="order",
        list_slug="purchases",
        noun="ordered",
        evidence="order",
        half_life_days=7,
        intent=8,
        describe=_purchase,
    ),
    TaskType(
        name="cart",
        label="Cart",
        icon="cart",
        list_slug="cart-abandonment",
        noun="a cart",
        evidence="cart",
        half_life_days=2,
        intent=15,
        checkout_intent=20,
        describe=_cart,
    ),
    TaskType(
        name="no_results",
        label="Found nothing",
        icon="search",
        list_slug="search-analysis",
        noun="searched and found nothing",
        evidence="search",
        half_life_days=3,
        intent=10,
        describe=_no_results,
    ),
    TaskType(
        name="no_conversion",
        label="Found, not bought",
        icon="search",
        list_slug="search-analysis",
        noun="searched and did not order",
        evidence="search",
        half_life_days=3,
        intent=12,
        describe=_no_conversion,
    ),
    TaskType(
        name="repeat_visit",
        label="Repeat visit",
        icon="eye",
        list_slug="repeat-visits",
        noun="came back again",
        evidence="visit",
        half_life_days=5,
        intent=12,
        describe=_repeat_visit,
    ),
    TaskType(
        name="bounce",
        label="Bounced visit",
        icon="door",
        list_slug="performance",
        noun="bounced",
        evidence="visit",
        half_life_days=14,
        intent=4,
        describe=_bounce,
    ),
)
BY_NAME = {found.name: found for found in TYPES}
TASK_TYPES = tuple(BY_NAME)
TYPE_LABELS = {found.name: found.label for found in TYPES}
