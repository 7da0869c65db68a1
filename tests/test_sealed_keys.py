"""A contact's key may hold an address: viewers get it sealed, and cannot ask by a guessed one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.customers.world import Superuser, World, ago, item
from tests.page import check_page
from tests.running import ADA, GUS, VIEWER, Browser, Site, browser, port, provider, site

__all__ = ["browser", "port", "provider", "site"]

ZOE = "zoe.private@k9.example"
OPEN = f"/analytics/customers/c:{ZOE}"
PAGES = (
    "/analytics/queue",
    "/analytics/customers",
    "/analytics/orders?range=30d",
    "/analytics/sessions?range=30d",
    "/analytics/tasks/purchases?range=30d",
    "/analytics/tasks/cart-abandonment?range=30d",
    "/analytics/tasks/purchases/export.csv?range=30d",
    "/analytics/orders/export.csv?range=30d",
)
PROGRAMS = (
    "/analytics/api/v1/tasks/purchases?range=30d",
    "/analytics/api/v1/tasks/cart-abandonment?range=30d",
    "/analytics/api/v1/orders?range=30d",
    "/analytics/api/v1/sessions?range=30d",
)


@pytest.fixture(scope="module")
def zoe(site: Site, superuser: Superuser) -> World:
    """A contact without a company, whose id is an address."""
    made = World(superuser, site.acme)
    made.loaded()
    made.contact(ZOE, name="Zoe Private", email=ZOE, branch_id="D01")
    session_id = made.session("p1", 7, ago(days=2), contact=ZOE)
    made.order("T1", ago(days=2), 70, contact=ZOE, session_id=session_id, items=[item("A", 70)])
    made.task("purchase", ago(days=2), contact=ZOE, name="Zoe Private", order_key="T1")
    made.task("cart", ago(days=1), contact=ZOE, name="Zoe Private")
    return made


@pytest.fixture
def vic(site: Site) -> Iterator[Browser]:
    """Acme's viewer."""
    with Browser(site) as opened:
        opened.sign_in(VIEWER)
        yield opened


def sealed_link(vic: Browser) -> str:
    found = re.search(r"/analytics/customers/s:[\w-]+", vic.open("/analytics/customers").text)
    assert found
    return found[0]


@pytest.mark.parametrize("path", PAGES)
def test_no_page_of_a_viewer_shows_the_address(vic: Browser, zoe: World, path: str) -> None:
    answer = vic.open(path)
    assert answer.status_code == 200, path
    assert "zoe" not in answer.text.lower()


@pytest.mark.parametrize("path", PROGRAMS)
def test_no_answer_to_a_viewers_program_shows_it(site: Site, zoe: World, path: str) -> None:
    assert "zoe" not in site.api(path, VIEWER).text.lower()
    assert site.api(path, VIEWER).status_code == 200
    assert ZOE in site.api(path, ADA).text


def test_a_sealed_link_opens_the_masked_page_and_stays_the_same(vic: Browser, zoe: World) -> None:
    link = sealed_link(vic)
    page = vic.open(link)
    assert "zoe" not in page.text.lower() and check_page(page)
    assert sealed_link(vic) == link
    assert "zoe" not in vic.open(f"{link}/timeline").text.lower()
    key = link.removeprefix("/analytics/customers/")
    history = f"/analytics/api/v1/history/user/{key}"
    told = vic.site.api(history, VIEWER)
    assert told.json()["data"] and "zoe" not in told.text.lower()


def test_a_viewer_cannot_ask_by_an_address_and_others_can(
    site: Site, vic: Browser, browser: Browser, zoe: World
) -> None:
    history = f"/analytics/api/v1/history/user/{ZOE}"
    browser.sign_in(ADA)
    assert vic.open(OPEN).status_code == vic.open(f"{OPEN}/timeline").status_code == 404
    assert site.api(history, VIEWER).status_code == 404
    assert browser.open(OPEN).status_code == site.api(history, ADA).status_code == 200
    assert browser.open(sealed_link(vic)).status_code == 200, "a viewer's link works for an admin"


def test_a_seal_is_of_one_tenant_and_cannot_be_forged(
    site: Site, vic: Browser, browser: Browser, zoe: World
) -> None:
    link = sealed_link(vic)
    browser.sign_in(GUS)
    for path in (
        link,
        link[:-1],
        f"{link}A",
        "/analytics/customers/s:",
        "/analytics/customers/s:~00",
        "/analytics/customers/s:x",
    ):
        assert browser.open(path).status_code == 404, path
    assert vic.open(link[:-2] + "AA").status_code == 404
