"""Overview in front of a real database: figures, scopes, states, both shapes of each route."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import psycopg
import pytest

from app import db, jobs
from app.dashboard.filters import SORT_FIELDS
from tests.loading import BranchRow, load_days
from tests.oracle import rows
from tests.page import Html, check_fragment, check_page
from tests.running import ADA, GUS, REP, VIEWER, Browser, Site, path_of

DAYS = "start_date=2025-04-01&end_date=2025-04-02"
BLOCKS = ("freshness", "tiles", "chart", "branches", "quality")
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
        rows.purchase("2025-04-02T15:05:00Z", "p2.1", 300, transaction_id="T2", revenue=90.5,
                      currency="EUR", branch="D<i>99", **ZONE),
    ]  # fmt: skip
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
    found = [e for e in html.all("li") if html.text(e).startswith(label)]
    assert len(found) == 1, label
    return html.text(found[0])


def test_the_page_without_javascript_holds_every_figure(ada: Browser) -> None:
    html = check_page(ada.open(f"/analytics/overview?full=1&{DAYS}"))
    assert "$300.00 + €90.50" in tile(html, "Net revenue")
    assert "Orders" in tile(html, "Orders")
    assert " 2 " in f"{tile(html, 'Orders')} "
    assert "66.67%" in tile(html, "Conversion")
    assert " 3 " in tile(html, "Sessions")
    assert "100.0% of 1" in tile(html, "Failed searches")
    assert "1 duplicate order removed" in html.text(html.by_id("quality"))
    assert "Complete to Wed 2 Apr 2025." in html.text(html.by_id("freshness"))
    for block in BLOCKS:
        html.by_id(block)


def test_the_page_with_javascript_asks_for_every_block(ada: Browser) -> None:
    html = check_page(ada.open(f"/analytics/overview?{DAYS}"))
    asked = {html.by_id(block).get("hx-get") for block in BLOCKS}
    assert asked == {f"/analytics/overview/{block}?{DAYS}" for block in BLOCKS}


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_comes_alone_to_htmx_and_as_a_page_to_everybody_else(
    ada: Browser, block: str
) -> None:
    path = f"/analytics/overview/{block}?{DAYS}"
    part = ada.open(path, headers=HTMX)
    check_fragment(part, block)
    check_page(ada.open(path)).by_id(block)
    check_page(ada.open(path, headers=HTMX | {"HX-History-Restore-Request": "true"}))
    check_page(ada.open(path, headers=HTMX | {"HX-Boosted": "true"}))
    assert {"HX-Request", "HX-History-Restore-Request"} <= set(part.headers["Vary"].split(", "))
    assert part.headers["Cache-Control"] == "private, no-store"


def test_a_comparison_with_nothing_before_reads_new(ada: Browser) -> None:
    html = check_fragment(ada.open(f"/analytics/overview/tiles?{DAYS}", headers=HTMX), "tiles")
    assert tile(html, "Orders").endswith("new from 0")
    alone = ada.open(f"/analytics/overview/tiles?{DAYS}&compare=none", headers=HTMX)
    assert "from" not in tile(check_fragment(alone, "tiles"), "Orders")


def test_branches_sum_to_the_total_and_name_the_unknown_one(ada: Browser) -> None:
    html = check_page(ada.open(f"/analytics/overview?full=1&{DAYS}"))
    table = html.by_id("branches")
    names = [html.text(e) for e in table.iter("th") if e.get("scope") == "row"]
    assert names == ["Harbour & <Sons> D01", "Unknown D<i>99 Not in the branch file",
                     "All of these"]  # fmt: skip
    total = html.text(next(table.iter("tfoot")))
    assert total.startswith("All of these $300.00 2 $300.00 66.67%")


@pytest.mark.parametrize("field", SORT_FIELDS)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_each_order_of_the_branches_is_marked(ada: Browser, field: str, order: str) -> None:
    path = f"/analytics/overview/branches?{DAYS}&sort_field={field}&sort_order={order}"
    html = check_fragment(ada.open(path, headers=HTMX), "branches")
    marked = [e.get("aria-sort") for e in html.all("th") if e.get("aria-sort")]
    assert marked == [{"asc": "ascending", "desc": "descending"}[order]]


def test_one_branch_alone_shows_its_own_figures(ada: Browser) -> None:
    path = f"/analytics/overview/tiles?{DAYS}&location_id=D01"
    html = check_fragment(ada.open(path, headers=HTMX), "tiles")
    assert "EUR" not in html.text()
    assert " 2 " in tile(html, "Sessions")


def test_a_rep_sees_only_the_own_branches(browser: Browser) -> None:
    browser.sign_in(REP)
    html = check_page(browser.open(f"/analytics/overview?full=1&{DAYS}"))
    assert " 2 " in tile(html, "Sessions")
    assert "D<i>99" not in html.text()
    refused = browser.open(
        f"/analytics/overview/tiles?{DAYS}&location_id=D%3Ci%3E99", headers=HTMX
    )
    assert refused.status_code == 403
    assert "Couldn’t load the figures." in check_fragment(refused, "tiles").text()


def test_globex_sees_nothing_of_acme(browser: Browser) -> None:
    browser.sign_in(GUS)
    html = check_page(browser.open(f"/analytics/overview?full=1&{DAYS}"))
    assert "No data yet" in html.text(html.by_id("tiles"))
    assert "Start the first ingestion" in html.text(html.by_id("tiles"))
    assert "D01" not in html.text()
    assert "300" not in html.text()


def test_a_first_load_under_way_is_waited_for(browser: Browser, superuser: Superuser) -> None:
    browser.sign_in(GUS)
    token = {"start_date": "2025-04-01", "end_date": "2025-04-01", "data_types": "events"}
    browser.submit("/data/ingest", **token)
    html = check_fragment(browser.open("/analytics/overview/tiles", headers=HTMX), "tiles")
    waiting = [e for e in html.all("div") if e.get("hx-trigger") == "every 5s"]
    assert [e.get("hx-get") for e in waiting] == ["/analytics/overview"]
    superuser.execute("update processing_jobs set status = 'failed', message = 'x'")
    again = browser.open("/analytics/overview/tiles", headers=HTMX)
    assert "every 5s" not in again.text


def test_days_without_figures_lead_to_those_with_some(ada: Browser) -> None:
    path = "/analytics/overview/tiles?start_date=2024-01-01&end_date=2024-01-07"
    html = check_fragment(ada.open(path, headers=HTMX), "tiles")
    assert "Nothing matches" in html.text()
    link = next(e for e in html.all("a") if "last days with data" in html.text(e))
    assert link.get("href") == f"/analytics/overview?{DAYS}"


@pytest.mark.parametrize("block", ["chart", "branches", "quality", "freshness"])
def test_other_blocks_bear_empty_days_too(ada: Browser, block: str) -> None:
    path = f"/analytics/overview/{block}?start_date=2024-01-01&end_date=2024-01-07"
    check_fragment(ada.open(path, headers=HTMX), block)


@pytest.mark.parametrize(
    "wrong",
    [
        "start_date=2025-04-09&end_date=2025-04-01",
        "range=soon",
        "start_date=x",
        "metric=%00",
        "location_id=D%00",
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


def test_the_freshness_sign_stands_on_every_page(ada: Browser) -> None:
    html = check_fragment(ada.open("/analytics/freshness", headers=HTMX), "freshness_dot")
    assert "2 Apr" in html.text()


def test_only_admins_are_offered_the_data_page(browser: Browser) -> None:
    browser.sign_in(VIEWER)
    html = check_page(browser.open("/analytics/overview"))
    assert "/data" not in [e.get("href") for e in html.all("a")]
    assert browser.open("/data").status_code == 403


def test_the_front_door_leads_to_overview(ada: Browser) -> None:
    assert path_of(ada.open("/")) == "/analytics/overview"


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
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/auth/login")


def test_a_custom_day_needs_no_second_one(ada: Browser) -> None:
    html = check_page(ada.open("/analytics/overview?start_date=2025-04-01"))
    assert html.by_id("end_date").get("value") == date(2025, 4, 1).isoformat()
