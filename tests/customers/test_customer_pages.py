"""One customer's page: figures, people, products, identity, timeline, and what is set there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.customers.world import World, ago, item
from tests.page import Html, check_fragment, check_page
from tests.running import GUS, Browser
from tests.tasks.queue_page import HTMX, ada, rae, vic, world

__all__ = ["ada", "rae", "vic", "world"]
K1 = "/analytics/customers/k:K1"


def tile(html: Html, label: str) -> str:
    """The text of the figure with that heading."""
    page = next(iter(html.all("main")))
    return next(html.text(e) for e in page.iter("li") if html.text(e).startswith(label))


@pytest.fixture
def customer(world: World) -> World:
    """Company K1: two contacts, visits on two devices, four orders, a cart task."""
    world.branch("D01", "Harbour")
    world.contact(
        "U1",
        "K1",
        name="Ann Lee",
        phone="+1 555-0142",
        email="ann@k1.example",
        buying_company_name="Customer A",
        branch_id="D01",
        account_owner="Rae",
    )
    world.contact("U2", "K1", name="Bo Ek", buying_company_name="Customer A", branch_id="D01")
    for number, days in enumerate((400, 30, 20, 9)):
        lines = [item("A", 100, 2, "Valve")]
        world.order(f"T{number}", ago(days=days), 200, company="K1", contact="U1", items=lines)
    world.refund("T3", ago(days=8), 50)
    visit = ago(days=9)
    world.session("p1.7", 100, visit, contact="U1", company="K1", page_views=11, item_views=2)
    world.session("p2.9", 100, ago(days=2), contact="U2", company="K1", failed_searches=1)
    world.event("view_item", visit, "p1.7", 100, item_id="A", item_name="Valve")
    world.event("view_item", visit, "p1.7", 100, item_id="B", item_name="Pump")
    world.event("no_search_results", ago(days=2), "p2.9", 100, search_term="gasket", term="gasket")
    world.task("cart", ago(days=2), company="K1", value=2340, name="Customer A")
    return world


def test_the_figures_of_a_customer(ada: Browser, customer: World) -> None:
    html = check_page(ada.open(K1))
    assert html.text(html.all("h1")[0]) == "Customer A"
    assert tile(html, "Net revenue") == "Net revenue, 12 months $550.00 ▲ up 175.0% from $200.00"
    assert tile(html, "Orders") == "Orders, 12 months 3 average $183.33"
    assert "usual gap 11 days" in tile(html, "Last order")
    assert tile(html, "Open cart") == "Open cart $2,340"
    assert tile(html, "Visits").startswith("Visits, 30 days 2 last")
    assert tile(html, "Open tasks") == "Open tasks 1"
    assert "An order is due" not in html.text()


def test_an_order_is_due_when_the_usual_gap_is_over(ada: Browser, world: World) -> None:
    for number, days in enumerate((40, 30, 20)):
        world.order(f"T{number}", ago(days=days), 10, company="K1")
    html = check_page(ada.open(K1))
    assert "usual gap 10 days · due" in tile(html, "Last order")
    assert "An order is due: usually 10 days pass" in html.text()


def test_people_products_and_identity(ada: Browser, customer: World) -> None:
    words = check_page(ada.open(K1)).text()
    for part in (
        "People 2",
        "Ann Lee U1",
        "☎ +1 555-0142",
        "D01 Harbour",
        "Bo Ek U2",
        "Valve A · 4 orders, 8 pieces",
        "Viewed, never bought Pump B · 1 visit",
        "Searched and not found gasket · 1 search",
        "Identity 2 web users, 2 devices",
        "signed in as U1",
        "signed in as U2",
    ):
        assert part in words, part


def test_the_timeline_is_grouped_by_day_newest_first(ada: Browser, customer: World) -> None:
    html = check_page(ada.open(K1))
    timeline = html.by_id("timeline")
    days = [html.text(e) for e in timeline.iter("h3")]
    assert len(days) == 5
    words = html.text(timeline)
    assert words.index("1 failed search") < words.index("11 pages, 2 items viewed")
    assert "Ordered $150.00 · T3 · $50.00 refunded · 1 line" in words
    assert "/analytics/sessions/p1.7.100" in html.links(timeline)


def test_an_order_stands_in_its_visit(ada: Browser, world: World) -> None:
    session_id = world.session("p1", 1, ago(days=3), contact="U1", purchases=1)
    world.order("T9", ago(days=3, minutes=-5), 70, contact="U1", session_id=session_id)
    html = check_page(ada.open("/analytics/customers/c:U1"))
    entries = [html.text(e) for e in html.by_id("timeline").iter("li")]
    assert len(entries) == 1 and "Visit of 1 page" in entries[0] and "Ordered $70.00" in entries[0]


@pytest.mark.parametrize(
    ("show", "entries"), [("orders", 4), ("visits", 2), ("searches", 1), ("carts", 0), ("tasks", 1)]
)
def test_the_timeline_shows_one_kind(
    ada: Browser, customer: World, show: str, entries: int
) -> None:
    part = ada.open(f"{K1}/timeline?show={show}", headers=HTMX)
    html = check_fragment(part, "timeline")
    assert len(list(html.by_id("timeline").iter("li"))) == entries
    assert ada.open(f"{K1}/timeline?show=x", headers=HTMX).status_code == 422


def test_more_of_the_timeline_comes_on_demand_forth_and_back(ada: Browser, world: World) -> None:
    for number in range(95):
        world.order(f"T{number:02}", ago(days=number), 10, company="K1")
    seen, path = [], f"{K1}/timeline"
    while path:
        html = check_page(ada.open(path))
        seen.append([e for e in html.text(html.by_id("timeline")).split() if e.startswith("T")])
        path = next((h for h in html.links(html.by_id("timeline")) if turned(html, h, "Older")), "")
    numbers = [name for page in seen for name in page if name[1:].isdigit()]
    assert numbers == [f"T{number:02}" for number in range(95)]
    newer = next(h for h in html.links(html.by_id("timeline")) if turned(html, h, "Newer"))
    back = check_page(ada.open(newer))
    assert "T40" in back.text() and "T79" in back.text()


def turned(html: Html, href: str, label: str) -> bool:
    return any(e.get("href") == href and html.text(e) == label for e in html.all("a"))


def test_nothing_known_is_no_page(ada: Browser, browser: Browser, customer: World) -> None:
    for key in ("k:none", "c:none", "d:none", "x", "k:K1/timeline/x"):
        assert ada.open(f"/analytics/customers/{key}").status_code == 404
    browser.sign_in(GUS)
    assert browser.open(K1).status_code == 404
    assert browser.open(f"{K1}/timeline").status_code == 404
    assert browser.submit(f"{K1}/do-not-contact", reason="x").status_code == 404


def test_a_rep_sees_what_happened_at_the_own_branches(rae: Browser, world: World) -> None:
    world.session("p1", 1, ago(days=2), company="K1", branch="D01")
    world.session("p2", 1, ago(days=2), company="K1", branch="D09")
    world.order("T2", ago(days=3), 900, company="K1", branch="D09")
    world.order("T3", ago(days=3), 900, company="K2", branch="D09")
    page = rae.open(K1)
    html = check_page(page)
    assert "$0.00" in tile(html, "Net revenue") and "T2" not in html.text()
    assert " 1 " in tile(html, "Visits") and "only activity at D01, D02" in html.text()
    assert f"{K1}/note" not in page.text, "nothing to change"
    assert rae.submit(f"{K1}/note", note="hello").status_code == 403
    assert rae.open("/analytics/customers/k:K2").status_code == 404


def test_an_order_at_a_branch_shows_the_whole_customer_there(rae: Browser, world: World) -> None:
    world.order("T1", ago(days=3), 100, company="K1", branch="D01")
    world.order("T2", ago(days=3), 900, company="K1", branch="D09")
    html = check_page(rae.open(K1))
    assert "$1,000" in tile(html, "Net revenue") and "T2" in html.text()
    assert "only activity" not in html.text()


def test_a_viewer_sees_masked_contacts_and_no_forms(vic: Browser, customer: World) -> None:
    page = vic.open(K1)
    assert "A••• L•••" in check_page(page).text()
    for secret in ("Ann Lee", "ann@k1.example", "555-0142"):
        assert secret not in page.text
    assert "Do not contact" not in page.text
    assert vic.submit(f"{K1}/do-not-contact", reason="x").status_code == 403
    assert vic.submit(f"{K1}/exclude", reason="x").status_code == 403


def test_do_not_contact_until_a_day_and_again(ada: Browser, customer: World) -> None:
    day = (ago(days=0) + timedelta(days=10)).date()
    page = check_page(ada.submit(f"{K1}/do-not-contact", reason="Asked <us>", ends_on=f"{day}"))
    assert "This customer is now marked" in page.text()
    assert f"Do not contact until {day:%a}" in page.text() and "Asked <us>" in page.text()
    again = check_page(ada.submit(f"{K1}/contact-again"))
    assert "Asked <us>" not in again.text()


@pytest.mark.parametrize(
    "fields",
    [
        {"reason": ""},
        {"reason": "x" * 501},
        {"reason": "x", "ends_on": "2020-01-01"},
        {"reason": "x", "ends_on": "soon"},
    ],
)
def test_what_is_missing_is_said(ada: Browser, customer: World, fields: dict[str, str]) -> None:
    answer = ada.submit(f"{K1}/do-not-contact", **fields)
    assert answer.status_code == 422
    assert [e for e in check_page(answer).all("p") if e.get("role") == "alert"]
    assert not customer.superuser.execute("select from do_not_contact").fetchall()


def test_excluding_a_company_or_a_domain(ada: Browser, customer: World) -> None:
    page = check_page(ada.submit(f"{K1}/exclude", reason="Competitor"))
    assert "Excluded: Competitor" in page.text()
    both = check_page(ada.submit(f"{K1}/exclude", reason="Staff", email_domain="k1.example"))
    assert "Excluded with @k1.example: Staff" in both.text()
    assert "Nothing waiting" in check_page(ada.open("/analytics/queue")).text()
    none = ada.submit(f"{K1}/exclude", reason="Staff", email_domain="gmail.example")
    assert none.status_code == 422
    free = check_page(ada.submit(f"{K1}/include"))
    assert "Excluded" not in free.text().replace("Excluded customers disappear", "")


def test_a_device_cannot_be_called(ada: Browser, world: World) -> None:
    world.session("p1", 1, ago(days=1))
    page = check_page(ada.open("/analytics/customers/d:p1"))
    assert "Unknown visitor" in page.text() and "no one signed in" in page.text()
    path = "/analytics/customers/d:p1/do-not-contact"
    assert ada.submit(path, reason="x").status_code == 404
