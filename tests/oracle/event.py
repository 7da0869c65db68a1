"""One event of the six extractions, as the figures need it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TypeAlias

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = Decimal("0.000001")

PURCHASE = "purchase"
REFUND = "refund"
ADD = "add_to_cart"
REMOVE = "remove_from_cart"
CHECKOUT = "begin_checkout"
PAGE_VIEW = "page_view"
VIEW_ITEM = "view_item"
SEARCH = "view_search_results"
FAILED_SEARCHES = frozenset({"no_search_results", "view_search_results_no_results"})
SEARCHES = FAILED_SEARCHES | {SEARCH}
CART_ACTIVITY = frozenset({ADD, REMOVE, CHECKOUT})
EVENT_NAMES = SEARCHES | CART_ACTIVITY | {PURCHASE, REFUND, PAGE_VIEW, VIEW_ITEM}

SessionId: TypeAlias = tuple[str, int]


def clean_text(text: str | None) -> str | None:
    """Without NUL; an empty text is a missing one."""
    if text is None:
        return None
    return text.replace("\0", "") or None


def number(text: str | None) -> Decimal | None:
    """A finite number in whatever scalar shape it was exported; None for NaN, infinity, words."""
    if text is None:
        return None
    try:
        parsed = Decimal(text)
    except InvalidOperation:
        return None
    return parsed if parsed.is_finite() else None


def whole(text: str | None) -> int | None:
    """A whole number, else None."""
    parsed = number(text)
    return int(parsed) if parsed is not None and parsed == parsed.to_integral_value() else None


def money(amount: Decimal | None) -> Decimal | None:
    """Rounded to six decimals, half even, as amounts are when they come in."""
    return None if amount is None else amount.quantize(MICRO, rounding=ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Item:
    """One element of an event's items."""

    item_id: str | None
    item_name: str | None
    price: Decimal | None
    quantity: Decimal | None

    @property
    def key(self) -> tuple[str, str] | None:
        """What tells cart lines apart: the id, else the name; None when it has neither."""
        if self.item_id is not None:
            return ("id", self.item_id)
        return None if self.item_name is None else ("name", self.item_name)

    @property
    def pieces(self) -> Decimal:
        """Its quantity, below zero too; a missing one or zero counts as one piece."""
        return self.quantity or Decimal(1)


@dataclass(slots=True)
class Event:
    """`contact`, `company`, `branch` start as the event's own, then are resolved in its session."""

    event_date: date
    micros: int
    name: str
    visitor: str | None
    ga_session_id: int | None
    contact: str | None
    company: str | None
    branch: str | None
    is_engaged: bool | None
    batch: tuple[int | None, int | None, int | None]
    page_url: str | None
    transaction_id: str | None
    raw_amount: Decimal | None
    currency: str | None
    items: tuple[Item, ...]
    term: str | None = None

    @property
    def at(self) -> datetime:
        """The UTC instant."""
        return EPOCH + timedelta(microseconds=self.micros)

    @property
    def session_id(self) -> SessionId | None:
        """None where the visitor or the number of the session is missing."""
        if self.visitor is None or self.ga_session_id is None:
            return None
        return (self.visitor, self.ga_session_id)

    @property
    def is_cookieless(self) -> bool:
        """Whether it has no session and is nobody's: without contact, company and device."""
        owners = (self.contact, self.company, self.visitor)
        return self.session_id is None and all(owner is None for owner in owners)

    @property
    def amount(self) -> Decimal | None:
        """Revenue of a purchase or worth of a refund, to six decimals; None when not told."""
        return money(self.raw_amount)

    @property
    def anchor(self) -> "Event":
        """Every counted thing has an anchor event that says when it happened; its own here."""
        return self

    def sort_key(self) -> tuple[object, ...]:
        """Instant, purchases last, batch order, event name, then everything else; nulls first."""
        rest = (self.visitor, self.ga_session_id, self.contact, self.company, self.branch)
        more = (self.is_engaged, self.page_url, self.transaction_id, self.raw_amount, self.currency)
        return (
            self.micros,
            self.name == PURCHASE,
            *(nulls_first(value) for value in self.batch),
            self.name,
            *(nulls_first(value) for value in (*rest, *more)),
            repr(self.items),
        )


def nulls_first(value: object) -> tuple[object, ...]:
    """A sort key in which a missing value comes before every present one."""
    return (False,) if value is None else (True, value)
