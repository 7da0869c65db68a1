"""How a card says things: one sentence a reason, and an id the page can swap."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from app.format import Format, plural
from app.tasks.queries import Task

ICONS = {
    "cart": "cart",
    "no_results": "search",
    "no_conversion": "search",
    "repeat_visit": "eye",
    "purchase": "order",
    "bounce": "door",
}


def card_id(customer_key: str) -> str:
    """An id for markup that no customer's name can break."""
    return f"card_{hashlib.sha256(customer_key.encode()).hexdigest()[:16]}"


def describe(task: Task, fmt: Format) -> str:
    """What there is to talk about: 'Cart $2,340 · 3 lines · left yesterday 16:20'."""
    return " · ".join(part for part in _WORDS[task.task_type](task, fmt) if part)


def _worth(task: Task, fmt: Format) -> str:
    if task.value is None or not task.value:
        return ""
    amount = fmt.money_short(task.value, task.currency or None)
    return f"est. {amount}" if task.is_estimate else amount


def _cart(task: Task, fmt: Format) -> Sequence[str]:
    lines = len(task.detail.get("lines", ()))
    return (
        f"Cart {_worth(task, fmt)}".strip(),
        f"{lines} {plural(lines, 'line')}",
        "reached the checkout" if task.has_checkout else "",
        f"left {fmt.when(task.last_at)}",
    )


def _no_results(task: Task, fmt: Format) -> Sequence[str]:
    return (f"Searched {_terms(task.detail)}, found nothing", fmt.when(task.last_at))


def _no_conversion(task: Task, fmt: Format) -> Sequence[str]:
    return (
        f"Searched {_terms(task.detail)}, did not order",
        _worth(task, fmt),
        fmt.when(task.last_at),
    )


def _repeat_visit(task: Task, fmt: Format) -> Sequence[str]:
    visits = int(task.detail.get("visits", 0))
    return (f"{visits} {plural(visits, 'visit')}", _items(task.detail), _since(task, fmt))


def _purchase(task: Task, fmt: Format) -> Sequence[str]:
    order = task.detail.get("transaction_id") or "an order"
    first = "first order" if task.detail.get("is_first") else ""
    return (f"Ordered {_worth(task, fmt)}".strip(), str(order), first, fmt.when(task.last_at))


def _bounce(task: Task, fmt: Format) -> Sequence[str]:
    return ("Left product pages at once", _items(task.detail), f"last {fmt.when(task.last_at)}")


def _since(task: Task, fmt: Format) -> str:
    return f"last {fmt.when(task.last_at)}"


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


_WORDS = {
    "cart": _cart,
    "no_results": _no_results,
    "no_conversion": _no_conversion,
    "repeat_visit": _repeat_visit,
    "purchase": _purchase,
    "bounce": _bounce,
}
