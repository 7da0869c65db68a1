"""My queue: what it shows, to whom, and under which filters."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.customers.world import World, ago
from tests.page import Html, check_fragment, check_page
from tests.running import GUS, REP, Browser, path_of
from tests.tasks.queue_page import HTMX, QUEUE, ada, card, form_of, press, rae, send, vic, world

__all__ = ["ada", "rae", "vic", "world"]


def names(html: Html) -> list[str]:
    cards = [e for e in html.all("li") if e.get("data-card") is not None]
    return [html.text(next(e.iter("h2"))) for e in cards]


def test_an_empty_queue_says_so(ada: Browser, world: World) -> None:
    html = check_page(ada.open(QUEUE))
    assert "Nothing waiting" in html.text()
    assert "0 customers to contact · 0 snoozed · 0 done this week" in html.text()


def test_one_card_a_customer_with_its_reasons(ada: Browser, world: World) -> None:
    world.branch("D01", "Harbour")
    world.contact("U1", "K1", name="Ann Lee", phone="+1 555-0142", email="ann@k1.example")
    world.task("cart", ago(days=1), company="K1", contact="U1", value=2340, name="Customer A")
    world.task("no_results", ago(days=2), company="K1", contact="U1", name="Customer A")
    world.task("repeat_visit", ago(days=2), company="K2", name="Customer B")
    world.order("T1", ago(days=12), 48_000, company="K1")
    html = check_page(ada.open(QUEUE))
    assert names(html) == ["Customer A", "Customer B"]
    words = html.text(card(html, "k:K1"))
    for part in (
        "D01 Harbour",
        "Ann Lee",
        "☎ +1 555-0142",
        "✉ ann@k1.example",
        "$48,000 in 12 months",
        "Cart $2,340 · 1 line",
        "“valve” ×4, found nothing",
        "Log a call",
        "Done…",
        "Open customer",
    ):
        assert part in words
    links = html.links(card(html, "k:K1"))
    assert "tel:+15550142" in links and "/analytics/customers/k:K1" in links
    assert "2 customers to contact" in html.text(html.by_id("queue_counts"))


def test_the_score_is_explained(ada: Browser, world: World) -> None:
    world.task("cart", ago(days=2), company="K1", value=0, has_checkout=True)
    world.task("purchase", ago(days=7), company="K1", value=0)
    assert "why 50?" in check_page(ada.open(QUEUE)).text()
    words = check_page(ada.open(f"{QUEUE}/k:K1/why")).text()
    for part in (
        "Value",
        "Recency",
        "12.5",
        "Intent",
        "20.0",
        "Reachability",
        "10.0",
        "Relationship",
        "5.0",
        "1 further reason +3",
    ):
        assert part in words


def test_an_overdue_call_back_comes_first(ada: Browser, world: World) -> None:
    world.task("cart", ago(days=1), company="K1", value=9_000, name="Best")
    world.task(
        "bounce",
        ago(days=9),
        company="K2",
        value=0,
        name="Promised",
        state="snoozed",
        snoozed_until=ago(hours=2),
        version=1,
    )
    html = check_page(ada.open(QUEUE))
    assert names(html) == ["Promised", "Best"]
    assert "Call back, due" in html.text(card(html, "k:K2"))


def test_a_rep_sees_the_own_customers_first_and_others_on_demand(
    rae: Browser, world: World
) -> None:
    world.task("cart", ago(days=1), company="K1", name="Mine by branch")
    world.task("cart", ago(days=1), company="K2", name="Given to me", owner=REP.email)
    world.contact("U3", "K3", account_owner="sam@acme.example")
    world.task("cart", ago(days=1), company="K3", name="Sam's")
    world.task("cart", ago(days=1), company="K4", name="Far away", branch="D09")
    assert set(names(check_page(rae.open(QUEUE)))) == {"Mine by branch", "Given to me"}
    wide = set(names(check_page(rae.open(f"{QUEUE}?owner=any"))))
    assert wide == {"Mine by branch", "Given to me", "Sam's"}
    assert rae.open(f"{QUEUE}?location_id=D09").status_code == 403


def test_a_name_in_the_customer_file_makes_nobody_an_owner(
    ada: Browser, rae: Browser, world: World
) -> None:
    world.contact("U1", "K1", account_owner="Rae Lund")
    world.task("cart", ago(days=1), company="K1", name="By name")
    assert not names(check_page(rae.open(QUEUE))), "members choose their names themselves"
    assert names(check_page(ada.open(f"{QUEUE}?owner=Rae%20Lund"))) == ["By name"]


def test_the_queue_of_one_owner_and_of_nobody(ada: Browser, world: World) -> None:
    world.task("cart", ago(days=1), company="K1", name="Rae's", branch="D01")
    world.task("cart", ago(days=1), company="K2", name="Nobody's", branch="D09")
    for owner, shown in (
        (REP.email, ["Rae's"]),
        ("-", ["Nobody's"]),
        ("-D09", ["Nobody's"]),
        ("-D01", []),
        ("any", ["Nobody's", "Rae's"]),
        ("me", []),
    ):
        page = check_page(ada.open(f"{QUEUE}?owner={quote(owner)}"))
        assert sorted(names(page)) == shown, owner


def test_customers_without_a_contact_are_hidden_and_counted(ada: Browser, world: World) -> None:
    world.task("cart", ago(days=1), company="K1", name="Silent", reach=0)
    for query, shown in (("", []), ("?reachable=0", ["Silent"])):
        page = check_page(ada.open(f"{QUEUE}{query}"))
        assert names(page) == shown
        assert ("1 without phone or email hidden" in page.text()) is not shown
    world.task("repeat_visit", ago(days=1), company="K1", name="Silent", reach=6)
    page = check_page(ada.open(QUEUE))
    assert names(page) == ["Silent"], "one contact is enough"


def test_a_worked_card_sinks_and_tells_what_was_said(ada: Browser, world: World) -> None:
    world.contact("U1", "K1", name="Ann Lee", phone="555-1")
    world.contact("U2", "K1", name="Bo Ray", phone="555-2")
    for kind, contact in (("cart", "U1"), ("no_results", "U2")):
        world.task(kind, ago(days=2), company="K1", contact=contact, value=900, name="Worked")
    world.task("bounce", ago(days=9), company="K2", value=0, name="Untouched")
    assert names(check_page(ada.open(QUEUE))) == ["Worked", "Untouched"]
    assert press(ada, "note", note="Asks for a price list").status_code == 200
    html = check_page(ada.open(QUEUE))
    assert names(html) == ["Untouched", "Worked"]
    words = html.text(card(html, "k:K1"))
    assert "“Asks for a price list” · ada@acme.example" in words
    assert "Ann Lee" in words and "Bo Ray · ☎ 555-2" in words, "each reason names its contact"
    world.superuser.execute("update task_history set happened_at = %s", (ago(hours=2),))
    world.task("repeat_visit", ago(hours=1), company="K1", name="Worked")
    assert names(check_page(ada.open(QUEUE)))[0] == "Worked", "something new came after it"


def test_filters_narrow_and_the_address_keeps_them(ada: Browser, world: World) -> None:
    world.task(
        "cart",
        ago(days=1),
        company="K1",
        value=50,
        name="Small cart",
        reach=0,
        words=" small cart ",
    )
    world.task("repeat_visit", ago(days=1), company="K2", value=5_000, name="Big visit")
    world.task(
        "cart",
        ago(days=120),
        company="K3",
        value=5_000,
        name="Old cart",
        expires_at=ago(days=-9),
    )

    def shown(query: str) -> list[str]:
        return names(check_fragment(ada.open(f"{QUEUE}?{query}", headers=HTMX), "queue"))

    assert shown("type=cart&reachable=0") == ["Small cart"]
    assert shown("") == ["Big visit"]
    assert shown("reachable=0&query=sma") == ["Small cart"]
    assert shown("least_value=100") == ["Big visit"]
    assert shown("sort_field=value&range=365d")[0] in ("Big visit", "Old cart")
    assert set(shown("range=365d&type=cart&reachable=0")) == {"Small cart", "Old cart"}
    nothing = check_page(ada.open(f"{QUEUE}?least_value=100000"))
    assert "No results" in nothing.text() and "Clear filters" in nothing.text()


@pytest.mark.parametrize(
    "wrong",
    [
        f"owner={'x' * 255}",
        "type=x",
        "range=1y",
        "least_value=abc",
        "least_value=NaN",
        "sort_field=1;drop",
        "owner=%01",
    ],
)
def test_a_wrong_address_is_explained(ada: Browser, world: World, wrong: str) -> None:
    page = ada.open(f"{QUEUE}?{wrong}")
    assert page.status_code == 422
    assert "Showing the default instead." in check_page(page).text()


def test_pages_of_the_queue(ada: Browser, world: World) -> None:
    for number in range(12):
        world.task("cart", ago(days=1, hours=number), company=f"K{number}", name=f"N{number}")
    first = check_page(ada.open(f"{QUEUE}?limit=10"))
    assert len(names(first)) == 10
    second = check_page(ada.open(f"{QUEUE}?limit=10&page=2"))
    assert len(names(second)) == 2
    assert "11–12 of 12 customers" in second.text()


def test_a_page_of_cards_is_light(ada: Browser, world: World) -> None:
    world.branch("D01", "Harbour")
    for n in range(25):
        company, contact = f"K{n}", f"U{n}"
        world.contact(
            contact, company, name=f"Ann Lee {n}", phone="+1 555-0142", email=f"a{n}@k.example"
        )
        world.order(f"T{n}", ago(days=40), 2_400, company=company, contact=contact)
        for kind in ("cart", "repeat_visit"):
            world.task(kind, ago(days=1), company=company, contact=contact, name=f"Customer {n}")
    html = check_page(ada.open(QUEUE))
    assert len(names(html)) == 25
    assert len(html.response.content) < 150_000
    assert len(html.all("input")) < 300


@pytest.mark.parametrize("action", ["done", "snooze", "assign", "note"])
def test_a_form_is_a_page_of_its_own_without_javascript(
    ada: Browser, world: World, action: str
) -> None:
    world.task("cart", ago(days=1), company="K1", name="Customer A")
    html = check_page(ada.open(QUEUE))
    link = next(a for a in html.links(card(html, "k:K1")) if a.endswith(f"/{action}"))
    page = check_page(ada.open(link))
    assert "Customer A" in page.text()
    form = form_of(page, page.root, action)
    fields = {
        "done": {"outcome": "won"},
        "snooze": {"days": "3"},
        "assign": {"owner": ""},
        "note": {"note": "Call on Monday"},
    }[action]
    answer = send(ada, form, htmx=False, **fields)
    assert path_of(answer) == QUEUE and answer.status_code == 200


def test_a_viewer_reads_without_contacts_and_without_buttons(vic: Browser, world: World) -> None:
    world.contact("U1", "K1", name="Ann Lee", phone="+1 555-0142", email="ann@k1.example")
    world.task("cart", ago(days=1), company="K1", contact="U1", name="Customer A")
    html = check_page(vic.open(QUEUE))
    words = html.text(card(html, "k:K1"))
    assert "A••• L•••" in words and "☎ •••42" in words and "✉ a•••@k1.example" in words
    assert "ann@k1.example" not in html.response.text and "555-0142" not in html.response.text
    assert not list(card(html, "k:K1").iter("form"))


def test_hostile_names_stay_text(ada: Browser, world: World) -> None:
    hostile = """<script>alert("x")</script>'/../?#%2F"""
    world.task("cart", ago(days=1), company=hostile, name=hostile)
    page = ada.open(QUEUE)
    html = check_page(page)
    assert "<script>alert" not in page.text
    assert names(html) == [hostile]
    link = next(href for href in html.links(card(html, f"k:{hostile}")) if "/customers/" in href)
    opened = ada.open(link)
    assert opened.status_code == 200
    assert hostile in check_page(opened).text()


def test_counts_come_alone_too(ada: Browser, world: World) -> None:
    world.task(
        "cart", ago(days=1), company="K1", state="snoozed", version=1, snoozed_until=ago(days=-2)
    )
    part = check_fragment(ada.open(f"{QUEUE}/counts", headers=HTMX), "queue_counts")
    counts = part.text(part.by_id("queue_counts"))
    assert counts == "0 customers to contact · 1 snoozed · 0 done this week"
    check_page(ada.open(f"{QUEUE}/counts"))


def test_globex_sees_nothing_of_acme(browser: Browser, world: World) -> None:
    world.task("cart", ago(days=1), company="K1", name="Customer A")
    browser.sign_in(GUS)
    assert "Customer A" not in check_page(browser.open(QUEUE)).text()
    assert browser.open("/analytics/customers/k:K1").status_code == 404


def test_do_not_contact_leaves_the_queue(ada: Browser, world: World) -> None:
    world.task("cart", ago(days=1), company="K1", name="Customer A")
    world.insert("do_not_contact", kind="company", value="K1", reason="asked", created_by="ada")
    assert names(check_page(ada.open(QUEUE))) == []


def test_the_front_door_leads_reps_to_their_queue(rae: Browser, world: World) -> None:
    assert path_of(rae.open("/")) == QUEUE


def test_a_task_of_a_company_alone_lists_its_contacts(ada: Browser, world: World) -> None:
    for number in range(5):
        world.contact(f"U{number}", "K1", name=f"Person {number}", email=f"p{number}@k1.example")
    world.task("cart", ago(days=1), company="K1", name="Customer A")
    words = check_page(ada.open(QUEUE)).text()
    assert "✉ p0@k1.example" in words and "Person 2" in words and "Person 3" not in words
