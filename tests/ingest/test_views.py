"""The Data page: the calendar, and whom it is for."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.ingest.data_page import (
    DAYS,
    HTMX,
    ada,
    loaded,
)
from tests.page import check_fragment, check_page
from tests.running import (
    GUS,
    REP,
    VIEWER,
    Browser,
    browser,
    port,
    provider,
    site,
)

__all__ = ["ada", "browser", "loaded", "port", "provider", "site"]


def test_the_calendar_shows_loaded_missing_and_untouched_days(ada: Browser) -> None:
    html = check_page(ada.open("/data?start_date=2025-03-31&end_date=2025-04-04"))
    row = next(e for e in html.by_id("availability").iter("tr") if html.text(e)[:4] == "Page")
    shown = [e.get("class", "").split()[1] for e in row.iter("td")]
    assert shown == ["heat--before", "heat--loaded", "heat--gap", "heat--loaded", "heat--after"]
    assert "Missing: 2 Apr 2025 (everything)" in html.text()
    assert "2 events from Tue 1 Apr 2025 to Thu 3 Apr 2025" in html.text()


def test_the_calendar_comes_alone_to_htmx(ada: Browser) -> None:
    path = "/data?start_date=2025-03-31&end_date=2025-04-04"
    check_fragment(ada.open(path, headers=HTMX), "availability")


@pytest.mark.parametrize("query", ["start_date=x&end_date=2025-01-01", "page=-1&limit=9999999"])
def test_a_wrong_address_is_no_crash(ada: Browser, query: str) -> None:
    assert ada.open(f"/data?{query}").status_code in (200, 422)


@pytest.mark.parametrize("member", [REP, VIEWER])
def test_only_admins_may(browser: Browser, member: object) -> None:
    browser.sign_in(member)  # type: ignore[arg-type] # one of the cast
    for path in ("/data", "/data/jobs", f"/data/jobs/{uuid4()}"):
        page = browser.open(path)
        assert page.status_code == 403
        check_page(page)
    for path in ("/data/ingest", "/data/estimate", f"/data/jobs/{uuid4()}/cancel"):
        assert browser.submit(path, **DAYS).status_code == 403


def test_an_empty_tenant_is_asked_to_start(browser: Browser) -> None:
    browser.sign_in(GUS)
    html = check_page(browser.open("/data"))
    assert "No data yet: start the first ingestion" in html.text()
    assert "No jobs yet" in html.text()
