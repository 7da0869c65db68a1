"""One visit as a page: offsets, words, gaps, the cart's running total, and its neighbours."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.customers.world import World, ago, item
from tests.page import Html, check_fragment, check_page
from tests.running import GUS, Browser
from tests.tasks.queue_page import HTMX, ada, rae, vic, world

__all__ = ["ada", "rae", "vic", "world"]
START = ago(days=2)
PATH = "/analytics/sessions/p1.7.100"


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def visit(world: World) -> World:
    """A visit with a cart, a gap and an order, one before it, and a namesake."""
    world.branch("D01", "Harbour")
    world.contact("U1", "K1", name="Ann Lee", buying_company_name="Customer A")
    world.session("p1.7", 99, ago(days=3), contact="U1", company="K1")
    world.session("p1.7", 100, START, contact="U1", company="K1", minutes=17)
    world.session("p2.9", 100, START)
    seen = {"visitor": "p1.7", "number": 100}
    world.event("page_view", START, **seen, page_title="<b>Home</b>")
    world.event("no_search_results", at(134), **seen, search_term="vlave", term="vlave")
    lines = [item("A", 100, 2, "Valve"), item("B", 40, 1, "Pump")]
    world.event("add_to_cart", at(200), **seen, items_json=lines)
    world.event(
        "add_to_cart",
        at(210),
        **seen,
        event_name="remove_from_cart",
        items_json=[item("A", 100, 1, "Valve")],
    )
    world.event(
        "purchase",
        at(1000),
        **seen,
        transaction_id="T1",
        revenue=140,
        items_json=[item("A", 100, 1, "Valve"), item("B", 40, 1, "Pump")],
    )
    world.event("page_view", START, "p2.9", 100, page_title="Another visitor")
    return world


def lines(html: Html) -> list[str]:
    return [html.text(e) for e in next(html.by_id("session").iter("ol")).iter("li")]


def test_every_event_has_its_offset_and_words(ada: Browser, visit: World) -> None:
    html = check_page(ada.open(PATH))
    assert lines(html) == [
        "+00:00 Looked at <b>Home</b>",
        "+02:14 Searched and found nothing “vlave”",
        "+03:20 Added to the cart 2 × Valve, Pump cart now $240.00",
        "+03:30 Removed from the cart Valve cart now $140.00",
        "13\xa0min 10\xa0s without an event".replace("\xa0", " "),
        "+16:40 Ordered Valve, Pump · $140.00 cart now $0.00",
    ]
    words = html.text()
    assert "Visit of Ann Lee" in words and "D01 Harbour" in words and "17 min" in words
    assert "Events without a session are not shown." in words
    assert "/analytics/customers/k:K1" in html.links(html.root)
    check_fragment(ada.open(PATH, headers=HTMX), "session")


def test_two_visitors_with_one_ga_session_id_do_not_mix(ada: Browser, visit: World) -> None:
    html = check_page(ada.open("/analytics/sessions/p2.9.100"))
    assert lines(html) == ["+00:00 Looked at Another visitor"]
    assert "an unknown visitor" in html.text()


def test_previous_and_next_visit(ada: Browser, visit: World) -> None:
    html = check_page(ada.open(PATH))
    before = next(e for e in html.all("a") if e.get("rel") == "prev")
    assert before.get("href") == "/analytics/sessions/p1.7.99"
    assert "Latest visit" in html.text()
    earlier = check_page(ada.open("/analytics/sessions/p1.7.99"))
    after = next(e for e in earlier.all("a") if e.get("rel") == "next")
    assert after.get("href") == PATH
    assert "No further events." in earlier.text()


def test_many_events_come_in_pages_with_the_cart_carried_on(ada: Browser, world: World) -> None:
    world.session("p1", 1, START)
    for number in range(203):
        world.event("add_to_cart", at(number), "p1", 1, items_json=[item("A", 10)])
    first = check_page(ada.open("/analytics/sessions/p1.1"))
    assert len(lines(first)) == 200
    later = next(e for e in first.all("a") if first.text(e) == "Later").get("href")
    second = check_page(ada.open(str(later)))
    assert [line.rsplit(" ", 1)[1] for line in lines(second)] == [
        "$2,010.00",
        "$2,020.00",
        "$2,030.00",
    ]


def test_an_odd_visitor_id_can_be_opened(ada: Browser, world: World) -> None:
    session_id = world.session("a/../b?c=%2F~41<\"'>", 7, START)
    html = check_page(ada.open("/analytics/customers/d:" + "a~2F..~2Fb~3Fc=~252F~7E41<\"'>"))
    link = next(h for h in html.links(html.by_id("timeline")) if "/sessions/" in h)
    opened = ada.open(link)
    assert opened.status_code == 200
    assert session_id not in opened.text
    check_page(opened)


def test_what_is_not_there_is_404(
    ada: Browser, rae: Browser, browser: Browser, visit: World
) -> None:
    for name in ("p1.7.101", "x", "100", "p1.7.100/x"):
        assert ada.open(f"/analytics/sessions/{name}").status_code == 404
    visit.session("p5", 1, START, branch="D09")
    assert ada.open("/analytics/sessions/p5.1").status_code == 200
    assert rae.open("/analytics/sessions/p5.1").status_code == 404
    browser.sign_in(GUS)
    assert browser.open(PATH).status_code == 404


def test_a_viewer_sees_initials(vic: Browser, visit: World) -> None:
    page = vic.open(PATH)
    assert "Visit of A••• L•••" in check_page(page).text() and "Ann Lee" not in page.text
