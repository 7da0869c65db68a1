"""Settings in a real browser: the guard, the focus on errors, and without JavaScript."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import OpenPage

pytestmark = pytest.mark.browser


def test_save_waits_for_a_change_and_the_error_has_the_focus(open_page: OpenPage) -> None:
    page = open_page("/auth/settings/retention")
    save = page.locator("#settings_save")
    assert save.is_disabled()
    months = page.locator("#settings_retention_months")
    before = months.input_value()
    months.fill("7")
    assert save.is_enabled()
    months.fill(before)
    assert save.is_disabled()
    months.fill("7")
    save.click()
    page.wait_for_selector("[role=alert]")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"
    page.click("[role=alert] a")
    assert page.evaluate("document.activeElement.id") == "settings_retention_months"
    assert page.locator("#settings_save").is_enabled()


def test_leaving_with_a_change_asks_first(open_page: OpenPage) -> None:
    page = open_page("/auth/settings/retention")
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.locator("#settings_retention_months").fill("99")
    page.evaluate("location.href = '/docs'")
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"] and page.url.endswith("/auth/settings/retention")
    page.locator("#settings_retention_months").fill(
        page.locator("#settings_retention_months").get_attribute("value") or ""
    )
    page.goto(page.url.replace("/auth/settings/retention", "/docs"))
    assert page.url.endswith("/docs") and len(asked) == 1


def test_without_javascript_the_same_is_saved(open_page: OpenPage) -> None:
    page = open_page("/auth/settings/retention", java_script_enabled=False)
    page.fill("#settings_retention_months", "7")
    page.click("#settings_save")
    assert "Nothing was saved" in page.inner_text("[role=alert]")
    assert page.input_value("#settings_retention_months") == "7"
    page.fill("#settings_retention_months", "30")
    page.click("#settings_save")
    assert "Retention saved." in page.content()
    page.goto(page.url.replace("/auth/settings/retention", "/data/schedule"))
    page.fill("#at", "03:15")
    page.click("text=Save")
    assert "Next three runs" in page.content()
