"""Two days of acme and its admin, for the tests of Overview's views."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from app import jobs
from app.database import engine as db
from tests.loading import BranchRow, load_days
from tests.oracle import rows
from tests.page import Html
from tests.running import ADA, Browser, Site

DAYS = "start_date=2025-04-01&end_date=2025-04-02"
BLOCKS = ("freshness", "tiles", "recovered", "chart", "branches", "quality")
HTMX = {"HX-Request": "true"}
Superuser = psycopg.Connection[tuple[object, ...]]
ZONE = {"time_zone": "America/New_York"}


@pytest.fixture(scope="module", autouse=True)
def loaded(site: Site) -> Iterator[None]:
    """Two days of acme: three sessions at D01 and an unknown branch, two orders, one search."""
    db.configure(site.config, role="worker")
    jobs.configure(site.config)
    seen = {"branch": "D01", **ZONE}
    order = {"transaction_id": "T1", "revenue": 300, **seen}
    first = [
        rows.page_view("2025-04-01T14:00:00Z", "p1.1", 100, **seen),
        rows.purchase("2025-04-01T14:05:00Z", "p1.1", 100, **order),
        rows.purchase("2025-04-01T14:06:00Z", "p1.1", 100, **order),
        rows.failed_search("2025-04-01T14:07:00Z", "<b>valve</b>", "p1.1", 100, **seen),
    ]
    second = [
        rows.page_view("2025-04-02T14:00:00Z", "p1.1", 200, **seen),
        rows.page_view("2025-04-02T15:00:00Z", "p2.1", 300, branch="D<i>99", **ZONE),
        rows.purchase(
            "2025-04-02T15:05:00Z",
            "p2.1",
            300,
            transaction_id="T2",
            revenue=90.5,
            currency="EUR",
            branch="D<i>99",
            **ZONE,
        ),
    ]
    tables = {"events_20250401": first, "events_20250402": second}
    load_days(site.acme, tables, branches=[BranchRow("D01", "Harbour & <Sons>", "Boston")])
    db.configure(site.config)
    yield


@pytest.fixture(scope="module")
def ada(site: Site) -> Iterator[Browser]:
    """A browser of acme's admin."""
    with Browser(site) as opened:
        opened.sign_in(ADA)
        yield opened


def tile(html: Html, label: str) -> str:
    """The text of the tile with that heading."""
    tiles = (e for e in html.all("li") if e.get("class") == "tile")
    found = [e for e in tiles if html.text(e).startswith(label)]
    assert len(found) == 1, label
    return html.text(found[0])
