"""Orders out of purchase events, and what refunds take from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from .event import PURCHASE, REFUND, Event, money

ZERO = Decimal(0)

OrderKey: TypeAlias = tuple[object, ...]


@dataclass(frozen=True, eq=False)
class Order:
    """The first purchase event of its key."""

    key: OrderKey
    anchor: Event
    revenue: Decimal
    currency: str

    @property
    def branch(self) -> str | None:
        """The winning event's branch."""
        return self.anchor.branch


@dataclass(frozen=True, eq=False)
class Refund:
    """What one refund event really gives back; its order's branch when the order is known."""

    anchor: Event
    order: Order | None
    amount: Decimal
    currency: str

    @property
    def branch(self) -> str | None:
        """Its order's branch, else its own event's."""
        return self.anchor.branch if self.order is None else self.order.branch


def find_transaction(event: Event) -> str | None:
    """The transaction id without spaces around it, or None for a missing one."""
    return (event.transaction_id or "").strip() or None


def order_key(event: Event) -> OrderKey:
    """The transaction, else what stands in for it: session, subject or '-', second, revenue."""
    transaction = find_transaction(event)
    if transaction is not None:
        return ("transaction", transaction)
    whose = event.session_id or _subject(event) or "-"
    return ("event", whose, event.micros // 1_000_000, event.raw_amount or ZERO)


def _subject(event: Event) -> tuple[str, str] | None:
    """Whose an event without a session is: contact, else company, else device."""
    named = (("contact", event.contact), ("company", event.company), ("device", event.visitor))
    return next(((kind, name) for kind, name in named if name is not None), None)


def build_orders(events: Iterable[Event], reporting: str) -> tuple[list[Order], list[Event]]:
    """Orders of the events (in order), and the repeated purchase events that were dropped."""
    orders: dict[OrderKey, Order] = {}
    repeats: list[Event] = []
    for event in events:
        if event.name != PURCHASE:
            continue
        key = order_key(event)
        if key in orders:
            repeats.append(event)
            continue
        orders[key] = Order(key, event, event.amount or ZERO, event.currency or reporting)
    return list(orders.values()), repeats


def told_amount(event: Event) -> Decimal | None:
    """What a refund event says it is worth: its value, else its items; None means everything.

    The sign of amounts and quantities means nothing: some shops send refunds as negative.
    """
    if event.amount is not None:
        return abs(event.amount)
    worth = [item.price * abs(item.pieces) for item in event.items if item.price is not None]
    return money(abs(sum(worth, ZERO))) if worth else None


def build_refunds(events: Iterable[Event], orders: Iterable[Order], reporting: str) -> list[Refund]:
    """Refunds of the events (in order): equal ones of a second once, never beyond the order."""
    by_key = {order.key: order for order in orders}
    remaining = {order.key: max(order.revenue, ZERO) for order in orders}
    seen: set[OrderKey] = set()
    refunds: list[Refund] = []
    for event in events:
        if event.name != REFUND:
            continue
        key, told = order_key(event), told_amount(event)
        once = (key, event.micros // 1_000_000, told)
        if once in seen:
            continue
        seen.add(once)
        order = by_key.get(key) if find_transaction(event) is not None else None
        amount = max(told or ZERO, ZERO)
        if order is not None:
            amount = remaining[key] if told is None else min(amount, remaining[key])
            remaining[key] -= amount
        currency = event.currency or (reporting if order is None else order.currency)
        refunds.append(Refund(event, order, amount, currency))
    return refunds
