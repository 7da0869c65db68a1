"""The list of customers: found by the beginnings of words, sorted, paged, within the branches."""

from __future__ import annotations

import pytest

from tests.customers.world import World, ago
from tests.page import Html, check_fragment, check_page
from tests.running import GUS, Browser
from tests.tasks.queue_page import HTMX, ada, rae, vic, world

__all__ = ["ada", "rae", "vic", "world"]
LIST = "/analytics/customers"


def names(html: Html) -> list[str]:
    return [html.text(e) for e in html.all("th") if e.get("scope") == "row"]


@pytest.fixture
def customers(world: World) -> World:
    """A company of two contacts, a contact without one, and a company only orders name."""
    world.contact(
        "U1",
        "K1",
        name="Ann Lee",
        email="ann.lee@north.example",
        branch_id="D01",
        buying_company_name="Northern Pipes",
    )
    world.contact("U2", "K1", name="Bo Ek", buying_company_name="Northern Pipes", branch_id="D01")
    world.contact("U3", name="Cy Fry", phone="+1 555-0199", branch_id="D09")
    world.order("T1", ago(days=9), 700, company="K1", contact="U1")
    world.refund("T1", ago(days=8), 100)
    world.order("T2", ago(days=400), 5_000, company="K1", contact="U1")
    world.order("T3", ago(days=3), 900, company="K7", branch="D09")
    world.session("p1", 1, ago(days=1), contact="U3", branch="D09")
    return world


def test_the_most_valuable_first_or_the_latest_or_by_name(ada: Browser, customers: World) -> None:
    html = check_page(ada.open(LIST))
    assert names(html) == ["K7", "Northern Pipes K1", "Cy Fry U3"]
    assert "$600.00" in html.text() and "3 customers" in html.text()
    latest = check_page(ada.open(f"{LIST}?sort_field=last_at"))
    assert names(latest) == ["Cy Fry U3", "K7", "Northern Pipes K1"]
    by_name = check_page(ada.open(f"{LIST}?sort_field=name"))
    assert names(by_name) == ["Cy Fry U3", "K7", "Northern Pipes K1"]
    assert ada.open(f"{LIST}?sort_field=x").status_code == 422


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("north", ["Northern Pipes K1"]),
        ("PIPES ann", ["Northern Pipes K1"]),
        ("ann.lee@north.example", ["Northern Pipes K1"]),
        ("bo", ["Northern Pipes K1"]),
        ("k7", ["K7"]),
        ("0199", ["Cy Fry U3"]),
        ("u3", ["Cy Fry U3"]),
        ("orthern", []),
        ("north cy", []),
        ("%", ["K7", "Northern Pipes K1", "Cy Fry U3"]),
        ("' or 1=1", []),
    ],
)
def test_every_word_begins_a_word_of_the_customer(
    ada: Browser, customers: World, query: str, found: list[str]
) -> None:
    page = ada.get(ada.site.url(LIST), params={"query": query}, headers=HTMX)
    assert names(check_fragment(page, "customers")) == found


def test_no_match_and_no_customer_are_different_texts(ada: Browser, world: World) -> None:
    assert "No customers yet" in check_page(ada.open(LIST)).text()
    assert "No customers match" in check_page(ada.open(f"{LIST}?query=zzz")).text()


def test_pages_of_the_list(ada: Browser, world: World) -> None:
    for number in range(12):
        world.order(f"T{number}", ago(days=number), 100 + number, company=f"K{number:02}")
    first = check_page(ada.open(f"{LIST}?limit=10"))
    second = check_page(ada.open(f"{LIST}?limit=10&page=2"))
    expected = [f"K{number:02}" for number in range(11, -1, -1)]
    assert names(first) + names(second) == expected


def test_a_rep_sees_customers_of_the_own_branches(rae: Browser, customers: World) -> None:
    assert names(check_page(rae.open(LIST))) == ["Northern Pipes K1"]


def test_a_viewer_sees_no_contact_in_the_list(vic: Browser, customers: World) -> None:
    page = vic.open(LIST)
    assert "Cy Fry" not in page.text and "C••• F•••" in check_page(page).text()


def test_globex_sees_none(browser: Browser, customers: World) -> None:
    browser.sign_in(GUS)
    assert names(check_page(browser.open(LIST))) == []


def test_hostile_words_stay_text(ada: Browser, world: World) -> None:
    name = "<img src=x onerror=alert(1)>"
    world.contact("U<1>", name=name)
    page = ada.open(LIST)
    assert "<img" not in page.text and names(check_page(page)) == [f"{name} U<1>"]
    searched = ada.get(ada.site.url(LIST), params={"query": '"><script>'})
    assert "<script>" not in searched.text.replace('<script src="', "")
    assert ada.open(f"{LIST}?query=%00").status_code == 400
