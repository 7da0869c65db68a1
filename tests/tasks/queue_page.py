"""Acme's queue with a few customers, for the tests of its pages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote
from uuid import UUID
from xml.etree.ElementTree import Element

import pytest
import requests

from app.tasks.queue.cards import card_id
from tests.customers.world import Superuser, World, ago
from tests.page import Html, check_fragment, check_page
from tests.running import ADA, REP, VIEWER, Browser, Member, Site

HTMX = {"HX-Request": "true"}
QUEUE = "/analytics/queue"


@pytest.fixture
def world(site: Site, superuser: Superuser) -> World:
    """Acme, loaded up to now, without tasks and contacts of other tests."""
    made = World(superuser, site.acme)
    made.loaded()
    for table in (
        "task",
        "task_work",
        "task_history",
        "task_cooldown",
        "users",
        "customer_account",
        "locations",
        "session",
        "shop_order",
        "refund",
        "do_not_contact",
        "exclusion",
        "customer_note",
        "page_view",
        "view_item",
        "add_to_cart",
        "purchase",
        "view_search_results",
        "no_search_results",
    ):
        superuser.execute(f"delete from {table}")
    return made


def signed_in(site: Site, member: Member) -> Iterator[Browser]:
    """A browser of this member."""
    with Browser(site) as opened:
        opened.sign_in(member)
        yield opened


@pytest.fixture(scope="module")
def ada(site: Site) -> Iterator[Browser]:
    """Acme's admin."""
    yield from signed_in(site, ADA)


@pytest.fixture(scope="module")
def rae(site: Site) -> Iterator[Browser]:
    """Acme's rep of D01 and D02."""
    yield from signed_in(site, REP)


@pytest.fixture(scope="module")
def vic(site: Site) -> Iterator[Browser]:
    """Acme's viewer."""
    yield from signed_in(site, VIEWER)


def card(html: Html, customer_key: str) -> Element:
    """The card of that customer."""
    return html.by_id(card_id(customer_key))


def panel_of(browser: Browser, html: Html, within: Element, action: str) -> Element:
    """The form of an action on a card, opened as a page does it."""
    links = [link for link in within.iter("a") if link.get("data-form") is not None]
    address = next((str(a.get("href")) for a in links if f"/{action}" in str(a.get("href"))), None)
    if address is None:  # not behind a button, or opened already
        return form_of(html, within, action)
    shown = next(str(e.get("value")) for e in within.iter("input") if e.get("name") == "task")
    address += f"{'&' if '?' in address else '?'}task={quote(shown)}"
    root = f"{within.get('id')}_{action}"
    part = check_fragment(browser.open(address, headers=HTMX), root)
    return form_of(part, part.root, action)


def form_of(html: Html, within: Element, action: str) -> Element:
    """The first form inside that goes to such a step."""
    found = [
        form
        for form in within.iter("form")
        if f"/{action}" in (form.get("action") or "").partition("?")[0][-20:]
    ]
    assert found, f"no form for {action}: {html.text(within)}"
    return found[0]


def send(browser: Browser, form: Element, *, htmx: bool = True, **fields: str) -> requests.Response:
    """Submit a form as it stands with these fields filled in."""
    values = [
        (field.get("name") or "", field.get("value") or "")
        for field in form.iter("input")
        if field.get("type") == "hidden"
    ] + list(fields.items())
    headers = {"Origin": browser.site.base_url} | (HTMX if htmx else {})
    return browser.post(browser.site.url(form.get("action") or ""), values, headers=headers)


@pytest.fixture
def reasons(world: World) -> list[UUID]:
    """A card of customer A with two reasons."""
    return [
        world.task("cart", ago(days=1), company="K1", name="Customer A", value=900),
        world.task("repeat_visit", ago(days=1), company="K1", name="Customer A"),
    ]


def rows(world: World, columns: str, table: str = "task") -> list[tuple[object, ...]]:
    query = f"select {columns} from {table} where tenant_id = %s order by 1"
    return world.superuser.execute(query, (world.tenant_id,)).fetchall()


def press(browser: Browser, action: str, *, htmx: bool = True, **fields: str) -> requests.Response:
    """Open the queue, fill in the form of customer A's card, and send it."""
    html = check_page(browser.open(QUEUE))
    form = panel_of(browser, html, card(html, "k:K1"), action)
    return send(browser, form, htmx=htmx, **fields)
