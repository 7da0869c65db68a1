"""Scenes with carts: emptied, continued elsewhere, recovered, without prices."""

from __future__ import annotations

from dev.generator.calendar import SECOND
from dev.generator.day import Day, Line
from dev.generator.odd_orders import signed_in
from dev.generator.session import Session
from dev.generator.shopping import add, check_out, fill_cart, order, remove, some_line

DAY = 24 * 3600 * SECOND


def cart_over_two_devices(day: Day) -> None:
    """Two lines, one reduced, a third added on the contact's other browser: abandoned."""
    session = signed_in(day)
    first, second = some_line(session), some_line(session)
    first.quantity = 2
    add(session, first)
    add(session, second)
    remove(session, Line(first.item, 1))
    check_out(session, [Line(first.item, 1), second])
    elsewhere = Session(day, day.stranger(), day.at(15.0), session.contact)
    elsewhere.page("/cart", "Cart")
    add(elsewhere, some_line(elsewhere))


def cart_emptied(day: Day) -> None:
    """A cart with everything taken out again, and one from which more is taken than was in it."""
    session = signed_in(day)
    line = some_line(session)
    add(session, line)
    remove(session, line)
    session = signed_in(day)
    line = some_line(session)
    add(session, line)
    remove(session, Line(line.item, line.quantity + 3))
    add(session, Line(line.item, 1))


def cart_without_prices(day: Day) -> None:
    """Lines without price, without quantity, without id, without name, and no line at all."""
    session = signed_in(day)
    for missing in ("price", "quantity", "item_id", "item_name", None):
        row = add(session, some_line(session))
        if missing is None:
            row["items"] = []
            continue
        row["items"][0].pop(missing)
    row = add(session, some_line(session))
    row["items"][0] |= {"item_id": "(not set)", "item_brand": "", "quantity": "0"}


def cart_of_several_lines_in_one_event(day: Day) -> None:
    """One add_to_cart with three items, then the same product at another price."""
    session = signed_in(day)
    lines = [some_line(session) for _ in range(3)]
    row = add(session, lines[0])
    row["items"] = [{**line.item, "quantity": str(line.quantity)} for line in lines]
    add(session, Line({**lines[0].item, "price": round(lines[0].item["price"] * 1.2, 2)}, 1))


def cart_after_an_order(day: Day) -> None:
    """The same session orders and then fills a new cart, which stays."""
    session = signed_in(day)
    order(session, fill_cart(session))
    add(session, some_line(session))


def cart_ordered_by_a_colleague(day: Day) -> None:
    """A cart that another contact of the company orders within the day."""
    contact, colleague = day.world.people.pair(day.rng)
    session = Session(day, contact.devices[0], day.at(8.2), contact)
    session.page("/", "Industrial supplies")
    lines = fill_cart(session)
    buying = Session(day, colleague.devices[0], day.at(16.5), colleague)
    buying.page("/quick-order", "Quick order")
    order(buying, lines)


def cart_ordered_exactly_a_day_later(day: Day) -> None:
    """Orders 24 hours after a cart's last activity: on the microsecond, and one second late."""
    for late in (0, SECOND):
        session = signed_in(day)
        lines = [some_line(session)]
        add(session, lines[0])
        left_at, visitor, contact = session.at, session.visitor, session.contact
        back = Session(day, visitor, left_at + DAY + late, contact)
        order(back, lines, seconds=0)


def cart_recovered_days_later(day: Day) -> None:
    """An abandoned cart that the contact orders three days later."""
    session = signed_in(day)
    lines = fill_cart(session)
    visitor, contact = session.visitor, session.contact

    def scene(later: Day) -> None:
        back = Session(later, visitor, later.at(18.2), contact)
        back.page("/cart", "Cart")
        order(back, lines)

    day.in_range(3, scene)
