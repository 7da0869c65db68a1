"""Scenes about who is visiting: sign-ins, shared browsers, colliding ids, denied consent."""

from __future__ import annotations

from dev.generator.catalogue import FAILING_TERMS, HOSTILE_TERMS, Row, good_term
from dev.generator.day import Day
from dev.generator.odd_orders import signed_in
from dev.generator.session import Session, param, user_property
from dev.generator.shopping import (
    add,
    browse,
    check_out,
    fill_cart,
    find,
    order,
    purchase,
    remove,
    search,
    some_line,
    view,
)


def sign_in_mid_session(day: Day) -> None:
    """Two anonymous pages, then a contact signs in and orders."""
    session = Session(day, day.stranger(), day.at(9.2))
    session.page("/", "Industrial supplies")
    browse(session, 1)
    add(session, some_line(session))
    session.wait()
    session.page("/sign-in", "Sign in")
    session.sign_in(day.contact())
    browse(session, 1)
    order(session, fill_cart(session))


def two_contacts_in_one_session(day: Day) -> None:
    """A shared counter browser: one contact signs out, another one in, within one session."""
    first = day.contact()
    session = Session(day, first.devices[0], day.at(11.1), first)
    session.page("/", "Industrial supplies")
    add(session, some_line(session))
    session.properties = []
    browse(session, 1)
    session.sign_in(day.world.people.colleague(day.rng, first))
    browse(session, 2)


def known_browser_not_signed_in(day: Day) -> None:
    """A contact's browser without sign-in, before and after sessions that are signed in."""
    contact = day.contact()
    for hour, who in ((7.5, None), (9.0, contact), (15.5, None)):
        session = Session(day, contact.devices[0], day.at(hour), who)
        session.page("/", "Industrial supplies")
        browse(session, 2)


def consent_denied(day: Day) -> None:
    """Rows without visitor and session: pages, searches, carts, orders with revenue, repeats."""
    visitor = day.stranger()
    visitor.pseudo_id = None
    session = Session(day, visitor, day.at(13.3))
    session.page("/", "Industrial supplies")
    search(session, "ball valve", found=True)
    search(session, FAILING_TERMS[0], found=False)
    lines = fill_cart(session)
    check_out(session, lines)
    placed = order(session, lines)
    session.wait(3)
    purchase(session, placed)
    order(session, [some_line(session)], transaction_id="(not set)")


def half_identified(day: Day) -> None:
    """A visitor without session id, and a session id without visitor."""
    session = signed_in(day, 12.0)
    for row in (session.page("/promotions", "Promotions"), add(session, some_line(session))):
        row["event_params"] = [p for p in row["event_params"] if p["key"] != "ga_session_id"]
    for row in (session.page("/catalogue", "Catalogue"), add(session, some_line(session))):
        row.pop("user_pseudo_id")


def colliding_session_ids(day: Day) -> None:
    """Three visitors share one `ga_session_id`; one of the three orders."""
    shared = day.at(10.4) // 1_000_000
    for order_of_visitor in (False, True, False):
        session = Session(day, day.stranger(), day.at(10.5), ga_session_id=shared)
        session.page("/", "Industrial supplies")
        browse(session, 1)
        if order_of_visitor:
            order(session, fill_cart(session))


def dotted_visitor(day: Day) -> None:
    """Visitor ids with several dots, with and without a letter."""
    for prefix in ("GA1.2.", "amp-", "7.7.7."):
        visitor = day.stranger()
        visitor.pseudo_id = f"{prefix}{visitor.pseudo_id}"
        session = Session(day, visitor, day.at(14.0))
        session.page("/", "Industrial supplies")
        browse(session, 1)


def engagement_in_every_shape(day: Day) -> None:
    """`session_engaged` as string, integer, absent: bounces, visits, and a sale on one page."""
    for shape in ("string", "integer", "absent"):
        for pages in (0, 2):
            session = Session(day, day.stranger(), day.at(8.5), engagement=shape)
            session.page("/", "Industrial supplies")
            browse(session, pages)
    session = Session(day, day.stranger(), day.at(8.8), engagement="absent")
    session.page("/quick-order", "Quick order")
    order(session, [some_line(session)], seconds=40)


def unlisted_people(day: Day) -> None:
    """Buyers of the unknown branch D99 and of the closed branch, and one in no customer file."""
    for contact in day.world.people.spares:
        session = Session(day, contact.devices[0], day.at(9.8), contact)
        session.page("/", "Industrial supplies")
        lines = fill_cart(session)
        order(session, lines)
        search(session, FAILING_TERMS[3], found=False)


def odd_properties(day: Day) -> None:
    """Properties that are empty, "(not set)", all null, or name a company without a contact."""
    at = day.at(10.9)
    company = day.contact().company
    shapes: tuple[list[Row], ...] = (
        [{"value": {}}],
        [user_property("WebUserId", "", at), user_property("WebCustomerId", "(not set)", at)],
        [
            user_property("WebCustomerId", company.company_id, at),
            user_property("default_branch_id", company.branch_id, at),
        ],
        [{"key": "WebUserId", "value": {}}, user_property("default_branch_id", "", at)],
    )
    for properties in shapes:
        session = Session(day, day.stranger(), at)
        session.properties = properties
        session.page("/", "Industrial supplies")
        add(session, some_line(session))
        search(session, FAILING_TERMS[1], found=False)


def hostile_words(day: Day) -> None:
    """Markup, formulas, NULs, emoji and right-to-left text in terms, titles, addresses, names."""
    for term in HOSTILE_TERMS:
        session = Session(day, day.stranger(), day.at(20.0))
        session.page(f"/?utm_source={term[:40]}", term)
        search(session, term, found=False)
    session.page(
        "/p/javascript:alert(1)",
        "<b onmouseover=alert(1)>Valve</b>",
        param("page_referrer", "javascript:alert(document.cookie)"),
    )
    for name in HOSTILE_TERMS[:4]:
        line = some_line(session)
        line.item = {**line.item, "item_name": name}
        session.emit("view_item", items=[line.item])
        add(session, line)


def spellings_of_one_term(day: Day) -> None:
    """One failed term in every spelling that normalises to the same words, and empty terms."""
    session = signed_in(day, 16.0)
    for name in ("no_search_results", "view_search_results_no_results"):
        for term in (
            "vavle 3 in",
            "VAVLE 3 IN",
            "  vavle  3   in ",
            '"vavle 3 in"',
            "vavle 3 in?!",
            "vavle\u00a03 in",
            "ｖａｖｌｅ 3 in",
            "",
            None,
        ):
            session.wait()
            session.emit(name, param("search_term", term))
    session.emit("view_search_results", param("search_term", "  Ball Valve!"))
    session.emit("view_search_results")


def searches_that_sell(day: Day) -> None:
    """Successful searches, views, and an order of what was found; then only looking."""
    session = signed_in(day, 13.0)
    product = find(session)
    line = some_line(session, product)
    add(session, line)
    order(session, [line])
    looking = signed_in(day, 15.0)
    for _ in range(4):
        view(looking, find(looking))
        search(looking, good_term(day.rng, product), found=True)


def twin_rows(day: Day) -> None:
    """Rows exported twice, equal in every column."""
    session = signed_in(day, 17.0)
    row = add(session, some_line(session))
    day.world.calendar.add(session.at, dict(row))
    row = session.page("/catalogue", "Catalogue")
    day.world.calendar.add(session.at, dict(row))


def long_absence_in_a_session(day: Day) -> None:
    """A tab left open with the session id kept: the same session on three days."""
    session = signed_in(day, 22.0)
    for _ in range(2):
        session.at += 26 * 3600 * 1_000_000
        session.page("/catalogue", "Catalogue")
    remove(session, some_line(session))
