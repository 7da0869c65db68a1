"""Overview: who sees what, and what an odd address or hostile name cannot do."""

from __future__ import annotations

import pytest

from tests.dashboard.overview_page import DAYS, HTMX, ada, loaded, tile
from tests.page import check_fragment, check_page
from tests.running import GUS, REP, VIEWER, Browser, path_of

__all__ = ["ada", "loaded"]


def test_a_rep_sees_only_the_own_branches(browser: Browser) -> None:
    browser.sign_in(REP)
    html = check_page(browser.open(f"/analytics/overview?full=1&{DAYS}"))
    assert " 2 " in tile(html, "Sessions")
    assert "D<i>99" not in html.text()
    refused = browser.open(f"/analytics/overview/tiles?{DAYS}&location_id=D%3Ci%3E99", headers=HTMX)
    assert refused.status_code == 403
    assert "Couldn’t load the figures." in check_fragment(refused, "tiles").text()


def test_globex_sees_nothing_of_acme(browser: Browser) -> None:
    browser.sign_in(GUS)
    html = check_page(browser.open(f"/analytics/overview?full=1&{DAYS}"))
    assert "No data yet" in html.text(html.by_id("tiles"))
    assert "Start the first ingestion" in html.text(html.by_id("tiles"))
    assert "D01" not in html.text()
    assert "300" not in html.text()


@pytest.mark.parametrize(
    "wrong",
    [
        "start_date=2025-04-09&end_date=2025-04-01",
        "range=soon",
        "start_date=x",
        "metric=%01",
        "location_id=D%01",
    ],
)
def test_a_wrong_address_is_explained_and_never_a_crash(ada: Browser, wrong: str) -> None:
    page = ada.open(f"/analytics/overview?{wrong}")
    assert page.status_code == 422
    assert "Showing the default instead." in check_page(page).text()
    part = ada.open(f"/analytics/overview/chart?{wrong}", headers=HTMX)
    assert part.status_code == 422
    retry = check_fragment(part, "chart").by_id("chart")
    assert retry.get("hx-get") == f"/analytics/overview/chart?{wrong}"


def test_what_strangers_typed_never_becomes_markup(ada: Browser) -> None:
    page = ada.open(f"/analytics/overview?full=1&{DAYS}")
    assert "<Sons>" not in page.text
    assert "D<i>99" not in page.text


def test_only_admins_are_offered_the_data_page(browser: Browser) -> None:
    browser.sign_in(VIEWER)
    html = check_page(browser.open("/analytics/overview"))
    assert "/data" not in [e.get("href") for e in html.all("a")]
    assert browser.open("/data").status_code == 403


def test_the_front_door_leads_to_overview(browser: Browser) -> None:
    browser.sign_in(VIEWER)
    assert path_of(browser.open("/")) == "/analytics/overview"


def test_a_theme_is_remembered_without_javascript(ada: Browser) -> None:
    page = check_page(ada.submit("/preferences/theme", theme="dark", next="/analytics/overview"))
    assert page.root.get("data-theme") == "dark"
    away = ada.submit("/preferences/theme", theme="purple", next="//evil.example", follow=False)
    assert (away.headers["Location"], "theme" in away.cookies) == ("/", False)
    ada.submit("/preferences/theme", theme="system")


def test_nobody_signed_in_is_led_to_the_sign_in_page(browser: Browser) -> None:
    page = browser.open("/analytics/overview?range=30d")
    assert path_of(page) == "/auth/login"
    start = next(e for e in check_page(page).all("a") if e.get("class") == "btn btn-primary")
    assert start.get("href") == "/auth/start?next=/analytics/overview?range%3D30d"
    part = browser.open("/analytics/overview/tiles", headers=HTMX)
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/auth/login?next=/")
