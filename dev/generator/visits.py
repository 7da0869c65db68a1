"""The ordinary traffic of a day: who comes, and with what in mind."""

from __future__ import annotations

from dev.generator.catalogue import HOSTILE_TERMS, failing_term, good_term
from dev.generator.day import Day, Line, Order
from dev.generator.people import Contact, Visitor
from dev.generator.session import Session, param
from dev.generator.shopping import (
    add,
    browse,
    check_out,
    fill_cart,
    find,
    land,
    linger,
    order,
    purchase,
    refund,
    search,
    some_line,
)

COOKIELESS_SHARE = 0.064  # of the events the product reads
IGNORED_EVENTS = frozenset({"first_visit", "session_start", "scroll", "user_engagement"})
CART_SHARE, ORDER_SHARE, RETURN_SHARE = 0.2, 0.205, 0.05


def ordinary_visit(day: Day) -> None:
    """One session: a contact signed in, a contact's browser not signed in, or a stranger."""
    rng = day.rng
    kind = rng.random()
    at = day.arrival()
    if kind < 0.5:
        contact = day.contact()
        _signed_in_visit(day, contact, rng.choice(contact.devices), at)
        return
    visitor = rng.choice(day.contact().devices) if kind < 0.58 else day.stranger()
    session = Session(day, visitor, at)
    if rng.random() < 0.25:
        branches = day.world.profile.branches
        session.choose_branch(rng.choices(branches, [b.weight for b in branches])[0].branch_id)
    _anonymous_visit(session)


def _signed_in_visit(day: Day, contact: Contact, visitor: Visitor, at: int) -> None:
    rng = day.rng
    session = Session(day, visitor, at, contact)
    land(session)
    purpose = rng.random()
    if purpose < CART_SHARE:
        _buy(session)
    elif purpose < CART_SHARE + 0.008:
        _reorder(session)
    elif purpose < 0.5:
        _look_something_up(session)
    elif purpose < 0.78:
        browse(session, 1 + int(rng.expovariate(0.4)))
    else:
        linger(session)


def _anonymous_visit(session: Session) -> None:
    rng = session.day.rng
    land(session)
    purpose = rng.random()
    if purpose < 0.03:
        _buy(session)
    elif purpose < 0.2:
        _look_something_up(session)
    elif purpose < 0.56:
        browse(session, 1 + int(rng.expovariate(0.5)))
    elif purpose < 0.85:
        linger(session)


def _buy(session: Session) -> None:
    rng = session.day.rng
    lines = fill_cart(session)
    outcome = rng.random()
    if outcome < ORDER_SHARE:
        if rng.random() < 0.9:
            check_out(session, lines)
        _after_sales(session.day, order(session, lines))
        return
    if rng.random() < 0.35:
        check_out(session, lines)
    if outcome < ORDER_SHARE + RETURN_SHARE:
        _return_for(session, lines)


def _return_for(session: Session, lines: list[Line]) -> None:
    """The cart is ordered the next day, or days later, from a new session."""
    visitor, contact = session.visitor, session.contact
    days = session.day.rng.choices((1, 2, 3, 6), (5, 2, 2, 1))[0]

    def scene(day: Day) -> None:
        back = Session(day, visitor, day.at(day.rng.uniform(7, 17)), contact)
        back.page("/cart", "Cart")
        check_out(back, lines)
        _after_sales(day, order(back, lines))

    weekend = max(0, (session.day.date.weekday() + days) % 7 - 4)
    session.day.later(days + (3 - weekend if weekend else 0), scene)


def _reorder(session: Session) -> None:
    """An order straight from the order history, without a cart."""
    session.page("/account/orders", "My orders")
    _after_sales(session.day, order(session, [some_line(session) for _ in range(3)]))


def _look_something_up(session: Session) -> None:
    rng, day = session.day.rng, session.day
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        chance = rng.random()
        if chance < 0.125:
            term = failing_term(rng, day.progress)
            if session.contact is None and rng.random() < 0.06:
                term = rng.choice(HOSTILE_TERMS)
            search(session, term, found=False)
        elif chance < 0.5:
            search(session, good_term(rng, day.world.catalogue.pick(rng)), found=True)
        else:
            find(session)
    linger(session)


def _after_sales(day: Day, placed: Order) -> None:
    """Some orders are exported twice, some are sent back."""
    chance = day.rng.random()
    if chance < 0.03:
        days = day.rng.choice((0, 0, 0, 1, 2, 9))
        day.later(days, lambda later: _repeat(later, placed))
    elif chance < 0.1:
        day.later(day.rng.randrange(2, 12), lambda later: _send_back(later, placed))


def _repeat(day: Day, placed: Order) -> None:
    """The confirmation page is opened again, and the order exported again."""
    at = placed.at + day.rng.randrange(5_000_000, 600_000_000)
    if not day.world.calendar.midnights[day.index] <= at:
        at = day.at(day.rng.uniform(8, 17))
    again = Session(day, placed.visitor, at, placed.contact)
    again.page("/checkout/thank-you", "Thank you for your order")
    purchase(again, placed)


def _send_back(day: Day, placed: Order) -> None:
    rng = day.rng
    session = Session(day, placed.visitor, day.at(rng.uniform(9, 17)), placed.contact)
    session.page("/account/returns", "Returns")
    session.wait()
    kind = rng.random()
    if kind < 0.3:
        refund(session, placed)
    elif kind < 0.65:
        refund(session, placed, value=round(placed.revenue * rng.uniform(0.1, 0.6), 2))
    else:
        refund(session, placed, lines=placed.lines[:1])


def cookieless_events(day: Day, share: float = COOKIELESS_SHARE) -> None:
    """Single rows of visitors who denied consent, as a share of the day's rows that are read."""
    rows = day.world.calendar.rows(day.index)
    stored = sum(row["event_name"] not in IGNORED_EVENTS for row in rows)
    for _ in range(round(stored * share / (1 - share))):
        _cookieless_event(day)


def _cookieless_event(day: Day) -> None:
    rng = day.rng
    visitor = day.stranger()
    visitor.pseudo_id = None
    session = Session(day, visitor, day.arrival())
    chance = rng.random()
    if chance < 0.78:
        land(session)
    elif chance < 0.9:
        product = day.world.catalogue.pick(rng)
        session.emit("view_item", param("value", product.price), items=[product.record])
    elif chance < 0.96:
        product = day.world.catalogue.pick(rng)
        session.emit("view_search_results", param("search_term", good_term(rng, product)))
    elif chance < 0.99:
        add(session, some_line(session))
    else:
        order(session, [some_line(session)])
