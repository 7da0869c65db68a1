"""Every page for everybody: axe finds nothing, nothing is wider than the screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.conftest import OpenPage

pytestmark = pytest.mark.browser

DAYS = "start_date=2025-04-01&end_date=2025-04-04"
PATHS = (
    f"/analytics/overview?{DAYS}",
    f"/analytics/overview?full=1&{DAYS}",
    "/analytics/overview",
    "/data?start_date=2025-03-20&end_date=2025-04-10",
    "/data/jobs",
    "/auth/tokens",
    "/auth/settings/bigquery",
    "/auth/settings/sftp",
    "/auth/settings/rules",
    "/data/schedule",
    "/analytics/customers/excluded",
    "/analytics/email/recipients",
    "/analytics/email/schedule",
    "/analytics/email/send",
    "/analytics/email/send/outlook",
    "/analytics/email/history",
    "/analytics/status",
    "/no/such/page",
)


@pytest.mark.parametrize("path", [*PATHS, "/auth/login", "/auth/signed-out"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
def test_axe_finds_nothing(open_page: OpenPage, path: str, scheme: str, width: int) -> None:
    page = open_page(
        path,
        as_stranger=path in ("/auth/login", "/auth/signed-out"),
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
    )
    for details in page.query_selector_all("details:not([data-menu])"):
        details.evaluate("element => { element.open = true }")
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
