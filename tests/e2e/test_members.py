"""Members, audit log and set-up in a browser: axe, widths, focus on errors, no JavaScript."""

from __future__ import annotations

from uuid import UUID

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.conftest import OpenPage
from tests.running import REP, Site

pytestmark = pytest.mark.browser

Superuser = psycopg.Connection[tuple[object, ...]]


@pytest.fixture
def rep_path(site: Site, superuser: Superuser) -> str:
    row = superuser.execute(
        "select membership_id from membership where tenant_id = %s and email = %s",
        (site.acme, REP.email),
    ).fetchone()
    assert row is not None and isinstance(row[0], UUID)
    return f"/auth/members/{row[0]}"


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing(open_page: OpenPage, rep_path: str, scheme: str, width: int) -> None:
    for path in ("/auth/members", rep_path, "/auth/audit", "/auth/setup"):
        page = open_page(path, color_scheme=scheme, viewport={"width": width, "height": 900})
        found = Axe().run(page).response["violations"]
        assert [(path, r["id"], [n["target"] for n in r["nodes"]]) for r in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("has_script", [True, False])
def test_a_wrong_invitation_keeps_what_was_typed_and_leads_to_the_error(
    open_page: OpenPage, has_script: bool
) -> None:
    page = open_page("/auth/members", java_script_enabled=has_script)
    page.get_by_label("Email address").fill("nobody")
    page.get_by_label("Manager").check()
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_label("Email address")).to_have_value("nobody")
    expect(page.get_by_label("Manager")).to_be_checked()
    expect(page.locator("#problems")).to_be_focused()
    page.locator("#problems a").first.click()
    assert page.url.endswith("#email")


@pytest.mark.parametrize("has_script", [True, False])
def test_inviting_and_withdrawing(open_page: OpenPage, has_script: bool) -> None:
    page = open_page("/auth/members", java_script_enabled=has_script)
    page.get_by_label("Email address").fill("kim@acme.example")
    page.get_by_role("radio", name="All branches", exact=True).check()
    page.get_by_role("button", name="Invite").click()
    page.get_by_role("link", name="kim@acme.example").click()
    page.get_by_role("button", name="Withdraw the invitation").click()
    expect(page.get_by_text("The invitation of kim@acme.example is withdrawn.")).to_be_visible()
    expect(page.get_by_role("link", name="kim@acme.example")).to_have_count(0)


def test_the_log_is_filtered_in_place(open_page: OpenPage) -> None:
    page = open_page("/auth/audit")
    page.locator("[name=action]").select_option("auth")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url("**/auth/audit?**action=auth**")
    expect(page.locator("tbody tr").first).to_contain_text("Signed in")
