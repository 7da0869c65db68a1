"""The tasks there should be: chains of evidence that satisfy a rule, and one task an order."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from .carts import Cart, OrderBook, Subject, split_chains, subject_of
from .event import FAILED_SEARCHES, SEARCH, VIEW_ITEM, Event
from .figures import Slice
from .identity import Excluded, Session, company_of, is_excluded
from .orders import Order, find_transaction

ZERO = Decimal(0)
VISITS, PAGES, SEARCHES = 2, 3, 3
MONTH, FORTNIGHT, DAY = timedelta(days=30), timedelta(days=14), timedelta(hours=24)


@dataclass(frozen=True)
class OracleTask:
    """One task; `evidence_sessions` is what an estimate counts, 0 where there is a value."""

    task_type: str
    subject: Subject
    first: datetime
    last: datetime
    ready: datetime
    expires: datetime
    closed: datetime | None
    value: Decimal
    evidence_sessions: int = 0
    order: object = None


@dataclass
class _Chain:
    """Evidence of one subject in order, and the sessions it lies in."""

    subject: Subject
    events: list[Event]
    order: Order | None
    sessions: list[Session] = field(default_factory=list)

    @property
    def closed(self) -> datetime | None:
        """When an order ended it."""
        return None if self.order is None else self.order.anchor.at


def term_of(event: Event) -> str:
    """What was searched for, with nothing around it that is no part of it."""
    text = unicodedata.normalize("NFC", event.term or "")
    text = "".join(_half_width(letter) for letter in text)
    text = unicodedata.normalize("NFC", " ".join(text.casefold().split()))
    while text and _is_outer(text[0]):
        text = text[1:]
    while text and _is_outer(text[-1]):
        text = text[:-1]
    return text


def _half_width(letter: str) -> str:
    """Full-width ASCII and signs become ordinary ones; nothing else does."""
    signs = dict(zip("\u3000｟｠￠￡￢￣￤￥￦", " ⦅⦆¢£¬¯¦¥₩", strict=True))
    is_ascii = "\uff01" <= letter <= "\uff5e"
    return chr(ord(letter) - 0xFEE0) if is_ascii else signs.get(letter, letter)


def _is_outer(letter: str) -> bool:
    """Quotes, brackets, commas, stops, colons, semicolons, ? and !, dashes, slashes, spaces."""
    if letter in " \"',.:;?!/\\\u2026":
        return True
    kind, name = unicodedata.category(letter), unicodedata.name(letter, "")
    words = set(name.split())
    ends = {"COMMA", "STOP", "COLON", "SEMICOLON", "QUESTION", "EXCLAMATION", "DANDA", "SOLIDUS"}
    return kind in {"Ps", "Pe", "Pi", "Pf", "Pd"} or (kind == "Po" and bool(words & ends))


def build_tasks(
    everything: Slice, companies: Mapping[str, str], currency: str, excluded: Excluded
) -> list[OracleTask]:
    """All tasks, of whatever state. What is excluded is no evidence and ends nothing."""
    orders = tuple(o for o in everything.orders if not is_excluded(o.anchor, companies, excluded))
    everything = replace(everything, orders=orders)
    book = OrderBook(everything.orders, companies)
    by_id = {session.session_id: session for session in everything.sessions}
    made = [*_purchases(everything, companies), *_carts(everything.carts)]
    searches = [
        e
        for e in everything.events
        if not e.is_cookieless and term_of(e) and not is_excluded(e, companies, excluded)
    ]
    failed = [e for e in searches if e.name in FAILED_SEARCHES]
    for chain in _chains(failed, companies, book, by_id):
        if chain.subject[0] != "device":
            count = len({event.session_id for event in chain.events} - {None})
            made.append(_task("no_results", chain, chain.events[0].at, MONTH, ZERO, count))
    found = [e for e in searches if e.name == SEARCH and e.session_id is not None]
    for chain in _chains(found, companies, book, by_id):
        made += _no_conversion(chain)
    sessions = [s for s in everything.sessions if not is_excluded(s.last, companies, excluded)]
    visits = [s for s in sessions if _pages(s) >= PAGES]
    known = [_first_of(s) for s in visits if subject_of(s.last, companies)[0] != "device"]
    for chain in _chains(known, companies, book, by_id):
        made += _repeat_visit(chain, everything, companies, currency)
    bounced = [
        _first_of(s) for s in sessions if s.is_bounce and s.last.contact is not None and _seen([s])
    ]
    for chain in _chains(bounced, companies, book, by_id):
        if len(chain.events) >= VISITS:
            value = sum(_seen(chain.sessions).values(), ZERO)
            made.append(_task("bounce", chain, chain.events[1].at, FORTNIGHT, value))
    return made


def _task(
    task_type: str,
    chain: _Chain,
    ready: datetime,
    lasts: timedelta,
    value: Decimal,
    sessions: int = 0,
) -> OracleTask:
    first, last = chain.events[0].at, chain.events[-1].at
    return OracleTask(
        task_type, chain.subject, first, last, ready, last + lasts, chain.closed, value, sessions
    )


def _chains(
    evidence: Iterable[Event],
    companies: Mapping[str, str],
    book: OrderBook,
    by_id: Mapping[object, Session],
) -> list[_Chain]:
    """Evidence of the same subject, cut at orders and at thirty days of silence."""
    by_subject: dict[Subject, list[Event]] = {}
    for event in sorted(evidence, key=lambda event: event.micros):
        by_subject.setdefault(subject_of(event, companies), []).append(event)
    made = []
    for subject, events in by_subject.items():
        for chain, _ in split_chains(subject, events, book):
            order = book.first_after(subject, chain)
            is_near = order is not None and order.anchor.at - chain[-1].at <= MONTH
            ids = dict.fromkeys(event.session_id for event in chain)
            sessions = [by_id[i] for i in ids if i is not None]
            made.append(_Chain(subject, chain, order if is_near else None, sessions))
    return made


def _purchases(everything: Slice, companies: Mapping[str, str]) -> list[OracleTask]:
    made = []
    for order in everything.orders:
        event = order.anchor
        if event.is_cookieless:
            continue
        returned = [refund for refund in everything.refunds if refund.order is order]
        given_back = sum((refund.amount for refund in returned), ZERO)
        is_closed = order.revenue > 0 and given_back >= order.revenue
        closed = max(refund.anchor.at for refund in returned) if is_closed else None
        made.append(
            OracleTask(
                "purchase",
                subject_of(event, companies),
                event.at,
                event.at,
                event.at,
                event.at + FORTNIGHT,
                closed,
                order.revenue - given_back,
                order=find_transaction(event) or "",
            )
        )
    return made


def _carts(carts: Iterable[Cart]) -> list[OracleTask]:
    return [
        OracleTask(
            "cart",
            cart.subject,
            cart.first,
            cart.last,
            cart.last + DAY,
            cart.last + MONTH,
            None if cart.closing_order is None else cart.closing_order.anchor.at,
            cart.value,
        )
        for cart in carts
        if cart.lines
        and (cart.closing_order is None or cart.closing_order.anchor.at - cart.last > DAY)
    ]


def _no_conversion(chain: _Chain) -> list[OracleTask]:
    """Three searches in one session, or one term in two of the chain's sessions."""
    moments = []
    by_session: dict[object, list[Event]] = {}
    by_term: dict[str, dict[object, datetime]] = {}
    for event in chain.events:
        by_session.setdefault(event.session_id, []).append(event)
        by_term.setdefault(term_of(event), {}).setdefault(event.session_id, event.at)
    moments += [e[SEARCHES - 1].at for e in by_session.values() if len(e) >= SEARCHES]
    moments += [sorted(at.values())[1] for at in by_term.values() if len(at) > 1]
    if not moments:
        return []
    value = sum(_seen(chain.sessions).values(), ZERO)
    sessions = 0 if value else len(by_session)
    return [_task("no_conversion", chain, min(moments), MONTH, value, sessions)]


def _repeat_visit(
    chain: _Chain, everything: Slice, companies: Mapping[str, str], currency: str
) -> list[OracleTask]:
    """The second session with three pages; worth what was seen, at most a usual order."""
    if len(chain.events) < VISITS:
        return []
    value = sum(_seen(chain.sessions).values(), ZERO)
    last = chain.sessions[-1].events[-1]
    company, contact = company_of(last, companies), last.contact
    earlier = [
        order.revenue
        for order in everything.orders
        if order.anchor.at < chain.events[0].at
        and order.currency == currency
        and (
            company_of(order.anchor, companies) == company
            if company is not None
            else order.anchor.contact == contact
        )
    ]
    if earlier:
        value = min(value, sum(earlier, ZERO) / len(earlier))
    return [_task("repeat_visit", chain, chain.events[1].at, FORTNIGHT, value)]


def _first_of(session: Session) -> Event:
    """A session as one piece of evidence: at its first event, whose it is at the end."""
    first, last = session.events[0], session.events[-1]
    return Event(
        **{name: getattr(first, name) for name in Event.__slots__}
        | {"contact": last.contact, "company": last.company, "branch": last.branch}
    )


def _pages(session: Session) -> int:
    return sum(event.name == "page_view" for event in session.events)


def _seen(sessions: Iterable[Session]) -> dict[object, Decimal]:
    """The last known price of every different item viewed; 0 where none is known."""
    prices: dict[object, Decimal] = {}
    for session in sorted(sessions, key=lambda session: session.events[0].micros):
        for event in session.events:
            if event.name != VIEW_ITEM:
                continue
            for item in event.items:
                if item.key is None:
                    continue
                known = item.price
                prices[item.key] = known if known is not None else prices.get(item.key, ZERO)
    return prices
