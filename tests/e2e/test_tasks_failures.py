"""Lists of tasks when something is missing: an answer, JavaScript, time to undo."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.e2e.test_tasks import CARTS, open_row, row, tasks
from tests.tasks.task_rows import TaskRows

__all__ = ["tasks"]

pytestmark = pytest.mark.browser


def test_a_row_that_cannot_be_asked_for_says_so_and_is_asked_again(
    open_page: OpenPage, tasks: TaskRows
) -> None:
    page = open_page(CARTS)
    task_id = row(page, "N00")
    page.route(f"**/tasks/{task_id}", lambda route: route.abort())
    page.click(f"[data-opens=task_{task_id}]")
    expect(page.locator(f"#task_{task_id}")).to_contain_text("No answer from the server.")
    page.unroute(f"**/tasks/{task_id}")
    page.click(f"#task_{task_id} [data-retry]")
    expect(page.locator(f"section#task_{task_id}")).to_contain_text("What happened")


def test_a_task_that_is_gone_says_so_in_its_row(open_page: OpenPage, tasks: TaskRows) -> None:
    page = open_page(CARTS)
    task_id = row(page, "N00")
    tasks.superuser.execute("delete from task where task_id = %s", (task_id,))
    page.click(f"[data-opens=task_{task_id}]")
    expect(page.locator(f"#task_{task_id}")).to_contain_text("There is no such task.")
    expect(page.locator(f"#task_{task_id} button")).to_have_text("Retry")


def test_undo_is_offered_for_ten_seconds(open_page: OpenPage, tasks: TaskRows) -> None:
    page = open_page(CARTS)
    task_id = open_row(page, "N00")
    page.click(f"#task_{task_id} [data-act=call] > summary")
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 60)
    page.click(f"#task_{task_id} [data-act=call] button")
    undo = page.locator("#toasts button:has-text('Undo')")
    for _ in range(3_000):  # the answer takes real time, and putting it in place a timer
        if undo.count():
            break
        page.wait_for_timeout(20)
        page.clock.run_for(20)
    page.clock.run_for(9_000)
    expect(undo).to_be_visible()
    page.clock.run_for(1_500)
    expect(undo).to_have_count(0)


def test_a_server_that_fails_is_said_in_the_lists_place(
    open_page: OpenPage, tasks: TaskRows
) -> None:
    page = open_page(CARTS)
    page.route(
        "**/cart-abandonment?*",
        lambda route: route.continue_(url=route.request.url + "&location_id=" + "D" * 201),
    )
    page.click("#state_open")
    expect(page.locator("#task_list [role=alert]")).to_contain_text("at most 200 characters")


def test_without_javascript_rows_are_links_and_steps_are_forms(
    open_page: OpenPage, tasks: TaskRows
) -> None:
    page = open_page(CARTS, java_script_enabled=False)
    page.click("[data-opens] >> nth=0")
    page.click("[data-act=call] > summary")
    page.click("[data-act=call] button")
    assert "Call logged." in page.inner_text("main")
    page.click("button:has-text('Undo')")
    assert "Undone." in page.inner_text("main")
