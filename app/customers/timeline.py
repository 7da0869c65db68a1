"""Histories as people read them: days with their sessions, and a session's events in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from app.customers.history_queries import Entry, Event
from app.dates import zone

GAP_S = 300
KINDS = {
    "all": ("Everything", None),
    "orders": ("Orders", ("order",)),
    "carts": ("Carts", ("cart",)),
    "searches": ("Searches", ("search",)),
    "visits": ("Visits", ("session",)),
    "tasks": ("Tasks", ("task", "step")),
    "notes": ("Notes", ("note",)),
}
ICONS = {
    "page_view": "overview",
    "view_item": "eye",
    "add_to_cart": "cart",
    "remove_from_cart": "cart",
    "begin_checkout": "cart",
    "purchase": "order",
    "refund": "refresh",
    "view_search_results": "search",
    "no_search_results": "search",
    "view_search_results_no_results": "search",
}
EVENT_WORDS = {
    "page_view": "Looked at",
    "view_item": "Viewed",
    "add_to_cart": "Added to the cart",
    "remove_from_cart": "Removed from the cart",
    "begin_checkout": "Started checkout",
    "purchase": "Ordered",
    "refund": "Refunded",
    "view_search_results": "Searched",
    "no_search_results": "Searched and found nothing",
    "view_search_results_no_results": "Searched and found nothing",
}


@dataclass(frozen=True)
class Moment:
    """An entry with what happened in it: the orders of a session."""

    entry: Entry
    inside: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Day:
    """One day of a history, newest first."""

    day: date
    moments: tuple[Moment, ...]


@dataclass(frozen=True)
class Step:
    """An event of a session in words; `gap_s` is set when more than five minutes passed before.

    `cart` is the cart's value after the event, None where no cart was touched yet.
    """

    event: Event
    words: str
    what: str
    icon: str
    gap_s: float | None
    cart: Decimal | None


def group_by_day(entries: Sequence[Entry], zone_name: str) -> list[Day]:
    """Entries, newest first, by the days of that zone; an order stands in its session."""
    days: dict[date, list[Entry]] = {}
    for entry in entries:
        day = entry.happened_at.astimezone(zone(zone_name)).date()
        days.setdefault(day, []).append(entry)
    return [Day(day, tuple(_moments(found))) for day, found in days.items()]


def _moments(entries: Sequence[Entry]) -> Iterable[Moment]:
    sessions = {entry.key for entry in entries if entry.kind == "session"}
    inside: dict[str, list[Entry]] = {}
    for entry in entries:
        session_id = entry.detail.get("session_id")
        if entry.kind == "order" and session_id in sessions:
            inside.setdefault(session_id, []).append(entry)
    for entry in entries:
        if entry.kind == "order" and entry.detail.get("session_id") in sessions:
            continue
        yield Moment(entry, tuple(inside.get(entry.key, ())) if entry.kind == "session" else ())


def tell(events: Sequence[Event]) -> list[Step]:
    """A session's events in words, with the cart's running total and the gaps between them."""
    steps = []
    cart: dict[str, tuple[Decimal, Decimal]] = {}
    previous: Event | None = None
    has_cart = False
    for event in events:
        gap_s = event.offset_s - previous.offset_s if previous else 0
        if event.event_name in ("add_to_cart", "remove_from_cart"):
            has_cart = True
            _change(cart, event)
        elif event.event_name == "purchase":
            cart.clear()
        steps.append(
            Step(
                event,
                EVENT_WORDS.get(event.event_name, event.event_name),
                _what(event),
                ICONS.get(event.event_name, "dash"),
                gap_s if gap_s > GAP_S else None,
                _total(cart) if has_cart else None,
            )
        )
        previous = event
    return steps


def _change(cart: dict[str, tuple[Decimal, Decimal]], event: Event) -> None:
    """Lines as carts count them: never below 0, at the last price of an add.

    A negative quantity added is that many removed, and the other way round.
    """
    sign = 1 if event.event_name == "add_to_cart" else -1
    for item in event.items or ():
        key = item.get("item_id") or item.get("item_name")
        if not key:
            continue
        quantity, price = cart.get(str(key), (Decimal(0), Decimal(0)))
        change = sign * (_number(item.get("quantity")) or Decimal(1))
        shown = _number(item.get("price"))
        if change > 0 and shown is not None:
            price = shown
        cart[str(key)] = (max(quantity + change, Decimal(0)), price)


def _total(cart: Mapping[str, tuple[Decimal, Decimal]]) -> Decimal:
    return sum((quantity * price for quantity, price in cart.values()), Decimal(0))


def _number(value: object) -> Decimal | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _what(event: Event) -> str:
    if event.term:
        return f"“{event.term}”"
    if event.event_name == "page_view":
        return event.label or event.page_url or ""
    if event.items:
        names = [name for name in map(_item_name, event.items) if name]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return ", ".join(names[:3]) + more
    return event.label or event.item_id or ""


def _item_name(item: Mapping[str, Any]) -> str:
    name = str(item.get("item_name") or item.get("item_id") or "")
    quantity = _number(item.get("quantity"))
    return f"{quantity:f} × {name}" if name and quantity and quantity > 1 else name
