"""Overview: its figures, states and both shapes of each route."""

from __future__ import annotations

from datetime import date

import pytest

from app.dashboard.filters import SORT_FIELDS
from tests.dashboard.overview_page import BLOCKS, DAYS, HTMX, Superuser, ada, loaded, tile
from tests.page import check_fragment, check_page
from tests.running import GUS, Browser

__all__ = ["ada", "loaded"]


def test_the_page_without_javascript_holds_every_figure(ada: Browser) -> None:
    html = check_page(ada.open(f"/analytics/overview?full=1&{DAYS}"))
    assert "$300.00 + €90.50" in tile(html, "Net revenue")
    assert "Orders" in tile(html, "Orders")
    assert " 2 " in f"{tile(html, 'Orders')} "
    assert "66.67%" in tile(html, "Conversion")
    assert " 3 " in tile(html, "Sessions")
    assert "100.0% of 1" in tile(html, "Failed searches")
    assert "1 duplicate order removed" in html.text(html.by_id("quality"))
    assert "Complete through Wed 2 Apr 2025." in html.text(html.by_id("freshness"))
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


def test_days_that_were_never_loaded_are_not_compared_as_zero(ada: Browser) -> None:
    html = check_fragment(ada.open(f"/analytics/overview/tiles?{DAYS}", headers=HTMX), "tiles")
    assert tile(html, "Orders").endswith("– 2 of 2 days of the compared period not loaded")


def test_a_loaded_period_is_compared_with(ada: Browser) -> None:
    day = "/analytics/overview/tiles?start_date=2025-04-02"
    html = check_fragment(ada.open(day, headers=HTMX), "tiles")
    assert tile(html, "Sessions").endswith("▲ up 100% from 1 (better)")
    assert tile(html, "Orders").endswith("no change from 1")
    assert tile(html, "Failed searches").endswith("▼ down 100% from 1 (better)")
    alone = ada.open(f"/analytics/overview/tiles?{DAYS}&compare=none", headers=HTMX)
    assert "from" not in tile(check_fragment(alone, "tiles"), "Orders")


def test_branches_sum_to_the_total_and_name_the_unknown_one(ada: Browser) -> None:
    html = check_page(ada.open(f"/analytics/overview?full=1&{DAYS}"))
    table = html.by_id("branches")
    names = [html.text(e) for e in table.iter("th") if e.get("scope") == "row"]
    assert names == [
        "Harbour & <Sons> D01",
        "Unknown D<i>99 Not in the branch file",
        "Total",
    ]
    total = html.text(next(table.iter("tfoot")))
    assert total.startswith("Total $300.00 2 $300.00 66.67%")


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
    assert "No results" in html.text()
    link = next(e for e in html.all("a") if "latest days with data" in html.text(e))
    assert link.get("href") == f"/analytics/overview?{DAYS}"


@pytest.mark.parametrize("block", ["chart", "branches", "quality", "freshness"])
def test_other_blocks_bear_empty_days_too(ada: Browser, block: str) -> None:
    path = f"/analytics/overview/{block}?start_date=2024-01-01&end_date=2024-01-07"
    check_fragment(ada.open(path, headers=HTMX), block)


def test_the_freshness_sign_stands_on_every_page(ada: Browser) -> None:
    html = check_fragment(ada.open("/analytics/freshness", headers=HTMX), "freshness_dot")
    assert "2 Apr" in html.text()


def test_a_custom_day_needs_no_second_one(ada: Browser) -> None:
    html = check_page(ada.open("/analytics/overview?start_date=2025-04-01"))
    assert html.by_id("end_date").get("value") == date(2025, 4, 1).isoformat()
