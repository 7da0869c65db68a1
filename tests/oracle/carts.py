"""Cart chains: what a subject put in and took out until an order or a month of silence."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias

from .event import ADD, CART_ACTIVITY, CHECKOUT, REMOVE, Event
from .identity import Excluded, company_of, is_excluded
from .orders import Order

IDLE = timedelta(days=30)
WAIT = timedelta(hours=24)
ZERO = Decimal(0)

Subject: TypeAlias = tuple[str, str]
ItemKey: TypeAlias = tuple[str, str]
AsOf: TypeAlias = Callable[[Event], datetime]  # how far what follows an event is loaded


@dataclass(frozen=True)
class CartLine:
    """An item left in the cart; `price` is the last one known, or None."""

    item: ItemKey
    quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True, eq=False)
class Cart:
    """One chain of cart activity of one subject.

    `ended_by` is None while an order could still close the chain: none has come and the thirty
    days after its last activity are not all loaded.
    """

    subject: Subject
    events: tuple[Event, ...]
    lines: tuple[CartLine, ...]
    ended_by: Literal["order", "idle"] | None
    closing_order: Order | None

    @property
    def first(self) -> datetime:
        """Instant of the first activity."""
        return self.events[0].at

    @property
    def last(self) -> datetime:
        """Instant of the last activity."""
        return self.events[-1].at

    @property
    def anchor(self) -> Event:
        """A cart is counted at its last activity."""
        return self.events[-1]

    @property
    def branch(self) -> str | None:
        """The last branch seen among the chain's activity."""
        seen = [event.branch for event in self.events if event.branch is not None]
        return seen[-1] if seen else None

    @property
    def currency(self) -> str | None:
        """The last currency named among the chain's activity; None is the tenant's own."""
        seen = [event.currency for event in self.events if event.currency is not None]
        return seen[-1] if seen else None

    @property
    def has_checkout(self) -> bool:
        """Whether a checkout was begun."""
        return any(event.name == CHECKOUT for event in self.events)

    @property
    def value(self) -> Decimal:
        """Quantity times price of the lines that have a price."""
        priced = ((line.quantity, line.price) for line in self.lines)
        return sum((quantity * price for quantity, price in priced if price is not None), ZERO)

    @property
    def is_value_incomplete(self) -> bool:
        """Whether a line is left out of the value because no price is known."""
        return any(line.price is None for line in self.lines)

    def is_abandoned(self, as_of: AsOf) -> bool:
        """A line remains and the day after the last activity passed without an order."""
        if not self.lines or self.last + WAIT > as_of(self.anchor):
            return False
        return self.closing_order is None or self.closing_order.anchor.at - self.last > WAIT


class OrderBook:
    """Orders that can end a chain, found by whom they could concern."""

    def __init__(self, orders: Iterable[Order], companies: Mapping[str, str]) -> None:
        self._companies = companies
        self._by_party: dict[Subject, list[tuple[int, Order]]] = {}
        for position, order in enumerate(orders):
            for party in self._parties(order):
                self._by_party.setdefault(party, []).append((position, order))

    def _parties(self, order: Order) -> list[Subject]:
        """Contact, company and device of an order; a cookieless order has none of them."""
        event = order.anchor
        named = (
            ("contact", event.contact),
            ("company", company_of(event, self._companies)),
            ("device", event.visitor),
        )
        return [(kind, name) for kind, name in named if name is not None]

    def first_after(self, subject: Subject, chain: list[Event]) -> Order | None:
        """The first order at or after the chain's last activity that concerns the chain."""
        parties = {subject}
        for event in chain:
            parties.add(("device", event.visitor or ""))
            parties.add(("company", company_of(event, self._companies) or ""))
        candidates = {
            position: order
            for party in parties
            for position, order in self._by_party.get(party, [])
            if order.anchor.micros >= chain[-1].micros
        }
        return candidates[min(candidates)] if candidates else None


def subject_of(event: Event, companies: Mapping[str, str]) -> Subject:
    """Contact, else company, else device."""
    if event.contact is not None:
        return ("contact", event.contact)
    company = company_of(event, companies)
    return ("device", event.visitor or "") if company is None else ("company", company)


def build_carts(
    events: Iterable[Event],
    orders: Iterable[Order],
    companies: Mapping[str, str],
    as_of: AsOf,
    excluded: Excluded = (),
) -> list[Cart]:
    """Every chain of every subject, out of events and orders that are in order."""
    counted = (o for o in orders if not is_excluded(o.anchor, companies, excluded))
    book = OrderBook(counted, companies)
    by_subject: dict[Subject, list[Event]] = {}
    for event in events:
        is_evidence = event.name in CART_ACTIVITY and not event.is_cookieless
        if is_evidence and not is_excluded(event, companies, excluded):
            by_subject.setdefault(subject_of(event, companies), []).append(event)
    carts = [
        to_cart(subject, chain, following, book, as_of)
        for subject, evidence in by_subject.items()
        for chain, following in split_chains(subject, evidence, book)
    ]
    return sorted(carts, key=lambda cart: (cart.first, cart.subject))


def split_chains(
    subject: Subject, evidence: list[Event], book: OrderBook
) -> list[tuple[list[Event], Event | None]]:
    """Chains of one subject, each with the activity that follows it, if any does."""
    chains: list[tuple[list[Event], Event | None]] = []
    chain: list[Event] = []
    for event in evidence:
        if chain and has_ended(subject, chain, event, book):
            chains.append((chain, event))
            chain = []
        chain.append(event)
    return [*chains, (chain, None)]


def has_ended(subject: Subject, chain: list[Event], event: Event, book: OrderBook) -> bool:
    """Whether silence or an order lies between the chain and its next activity.

    Activity at the instant of the order still belongs before it.
    """
    if event.at - chain[-1].at > IDLE:
        return True
    order = book.first_after(subject, chain)
    return order is not None and order.anchor.micros < event.micros


def to_cart(
    subject: Subject, chain: list[Event], following: Event | None, book: OrderBook, as_of: AsOf
) -> Cart:
    """The chain with what is left in it and what ended it."""
    last = chain[-1].at
    order = book.first_after(subject, chain)
    if order is not None and order.anchor.at - last <= IDLE:
        return Cart(subject, tuple(chain), lines_of(chain), "order", order)
    is_idle = following is not None or as_of(chain[-1]) - last > IDLE
    return Cart(subject, tuple(chain), lines_of(chain), "idle" if is_idle else None, None)


def lines_of(chain: Iterable[Event]) -> tuple[CartLine, ...]:
    """What is left: additions less removals in time order, never below nothing."""
    quantities: dict[ItemKey, Decimal] = {}
    prices: dict[ItemKey, Decimal] = {}
    changes = ((event, item, item.key) for event in chain for item in event.items)
    for event, item, key in changes:
        if key is None:
            continue
        change = {ADD: item.pieces, REMOVE: -item.pieces}.get(event.name, ZERO)
        quantities[key] = max(quantities.get(key, ZERO) + change, ZERO)
        if change > 0 and item.price is not None:
            prices[key] = item.price
    return tuple(
        CartLine(key, quantity, prices.get(key))
        for key, quantity in sorted(quantities.items())
        if quantity > 0
    )
