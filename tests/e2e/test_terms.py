"""Search terms and Performance in a real browser: rows that open, marking, axe, phones."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.tasks.shop_rows import DAYS, PAGE, loaded

__all__ = ["loaded"]

pytestmark = pytest.mark.browser

TERMS = f"/analytics/tasks/search-terms?{DAYS}"
ROOT = "/analytics/tasks/performance"
PATHS = (
    TERMS,
    f"/analytics/tasks/search-terms/term?term=valve+3in&{DAYS}",
    f"{ROOT}/branches?start_date=2025-04-02",
    f"{ROOT}/pages?{DAYS}",
    f"{ROOT}/pages/sessions?{DAYS}&page_url={quote(PAGE)}",
)


def open_first_row(page: Page) -> None:
    """Open the first row of a table, if the page has one."""
    links = page.locator("[data-opens]")
    if links.count():
        links.first.click()
        expect(page.locator(".task-detail:visible .task")).to_be_visible()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing(open_page: OpenPage, path: str, scheme: str, width: int) -> None:
    page = open_page(path, color_scheme=scheme, viewport={"width": width, "height": 900})
    open_first_row(page)
    for details in page.query_selector_all("details:not([data-menu])"):
        details.evaluate("element => { element.open = true }")
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_term_is_marked_in_its_row(open_page: OpenPage) -> None:
    page = open_page(TERMS)
    open_first_row(page)
    page.locator(".act > summary").click()
    expect(page.get_by_label("Redirect to (a term or an address)")).to_be_hidden()
    page.get_by_label("People are redirected").check()
    page.get_by_label("Redirect to (a term or an address)").fill("valve 3 inch")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast-note")).to_contain_text("Marked as redirected.")
    expect(page.locator(".task-row").first).to_contain_text("to valve 3 inch")
    page.locator(".act > summary").click()
    page.get_by_label("Nothing: remove the mark").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".task-row").first).not_to_contain_text("Redirected")


def test_filters_and_order_stay_in_a_tidy_address(open_page: OpenPage) -> None:
    page = open_page(TERMS)
    page.fill("#query", "valve")
    expect(page.locator(".task-row")).to_have_count(2)
    page.locator("#sort_term").click()
    expect(page.locator("th[aria-sort]")).to_contain_text("Term")
    page.select_option("#status", "missing")
    expect(page.locator("#term_list")).to_contain_text("No terms match")
    query = page.url.partition("?")[2]
    assert set(query.split("&")) == {
        "query=valve",
        "sort_field=term",
        "sort_order=asc",
        "status=missing",
        *DAYS.split("&"),
    }
    page.go_back()
    expect(page.locator(".task-row")).to_have_count(2)
