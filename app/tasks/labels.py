"""What the pages call states, outcomes, reasons and steps, and how they write an age."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from app.format import SPACE
from app.tasks.queries import Task
from app.tasks.types import TYPE_LABELS

__all__ = ["TYPE_LABELS"]  # for templates, which read this module as `words`

STATE_NAMES = {
    "open": "Open",
    "in_progress": "In progress",
    "snoozed": "Snoozed",
    "done": "Done",
    "closed": "Closed automatically",
    "expired": "Expired",
}
STATE_KINDS = {"open": "busy", "in_progress": "busy", "snoozed": "warn", "done": "good"}
OUTCOME_NAMES = {
    "won": "Won",
    "will_order_later": "Will order later",
    "no_answer": "No answer",
    "not_interested": "Not interested",
    "not_relevant": "Not relevant or wrong data",
}
# Which reasons an outcome may have; only ordered_elsewhere has an amount.
REASONS = {
    "won": {"ordered_elsewhere": "Ordered by phone or at the counter"},
    "not_interested": {
        "price": "Price",
        "availability": "Availability or delivery",
        "bought_from_another": "Bought elsewhere",
        "no_need": "No longer needed",
        "other": "Something else",
    },
    "not_relevant": {
        "wrong_data": "The data is wrong",
        "internal": "A colleague or a test",
        "wrong_person": "Not the right person",
        "other": "Something else",
    },
}
REASON_NAMES = {name: label for reasons in REASONS.values() for name, label in reasons.items()}
CLOSED_NAMES = {
    "recovered": "Recovered: the customer ordered",
    "ordered": "The customer ordered",
    "refunded": "Fully refunded",
    "emptied": "The cart was emptied",
    "fixed": "Every term was fixed",
    "data_changed": "The data changed",
}
ACTION_NAMES = {
    "call": "logged a call",
    "done": "finished it",
    "snooze": "snoozed it",
    "wake": "resumed it",
    "assign": "assigned it",
    "note": "added a note",
    "start": "started it",
    "reopen": "reopened it",
    "undo": "undid a step",
    "closed": "closed",
    "expired": "expired",
    "vanished": "its evidence vanished",
    "returned": "its evidence came back",
}


def customer_name(task: Task) -> str:
    """Whom a task is about, in words for who has no name."""
    if task.customer_name:
        return task.customer_name
    if task.contact_id or task.company_id:
        return f"Customer {task.company_id or task.contact_id}"
    return "Unknown visitor"


def age(since: datetime, now: datetime) -> str:
    """How long ago, in its largest unit: 40 min, 5 h, 3 d."""
    passed = max(now - since, timedelta())
    if passed < timedelta(hours=1):
        return f"{passed.seconds // 60}{SPACE}min"
    if passed < timedelta(days=1):
        return f"{passed.seconds // 3600}{SPACE}h"
    return f"{passed.days}{SPACE}d"


def amount(value: object) -> Decimal | None:
    """A number of a task's detail as money is written."""
    return None if value is None else Decimal(str(value))
