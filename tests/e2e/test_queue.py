"""My queue and a customer's page in a real browser: presses, undo, menus, phones."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.customers.world import World, ago, item
from tests.e2e.conftest import OpenPage
from tests.tasks.queue_page import world

__all__ = ["world"]
pytestmark = pytest.mark.browser
SHOTS = os.environ.get("SHOTS")


@pytest.fixture
def queue(world: World) -> World:
    """Three customers: two reasons, a call-back that is due, and one to reach by email alone."""
    world.branch("D01", "Harbour")
    world.branch("D02", "Uptown")
    world.contact(
        "U1",
        "K1",
        name="Ann Lee",
        phone="+1 555-0142",
        email="ann@k1.example",
        buying_company_name="Northern Pipes & Fittings",
        branch_id="D01",
    )
    for number, days in enumerate((400, 60, 40, 22)):
        world.order(
            f"T10{number}",
            ago(days=days),
            2_400 + number,
            company="K1",
            contact="U1",
            items=[item("A", 100, 4, "Gate valve 3 in")],
        )
    world.session("p1.7", 100, ago(days=1), contact="U1", company="K1", page_views=11)
    world.event("page_view", ago(days=1), "p1.7", 100, page_title="Valves")
    world.event(
        "view_item", ago(days=1, minutes=-1), "p1.7", 100, item_id="B", item_name="Ball valve 2 in"
    )
    world.event(
        "add_to_cart",
        ago(days=1, minutes=-9),
        "p1.7",
        100,
        items_json=[item("B", 260, 9, "Ball valve 2 in")],
    )
    lines = {"lines": [item("B", 260, 9, "Ball valve 2 in")]}
    world.task(
        "cart",
        ago(days=1),
        company="K1",
        contact="U1",
        name="Northern Pipes & Fittings",
        value=2_340,
        detail=lines,
    )
    world.task(
        "no_results", ago(days=2), company="K1", contact="U1", name="Northern Pipes & Fittings"
    )
    world.task(
        "repeat_visit",
        ago(days=3),
        company="K2",
        name="Oak Plumbing",
        branch="D02",
        state="snoozed",
        snoozed_until=ago(hours=3),
        version=1,
        value=700,
    )
    world.task("bounce", ago(days=3), company="K3", name="Quarry Supply", value=90, reach=4)
    return world


def shoot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"), full_page=True)


def test_a_press_takes_the_card_away_and_undo_brings_it_back(
    open_page: OpenPage, queue: World
) -> None:
    page = open_page("/analytics/queue")
    shoot(page, "queue")
    card = page.locator("li.prospect", has_text="Northern Pipes")
    card.locator(".why > summary").click()
    expect(card.get_by_text("halves every 2 days")).to_be_visible()
    shoot(page, "queue-why")
    page.keyboard.press("Escape")
    card.locator("summary", has_text="Done…").click()
    shoot(page, "queue-done")
    expect(card.locator("[name=reason]")).to_be_hidden()
    card.get_by_label("Not interested").check()
    expect(card.locator("[name=reason]")).to_be_visible()
    expect(card.locator("[name=amount]")).to_be_hidden()
    card.get_by_role("button", name="Finish").click()
    expect(card).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('[data-card]') !== null"), "the next card"
    expect(page.locator("#toasts")).to_contain_text("Northern Pipes")
    expect(page.locator("#queue_counts")).to_contain_text("1 done this week")
    shoot(page, "queue-toast")
    page.get_by_role("button", name="Undo").click()
    expect(card).to_be_visible()
    expect(page.get_by_text("Undone.")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)


def test_a_snooze_by_its_own_button_sends_the_days(open_page: OpenPage, queue: World) -> None:
    page = open_page("/analytics/queue")
    card = page.locator("li.prospect", has_text="Quarry Supply")
    card.locator("summary", has_text="Snooze").click()
    card.get_by_role("button", name="For 3 days").click()
    expect(card).to_have_count(0)
    expect(page.locator("#queue_counts")).to_contain_text("1 snoozed")


def test_a_colleague_s_change_is_told_on_the_card(open_page: OpenPage, queue: World) -> None:
    page = open_page("/analytics/queue")
    queue.superuser.execute("update task set version = 1 where customer_key = 'k:K3'")
    queue.superuser.execute("""
        insert into task_work (tenant_id, task_id, task_type, subject, first_at, order_key,
            last_at, customer_key, version, snapshot)
        select tenant_id, task_id, task_type, subject, first_at, order_key, last_at,
            customer_key, 1, '{}' from task where customer_key = 'k:K3'
    """)
    card = page.locator("li.prospect", has_text="Quarry Supply")
    card.get_by_role("button", name="Log a call").click()
    expect(card.get_by_role("alert")).to_contain_text("changed since you opened it")


def test_customers_are_given_away_on_the_board_and_given_back(
    open_page: OpenPage, queue: World
) -> None:
    queue.task("cart", ago(days=1), company="K9", branch="D07", name="Lone Quarry")
    page = open_page("/analytics/team-board")
    unassigned = page.locator("section", has=page.get_by_role("heading", name="Unassigned"))
    unassigned.get_by_role("button", name="Assign 1 customer").click()
    expect(unassigned).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(unassigned).to_have_count(1)
    expect(page.get_by_text("Undone: 1 customer given back.")).to_be_visible()
    unassigned.get_by_role("link", name="1 customer waiting").click()
    expect(page.locator("[data-card] h2")).to_have_text(["Lone Quarry"])


def test_filters_stay_in_the_address(open_page: OpenPage, queue: World) -> None:
    page = open_page("/analytics/queue")
    page.locator("select[name=sort_field]").select_option("value")
    expect(page).to_have_url(re.compile(r"/analytics/queue\?sort_field=value$"))
    page.go_back()
    expect(page.locator("select[name=sort_field]")).to_have_value("score")


@pytest.mark.parametrize(
    "path", ["queue", "customers", "customers/k:K1", "team-board", "sessions/p1.7.100"]
)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_scrolls_down_only(
    open_page: OpenPage, queue: World, path: str, theme: str
) -> None:
    page = open_page(
        f"/analytics/{path}", viewport={"width": 375, "height": 800}, color_scheme=theme
    )
    shoot(page, f"phone-{theme}-{path.replace('/', '_').replace(':', '')}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    for details in page.query_selector_all("details:not([data-menu])"):
        details.evaluate("element => { element.open = true }")
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    small = page.evaluate("""
        [...document.querySelectorAll('.prospect__actions .btn, .touch')]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44)
            .map(e => e.textContent.trim())
    """)
    assert small == []


def test_a_panel_on_a_phone_fits_the_screen(open_page: OpenPage, queue: World) -> None:
    page = open_page("/analytics/queue", viewport={"width": 375, "height": 800})
    card = page.locator("li.prospect", has_text="Northern Pipes")
    for label in ("Done…", "Snooze", "Assign", "Note"):
        card.locator("summary", has_text=label).click()
        box = card.locator("details[open] > .menu__panel").bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 375, label
        shoot(page, f"phone-panel-{label.strip('…')}")
        page.keyboard.press("Escape")


def test_keys_lead_from_card_to_card_and_open_the_panels(open_page: OpenPage, queue: World) -> None:
    page = open_page("/analytics/queue")
    for key in ("j", "j", "k"):
        page.keyboard.press(key)
    expect(page.get_by_role("link", name="Oak Plumbing")).to_be_focused()
    page.keyboard.press("n")
    panel = page.locator("li.prospect", has_text="Oak Plumbing").get_by_label("Note")
    expect(panel).to_be_focused()
    page.keyboard.type("jk: called")
    expect(panel).to_have_value("jk: called")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Shortcuts")).to_be_visible()


def test_the_last_card_done_leaves_an_empty_queue(open_page: OpenPage, queue: World) -> None:
    queue.superuser.execute("delete from task where customer_key <> 'k:K3'")
    page = open_page("/analytics/queue")
    page.locator("summary", has_text="Snooze").click()
    page.get_by_role("button", name="Until tomorrow").click()
    expect(page.get_by_text("Nothing waiting")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="Quarry Supply")).to_be_visible()


def test_a_customer_s_timeline_turns_without_leaving(open_page: OpenPage, queue: World) -> None:
    for number in range(50):
        queue.order(f"S{number:02}", ago(days=100 + number), 10, company="K1")
    page = open_page("/analytics/customers/k:K1")
    shoot(page, "customer")
    page.get_by_role("link", name="Older").click()
    expect(page.get_by_role("link", name="Newer")).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text("S49")
    page.locator("#timeline").get_by_role("link", name="Orders", exact=True).click()
    expect(page.locator("#timeline .timeline__entry--session")).to_have_count(0)
    page.goto(page.url.replace("customers/k:K1", "sessions/p1.7.100"))
    shoot(page, "session")
    page.goto(page.url.replace("sessions/p1.7.100", "team-board"))
    shoot(page, "board")
    page.goto(page.url.replace("team-board", "customers"))
    shoot(page, "customers")
