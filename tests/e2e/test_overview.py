"""Overview as people use it: filters, chart, order, back, links, appearance, failures."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.conftest import OpenPage
from tests.running import Site

pytestmark = pytest.mark.browser

OVERVIEW = "/analytics/overview?start_date=2025-04-01&end_date=2025-04-04"


def address(page: Page) -> str:
    return page.url.split("/analytics/overview")[1]


def test_every_block_arrives_and_the_chart_is_drawn(open_page: OpenPage) -> None:
    page = open_page(OVERVIEW)
    expect(page.locator(".tile")).to_have_count(8)
    expect(page.locator("#branches tbody tr")).to_have_count(3)
    expect(page.locator("[data-chart] .bars .point")).to_have_count(4)
    expect(page.locator("#freshness")).to_contain_text("1 of 4 days is not loaded: 3 Apr")


def test_a_choice_changes_the_figures_and_the_address(open_page: OpenPage) -> None:
    page = open_page(OVERVIEW)
    expect(page.locator(".tile .change")).to_have_count(8)
    page.select_option("#compare", "none")
    expect(page.locator(".tile .change")).to_have_count(0)
    expect(page.locator(".tile")).to_have_count(8)
    assert address(page) == "?start_date=2025-04-01&end_date=2025-04-04&compare=none"


def test_the_menu_carries_branches_and_days_from_page_to_page(open_page: OpenPage) -> None:
    page = open_page("/analytics/overview?location_id=D01&range=14d")
    side = page.locator("nav.side")
    side.get_by_role("link", name="Orders").click()
    expect(page).to_have_url(re.compile(r"/orders\?location_id=D01&range=14d$"))
    page.select_option("select[name=range]", "30d")
    expect(page).not_to_have_url(re.compile("14d"))
    side.get_by_role("link", name="Carts").click()
    expect(page).to_have_url(re.compile(r"/cart-abandonment\?location_id=D01&range=30d$"))
    side.get_by_role("link", name="My queue").click()
    expect(page).to_have_url(re.compile(r"/analytics/queue$"))


def test_parts_keep_what_the_others_chose(open_page: OpenPage) -> None:
    page = open_page(OVERVIEW)
    page.select_option("#metric", "orders")
    expect(page.locator("#chart_title")).to_contain_text("Orders")
    page.click("#sort_orders")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Orders")
    page.click("#branch_filter")
    page.check("input[value=D01]")
    page.click(".menu__actions .btn-primary")
    expect(page.locator("#branch_filter")).to_contain_text("Harbour")
    expect(page.locator("#branches tbody tr")).to_have_count(1)
    expect(page.locator("#chart_title")).to_contain_text("Orders")
    for part in ("metric=orders", "sort_field=orders", "location_id=D01"):
        assert part in address(page)


def test_back_and_reload_restore_what_was_seen(open_page: OpenPage) -> None:
    page = open_page(OVERVIEW)
    page.select_option("#metric", "visitors")
    expect(page.locator("#chart_title")).to_contain_text("Visitors")
    page.select_option("#compare", "year")
    page.wait_for_url("**compare=year**")
    page.go_back()
    expect(page.locator("#compare")).to_have_value("previous")
    expect(page.locator("#chart_title")).to_contain_text("Visitors")
    page.reload()
    expect(page.locator("#metric")).to_have_value("visitors")


def test_focus_stays_on_the_control_that_was_used(open_page: OpenPage) -> None:
    page = open_page(OVERVIEW)
    page.focus("#metric")
    page.select_option("#metric", "orders")
    expect(page.locator("#chart_title")).to_contain_text("Orders")
    expect(page.locator("#metric")).to_be_focused()


def test_days_typed_backwards_are_explained_in_place(open_page: OpenPage) -> None:
    page = open_page(OVERVIEW)
    page.fill("#start_date", "2025-04-09")
    page.click(".filters__days button")
    expect(page.locator("#overview [role=alert]")).to_contain_text("is before the start date")


def test_a_link_is_copied_as_fixed_or_moving(open_page: OpenPage) -> None:
    page = open_page("/analytics/overview?range=30d", permissions=["clipboard-read"])
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    links = (("Rolling", r"\?range=30d$"), ("These days", r"\?start_date=.*&end_date="))
    for words, pattern in links:
        page.click(".page-head summary")
        page.click(f".page-head a:has-text('{words}')")
        expect(page.locator("#toasts")).to_contain_text("Link copied")
        assert re.search(pattern, page.evaluate("navigator.clipboard.readText()"))


def test_a_definition_opens_and_escape_closes_it(open_page: OpenPage) -> None:
    page = open_page(OVERVIEW)
    page.click(".tile__info summary >> nth=1")
    definition = page.locator(".tile__info p").nth(1)
    expect(definition).to_contain_text("The first one counts")
    page.keyboard.press("Escape")
    expect(definition).to_be_hidden()
    expect(page.locator(".tile__info summary").nth(1)).to_be_focused()


def test_the_appearance_changes_at_once_and_stays(open_page: OpenPage) -> None:
    page = open_page(OVERVIEW, color_scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.click("summary[title=Account]")
    page.click("button[value=dark]")
    dark = page.evaluate(background)
    page.reload()
    assert (light != dark, page.evaluate(background)) == (True, dark)


def test_a_lost_connection_is_said_in_the_block_and_retried(open_page: OpenPage) -> None:
    page = open_page("/docs")
    page.route("**/overview/tiles*", lambda route: route.abort())
    page.evaluate("path => { location.href = path }", OVERVIEW)
    expect(page.locator("#branches tbody tr")).to_have_count(3)
    expect(page.locator("#tiles")).to_contain_text("No answer from the server.")
    page.unroute("**/overview/tiles*")
    page.click("#tiles [data-retry]")
    expect(page.locator(".tile")).to_have_count(8)


def test_a_refused_block_says_why_and_can_be_asked_again(open_page: OpenPage) -> None:
    page = open_page("/docs")
    page.route("**/overview/chart*", with_nonsense)
    page.evaluate("path => { location.href = path }", OVERVIEW)
    expect(page.locator("#chart")).to_contain_text("Couldn’t load the chart.")
    expect(page.locator(".tile")).to_have_count(8)
    with page.expect_request("**/overview/chart*"):
        page.click("#chart_retry")


def with_nonsense(route: Route) -> None:
    """Send the request on with an argument that the server refuses."""
    route.continue_(url=route.request.url + "&metric=nonsense")


def test_without_javascript_the_same_figures_stand_on_the_page(
    open_page: OpenPage, site: Site
) -> None:
    page = open_page(OVERVIEW, java_script_enabled=False)
    page.wait_for_url("**full=1**")
    assert page.locator(".tile").count() == 8
    page.select_option("#compare", "none")
    page.locator("#filters noscript button").click()
    assert "compare=none" in page.url
    assert page.locator(".tile .change").count() == 0
    page.click("#sort_visitors")
    assert page.get_attribute("th[aria-sort]", "aria-sort") == "descending"
