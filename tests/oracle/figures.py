"""Figures of a slice: everything that happened in one range, bucket or branch."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Protocol, TypeVar

from .carts import AsOf, Cart
from .event import FAILED_SEARCHES, PAGE_VIEW, SEARCHES, Event
from .identity import Session
from .orders import ZERO, Order, Refund


class Counted(Protocol):
    """What figures count: it happens at an anchor event and belongs to a branch or to none."""

    @property
    def anchor(self) -> Event: ...
    @property
    def branch(self) -> str | None: ...


C = TypeVar("C", bound=Counted)
Key = TypeVar("Key")


@dataclass(frozen=True)
class Slice:
    """Everything figures are made of, wholly or in part."""

    events: tuple[Event, ...] = ()
    sessions: tuple[Session, ...] = ()
    orders: tuple[Order, ...] = ()
    repeats: tuple[Event, ...] = ()
    refunds: tuple[Refund, ...] = ()
    carts: tuple[Cart, ...] = ()

    def only(self, keep: Callable[[Counted], bool]) -> "Slice":
        """What `keep` accepts."""
        return self.split(keep).get(True, Slice())

    def split(self, key: Callable[[Counted], Key]) -> dict[Key, "Slice"]:
        """One slice for each value of `key`."""
        parts = {field.name: _grouped(getattr(self, field.name), key) for field in fields(self)}
        keys = {value for groups in parts.values() for value in groups}
        return {
            value: Slice(**{name: tuple(groups.get(value, ())) for name, groups in parts.items()})
            for value in keys
        }


def _grouped(counted: Iterable[C], key: Callable[[Counted], Key]) -> dict[Key, list[C]]:
    groups: dict[Key, list[C]] = {}
    for one in counted:
        groups.setdefault(key(one), []).append(one)
    return groups


def figures(part: Slice, reporting: str, as_of: AsOf) -> dict[str, Any]:
    """Every figure of the slice. Amounts are in the reporting currency unless named otherwise.

    `Any`: the values are whole numbers, decimals and one list, each named by its key.
    """
    abandoned = [cart for cart in part.carts if cart.is_abandoned(as_of)]
    names = Counter(event.name for event in part.events)
    return {
        "sessions": len(part.sessions),
        "visitors": len(visitors(part.sessions)),
        "orders": len(part.orders),
        **amounts(part, reporting),
        "other_currencies": other_currencies(part, reporting),
        "conversion_rate": conversion_rate(part.sessions),
        "abandoned_carts": len(abandoned),
        "abandoned_cart_value": sum(
            (cart.value for cart in abandoned if cart.currency in (None, reporting)), ZERO
        ),
        "total_searches": sum(names[name] for name in SEARCHES),
        "failed_searches": sum(names[name] for name in FAILED_SEARCHES),
        "repeat_visitors": repeat_visitors(part.sessions),
        "cookieless_events": sum(event.is_cookieless for event in part.events),
        "duplicate_orders": len(part.repeats),
        "orders_without_revenue": sum(order.anchor.amount is None for order in part.orders),
        "bounces": sum(session.is_bounce for session in part.sessions),
        "page_views": names[PAGE_VIEW],
    }


def visitors(sessions: Iterable[Session]) -> set[tuple[str, str]]:
    """Contacts, else devices, of the sessions with a page view."""
    return {session.identity for session in sessions if session.has_page_view}


def repeat_visitors(sessions: Iterable[Session]) -> int:
    """Visitors with at least two sessions of any kind."""
    visits = Counter(session.identity for session in sessions)
    return sum(visits[visitor] >= 2 for visitor in visitors(sessions))


def conversion_rate(sessions: tuple[Session, ...]) -> Decimal | None:
    """Sessions with an order per hundred sessions, two decimals; None without sessions."""
    if not sessions:
        return None
    with_order = sum(session.has_order for session in sessions)
    share = Decimal(100 * with_order) / Decimal(len(sessions))
    return share.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def amounts(part: Slice, currency: str) -> dict[str, Decimal]:
    """Gross by order, refunds by refund, net, in one currency."""
    revenue = sum((one.revenue for one in part.orders if one.currency == currency), ZERO)
    refunds = sum((one.amount for one in part.refunds if one.currency == currency), ZERO)
    return {"revenue": revenue, "refunds": refunds, "net_revenue": revenue - refunds}


def other_currencies(part: Slice, reporting: str) -> list[dict[str, Any]]:
    """Orders and amounts of each other currency, by its name; `Any` as in `figures`."""
    names = {order.currency for order in part.orders}
    names |= {refund.currency for refund in part.refunds}
    return [
        {
            "currency": name,
            "orders": sum(order.currency == name for order in part.orders),
            **amounts(part, name),
        }
        for name in sorted(names - {reporting})
    ]
