"""Three days of acme for the pages of search terms and performance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import jobs
from app.database import engine as db
from app.ingest.files.customer_file import ContactRow
from tests.loading import BranchRow, Row, load_days
from tests.oracle import rows
from tests.running import ADA, Browser, Site

DAYS = "start_date=2025-04-01&end_date=2025-04-02"
HTMX = {"HX-Request": "true"}
SCRIPT = "<script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"
# As terms, which keep every symbol: = and < are none of the marks that go.
FORMULA_TERM = FORMULA.lower()
SCRIPT_TERM = SCRIPT
ZONE = {"time_zone": "America/New_York"}
PAGE = "https://shop.test/<b>deal</b>"


def _searches() -> list[Row]:
    jo = {"branch": "D01", "contact": "U1", **ZONE}
    al = {"branch": "D03", "contact": "U2", **ZONE}
    return [
        rows.failed_search("2025-04-01T14:00:00Z", "valve 3in", "p1.1", 100, **jo),
        rows.failed_search("2025-04-01T14:01:00Z", "valve 3in", "p1.1", 100, **jo),
        rows.search("2025-04-01T14:02:00Z", "valve 3 inch", "p1.1", 100, **jo),
        rows.failed_search("2025-04-01T14:03:00Z", SCRIPT, "p1.1", 100, **jo),
        rows.failed_search("2025-04-01T14:04:00Z", FORMULA, "p1.1", 100, **jo),
        rows.failed_search("2025-04-01T15:00:00Z", "secret of three", "p2.1", 200, **al),
        rows.failed_search("2025-04-01T16:00:00Z", "valve 3in", None, None, branch="D01", **ZONE),
        rows.purchase(
            "2025-04-01T14:30:00Z",
            "p1.1",
            100,
            transaction_id="T1",
            revenue=50,
            items=[rows.item("A", name="=Valve <i>", price=25, quantity=2)],
            **jo,
        ),
    ]


def _landings() -> list[Row]:
    return [
        rows.page_view(
            f"2025-04-02T14:{n:02d}:00Z",
            f"v{n}",
            300 + n,
            page_url=f"{PAGE}?n={n}",
            engaged=int(n % 4 != 0),
            branch="D01" if n % 8 else "D03",
            contact="U1" if n == 39 else None,
            **ZONE,
        )
        for n in range(40)
    ]


@pytest.fixture(scope="module", autouse=True)
def loaded(site: Site) -> Iterator[None]:
    """Searches on the first day, landings on the second."""
    db.configure(site.config, role="worker")
    jobs.configure(site.config)
    tables = {"events_20250401": _searches(), "events_20250402": _landings()}
    contacts = [
        ContactRow("U1", name="Jo Doe", buying_company_erp_id="K1", buying_company_name="Kay One"),
        ContactRow("U2", name="Al Roe"),
    ]
    branches = [BranchRow("D01", "Harbour & <Sons>", "Boston"), BranchRow("D03", "Far", "Reno")]
    load_days(site.acme, tables, contacts=contacts, branches=branches)
    db.configure(site.config)
    yield


@pytest.fixture(scope="module")
def ada(site: Site) -> Iterator[Browser]:
    """A browser of acme's admin."""
    with Browser(site) as opened:
        opened.sign_in(ADA)
        yield opened
