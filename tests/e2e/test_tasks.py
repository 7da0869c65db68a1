"""Lists of tasks as people use them: filters, back, rows, steps, undo, many at once, keys."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.running import REP, Site
from tests.tasks.task_rows import DAYS, TaskRows

pytestmark = pytest.mark.browser

CARTS = f"/analytics/tasks/cart-abandonment?{DAYS}"
Superuser = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def tasks(site: Site, superuser: Superuser) -> Iterator[TaskRows]:
    """Thirty carts: N00 is worth most, every third one is at D02."""
    rows = TaskRows(superuser, site.acme)
    rows.load_days()
    rows.clear()
    for number in range(30):
        rows.add(
            "cart",
            f"N{number:02}",
            value=1000 - number,
            branch_id="D02" if number % 3 == 0 else "D01",
        )
    yield rows
    rows.clear()


def address(page: Page) -> str:
    return page.url.split("/analytics/tasks/")[1]


def row(page: Page, name: str) -> str:
    """The id of a row, for its parts."""
    link = page.locator(f"[data-opens]:has-text('Customer {name}')")
    return (link.get_attribute("data-opens") or "").removeprefix("task_")


def owner_of(tasks: TaskRows, name: str) -> object:
    """Whom the task was given to."""
    query = "select owner from task where subject = %s and task_type = 'cart'"
    found = tasks.superuser.execute(query, (name,)).fetchone()
    return found and found[0]


def open_row(page: Page, name: str) -> str:
    """Open a row and wait for what it shows; answers the task's id."""
    task_id = row(page, name)
    page.click(f"[data-opens=task_{task_id}]")
    expect(page.locator(f"section#task_{task_id} h2").first).to_be_visible()
    return task_id


def test_filters_live_in_the_address_through_back_forward_and_reload(
    open_page: OpenPage, tasks: TaskRows
) -> None:
    page = open_page(CARTS)
    expect(page.locator(".task-row")).to_have_count(30)
    page.fill("#query", "customer n1")
    expect(page.locator(".task-row")).to_have_count(10)
    expect(page.locator("#query")).to_be_focused()
    page.click("#sort_customer")
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("Customer")
    assert "query=customer+n1" in page.url or "query=customer%20n1" in page.url
    page.click("#branch_filter")
    page.check("input[value=D02]")
    page.click("#task_filters .menu__actions .btn-primary")
    expect(page.locator(".task-row")).to_have_count(3)
    for part in ("location_id=D02", "sort_field=customer", "start_date=2025-04-01"):
        assert part in address(page)
    page.go_back()
    expect(page.locator(".task-row")).to_have_count(10)
    page.go_forward()
    expect(page.locator(".task-row")).to_have_count(3)
    page.reload()
    expect(page.locator(".task-row")).to_have_count(3)
    expect(page.locator("#query")).to_have_value("customer n1")


def test_a_preset_and_a_chip_change_the_list(open_page: OpenPage, tasks: TaskRows) -> None:
    page = open_page(CARTS)
    page.click("#state_open")
    expect(page.locator("#state_open[aria-current]")).to_be_visible()
    page.select_option("#range", "7d")
    page.wait_for_url("**range=7d**")
    expect(page.locator("#task_list")).to_contain_text("No carts match")
    assert "state=open" in address(page)
    page.select_option("#range", "30d")
    page.wait_for_url(lambda url: "range" not in url)


def test_pages_go_there_and_back(open_page: OpenPage, tasks: TaskRows) -> None:
    page = open_page(f"{CARTS}&limit=25")
    page.click(".pages a[rel=next]")
    expect(page.locator(".task-row")).to_have_count(5)
    page.go_back()
    expect(page.locator(".task-row")).to_have_count(25)


def test_a_task_is_finished_in_its_row_and_taken_back(open_page: OpenPage, tasks: TaskRows) -> None:
    page = open_page(CARTS)
    task_id = open_row(page, "N00")
    page.click(f"#task_{task_id} [data-act=done] > summary")
    expect(page.locator(f"#task_{task_id} .act__amount")).to_be_hidden()
    page.check(f"#task_{task_id} [value=won]")
    page.select_option(f"#task_{task_id} [name=reason]", "ordered_elsewhere")
    page.click(f"#task_{task_id} [data-act=done] button")
    expect(page.locator(f"#task_{task_id} [role=alert]")).to_be_focused()
    page.fill(f"#task_{task_id} [name=amount]", "250")
    page.click(f"#task_{task_id} [data-act=done] button")
    expect(page.locator(f"#state_{task_id}")).to_contain_text("Done")
    expect(page.locator("#state_done small")).to_have_text("1")
    expect(page.locator(f"#task_{task_id}")).to_contain_text("Ordered by phone")
    page.click("#toasts button:has-text('Undo')")
    expect(page.locator(f"#state_{task_id}")).to_contain_text("Open")
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    expect(page.locator("#state_done")).to_have_count(0)
    expect(page.locator("#toasts button:has-text('Undo')")).to_have_count(0)


def test_who_is_slower_sees_who_did_what(open_page: OpenPage, tasks: TaskRows) -> None:
    one, other = open_page(CARTS), open_page(CARTS)
    task_id = open_row(one, "N01")
    open_row(other, "N01")
    for page in (one, other):
        page.click(f"#task_{task_id} [data-act=snooze] > summary")
        page.click(f"#task_{task_id} [value=tomorrow]")
    expect(other.locator(f"#task_{task_id} [role=alert]")).to_contain_text("snoozed it since")
    expect(other.locator(f"#state_{task_id}")).to_contain_text("Snoozed")


def test_many_are_assigned_at_once(open_page: OpenPage, tasks: TaskRows) -> None:
    page = open_page(CARTS)
    expect(page.locator("#bulk")).to_be_hidden()
    page.check(f"#pick_{row(page, 'N02')} input")
    page.check(f"#pick_{row(page, 'N03')} input")
    page.select_option("#bulk_owner", "rae@acme.example")
    page.click("#bulk button[value=assign]")
    expect(page.locator("#toasts")).to_contain_text("Assigned 2 carts.")
    assert [owner_of(tasks, name) for name in ("N02", "N03", "N04")] == [REP.email] * 2 + [None]


def test_the_file_holds_what_the_filters_show(open_page: OpenPage, tasks: TaskRows) -> None:
    page = open_page(CARTS)
    page.fill("#query", "customer n1")
    expect(page.locator(".task-row")).to_have_count(10)
    page.click(".page-head summary")
    with page.expect_download() as download:
        page.click("[data-export=csv]")
    assert len(download.value.path().read_text().splitlines()) == 11


def test_keys_move_open_and_act(open_page: OpenPage, tasks: TaskRows) -> None:
    page = open_page(CARTS)
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("#query")).to_have_value("j")
    page.evaluate("document.querySelectorAll('.task-row').forEach(row => row.id = 'before')")
    with page.expect_response(
        lambda answer: "cart-abandonment" in answer.url and "query" not in answer.url
    ):
        page.fill("#query", "")
    expect(page.locator("#before")).to_have_count(0)
    expect(page.locator(".task-row")).to_have_count(30)
    page.locator("#query").blur()
    page.keyboard.type("jj")
    expect(page.locator("[data-opens] >> nth=1")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.locator("section.task")).to_be_visible()
    page.keyboard.press("d")
    expect(page.locator("[data-act=done] [value=won]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-act=done]")).not_to_have_attribute("open", "")
    page.keyboard.press("n")
    expect(page.locator("[data-act=note] textarea")).to_be_focused()
    page.keyboard.type("d?s")
    expect(page.locator("[data-act=note] textarea")).to_have_value("d?s")
    page.locator("[data-act=note] textarea").blur()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.uncheck("[data-shortcuts-on]")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_hidden()
