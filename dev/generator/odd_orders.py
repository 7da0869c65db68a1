"""Scenes with orders and refunds as real exports have them: repeated, unnamed, worthless, early."""

from __future__ import annotations

from dev.generator.calendar import SECOND
from dev.generator.catalogue import Row
from dev.generator.day import Day, Line, Order
from dev.generator.session import Session, param
from dev.generator.shopping import (
    add,
    check_out,
    fill_cart,
    order,
    purchase,
    refund,
    some_line,
)

PLACEHOLDERS = ("", "(not set)", "null", "0")


def signed_in(day: Day, hour: float = 10.0) -> Session:
    """A contact on the home page, at about `hour`."""
    contact = day.contact()
    session = Session(day, contact.devices[0], day.at(hour + day.rng.random()), contact)
    session.page("/", "Industrial supplies")
    return session


def _simple_order(session: Session, transaction_id: str | None = None) -> Order:
    lines = [some_line(session), some_line(session)]
    return order(session, lines, transaction_id=transaction_id)


def order_repeated_at_once(day: Day) -> None:
    """The confirmation page is reloaded: the same order again after some seconds, twice."""
    session = signed_in(day)
    placed = _simple_order(session)
    for pause in (4, 90):
        session.wait(pause)
        purchase(session, placed)


def order_repeated_days_later(day: Day) -> None:
    """The confirmation mail is opened days later, also by a colleague, with another revenue."""
    session = signed_in(day)
    placed = _simple_order(session)
    colleague = day.world.people.colleague(day.rng, day.contact())

    def scene(later: Day) -> None:
        again = Session(later, colleague.devices[0], later.at(19.5), colleague)
        again.page("/checkout/thank-you", "Thank you for your order")
        row = purchase(again, placed)
        row["ecommerce"]["purchase_revenue"] = round(placed.revenue * 1.1, 2)

    day.in_range(day.rng.randint(1, 5), scene)


def placeholder_ids(day: Day) -> None:
    """Orders without a usable id; equal ones of one second in one session are one order."""
    for placeholder in PLACEHOLDERS:
        _simple_order(signed_in(day), placeholder)
    session = signed_in(day)
    unnamed = _simple_order(session, "(not set)")
    session.at = session.at // SECOND * SECOND
    purchase(session, unnamed)
    session.wait(2)
    row = purchase(session, unnamed)
    del row["ecommerce"]["transaction_id"]
    row["event_params"] = [p for p in row["event_params"] if p["key"] != "transaction_id"]


def order_without_revenue(day: Day) -> None:
    """No revenue anywhere; then one only in the parameter `value`, once a double, once an int."""
    for value in (None, 412.5, 300):
        row = _bare_purchase(day)
        if value is not None:
            row["event_params"].append(param("value", value))


def order_of_nan(day: Day) -> None:
    """Revenue that is not a number: `bq extract` writes the string "NaN"."""
    row = _bare_purchase(day)
    row["ecommerce"]["purchase_revenue"] = "NaN"
    row["event_params"].append({"key": "value", "value": {"double_value": "NaN"}})


def _bare_purchase(day: Day) -> Row:
    session = signed_in(day)
    placed = Order(
        day.world.next_transaction_id(),
        0.0,
        None,
        [some_line(session)],
        session.visitor,
        session.contact,
        session.ga_session_id,
    )
    session.wait()
    row = purchase(session, placed)
    row["ecommerce"] = {"transaction_id": placed.transaction_id, "unique_items": "1"}
    row["event_params"] = [p for p in row["event_params"] if p["key"] != "value"]
    return row


def order_in_other_currency(day: Day) -> None:
    """An order of 90 in a foreign currency, and one that names no currency."""
    session = signed_in(day)
    line = Line({**some_line(session).item, "price": 90.0}, 1)
    order(session, [line], currency=day.world.profile.foreign_currency)
    session = signed_in(day)
    nameless = _simple_order(session)
    nameless.currency = None
    row = purchase(session, nameless)
    row["event_params"] = [p for p in row["event_params"] if p["key"] != "currency"]


def order_of_many_lines(day: Day) -> None:
    """An order of 31 lines, and one without any."""
    session = signed_in(day)
    order(session, [Line(some_line(session).item, 1) for _ in range(31)])
    session = signed_in(day)
    purchase(session, _unseen_order(session, day.world.next_transaction_id()))


def order_after_midnight(day: Day) -> None:
    """A session that starts before midnight and orders after it."""
    contact = day.contact()
    session = Session(day, contact.devices[0], day.at(23.7), contact)
    session.page("/", "Industrial supplies")
    lines = fill_cart(session)
    midnight = day.world.calendar.midnights[min(day.index + 1, day.world.calendar.closed)]
    session.wait(max(1.0, (midnight - session.at) / SECOND + 61))
    check_out(session, lines)
    order(session, lines)


def order_and_activity_at_one_instant(day: Day) -> None:
    """An order and an add to cart in one batch: the same microsecond, the order's index first."""
    session = signed_in(day)
    lines = [some_line(session)]
    add(session, lines[0])
    order(session, lines, seconds=30)
    add(session, some_line(session), seconds=0)
    row = add(session, some_line(session), seconds=0)
    twin = session.emit("page_view")
    for key in ("batch_event_index", "batch_ordering_id"):
        twin[key] = row[key]


def orders_refunded(day: Day) -> None:
    """Every kind of refund on following days: whole, by value, by lines, twice, too much."""
    session = signed_in(day)
    orders = [_simple_order(session) for _ in range(6)]

    def scene(later: Day) -> None:
        back = Session(later, session.visitor, later.at(14.2), session.contact)
        whole, given, part, lines, twice, much = orders
        refund(back, whole)
        refund(back, given, value=given.revenue)
        refund(back, part, value=round(part.revenue * 0.25, 2))
        refund(back, lines, lines=lines.lines[:1])
        back.at = back.at // SECOND * SECOND
        for pause in (0.0, 0.4):
            back.wait(pause)
            refund(back, twice, value=round(twice.revenue * 0.5, 2))
        refund(back, much, value=round(much.revenue * 3, 2))

    day.in_range(day.rng.randint(1, 3), scene)


def refund_of_unknown_order(day: Day) -> None:
    """A refund of an order from before the export, one of no order at all, one without visitor."""
    session = signed_in(day, 15.0)
    old = _unseen_order(session, f"SO-{day.rng.randint(90_000, 99_999)}")
    refund(session, old, value=75.5)
    refund(session, _unseen_order(session, "(not set)"), value=12.0)
    server = day.stranger()
    server.pseudo_id = None
    refund(Session(day, server, session.at), old, value=10.25)


def _unseen_order(session: Session, transaction_id: str) -> Order:
    return Order(
        transaction_id,
        150.0,
        session.day.world.profile.currency,
        [],
        session.visitor,
        session.contact,
        session.ga_session_id,
    )


def refund_before_order(day: Day) -> None:
    """The refund is exported before its order, which follows a day later."""
    session = signed_in(day, 16.0)
    placed = _unseen_order(session, day.world.next_transaction_id())
    placed.lines = [some_line(session)]
    placed.revenue = round(placed.lines[0].value, 2)
    refund(session, placed, value=round(placed.revenue * 0.5, 2))

    def scene(later: Day) -> None:
        purchase(Session(later, placed.visitor, later.at(17.9), placed.contact), placed)

    day.in_range(1, scene)


def refund_in_the_session_of_the_order(day: Day) -> None:
    """A server refunds days later under the order's own session id: a session of several days."""
    session = signed_in(day)
    placed = _simple_order(session)

    def scene(later: Day) -> None:
        server = Session(
            later,
            placed.visitor,
            later.at(18.4),
            placed.contact,
            ga_session_id=placed.ga_session_id,
            engagement="absent",
        )
        refund(server, placed, value=round(placed.revenue * 0.3, 2))

    day.in_range(day.rng.randint(1, 4), scene)
