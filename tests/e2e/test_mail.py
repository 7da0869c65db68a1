"""Mail in a browser: axe on what is shown of it, scanners that run scripts, and no JavaScript."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage
from tests.email.mail_world import MailWorld, yesterday
from tests.email.site_world import ANA, world
from tests.routes.world import digest
from tests.running import Site

__all__ = ["world"]
TOKEN = re.compile(r"/r/[\w-]{64}(?![\w/-])")


def link_of(world: MailWorld) -> str:
    found = TOKEN.search(world.server.deliveries[0].part("plain"))
    assert found is not None
    return found[0]


def way_out_of(world: MailWorld) -> str:
    return "/r/" + str(world.server.deliveries[0].message["List-Unsubscribe"]).split("/r/")[1][:-1]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing(world: MailWorld, open_page: OpenPage, scheme: str, width: int) -> None:
    message_id, job_id = world.messages("message_id, job_id")[0]
    paths = (
        link_of(world),
        way_out_of(world),
        f"/analytics/email/history/{job_id}",
        f"/analytics/email/history/messages/{message_id}",
        f"/analytics/email/send/preview?recipient={ANA}&report_date={yesterday()}",
    )
    for path in paths:
        page = open_page(
            path,
            as_stranger=path.startswith("/r/"),
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
        )
        for details in page.query_selector_all("details:not([data-menu])"):
            details.evaluate("element => { element.open = true }")
        found = Axe().run(page, options={"iframes": False}).response["violations"]
        said = [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]
        assert said == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_a_scanner_that_runs_scripts_changes_nothing(
    world: MailWorld, site: Site, open_page: OpenPage
) -> None:
    before = digest(world.superuser, site.acme)
    for path in (link_of(world), way_out_of(world)):
        page = open_page(path, as_stranger=True)
        page.mouse.wheel(0, 4000)
        for link in page.query_selector_all("summary"):
            link.hover()
        page.wait_for_timeout(500)
    assert digest(world.superuser, site.acme) == before


@pytest.mark.parametrize("java_script", [True, False])
def test_a_rep_on_a_phone_finishes_one_and_goes_to_the_next(
    world: MailWorld, open_page: OpenPage, java_script: bool
) -> None:
    page: Page = open_page(
        link_of(world),
        as_stranger=True,
        java_script_enabled=java_script,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    )
    expect(page.get_by_role("heading", level=1)).to_have_text("2 customers to contact")
    first = page.locator("li.linked__card").first
    for control in first.locator("summary, a.btn").all():
        box = control.bounding_box()
        assert box is not None and box["height"] >= 44
    first.get_by_text("Done…").tap()
    first.get_by_text("Won").tap()
    first.get_by_role("button", name="Finish").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 customer to contact")
    expect(page.get_by_role("status").first).to_contain_text("Done. Thank you.")
    page.locator("li.linked__card").first.get_by_text("Snooze").tap()
    page.get_by_role("button", name="For 3 days").tap()
    expect(page.get_by_text("Nothing from this report is waiting.")).to_be_visible()
    states = world.superuser.execute("select state from task order by state").fetchall()
    assert [row[0] for row in states] == ["done", "open", "snoozed"]
