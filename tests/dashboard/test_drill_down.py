"""Every figure of Overview is a link to a list that shows the same figure."""

from __future__ import annotations

import re

import pytest

from app.dashboard.drill_down import LISTS
from tests.dashboard.overview_page import DAYS, HTMX, ada, loaded
from tests.page import check_fragment, check_page
from tests.running import ADA, VIEWER, Browser, Site

__all__ = ["ada", "loaded"]

OVERVIEW = f"/analytics/overview?{DAYS}&compare=none"


def tile_links(ada: Browser) -> dict[str, tuple[str, str]]:
    """The text and the address of each tile, by its label."""
    html = check_page(ada.open(f"{OVERVIEW}&full=1"))
    found = {}
    for tile in (li for li in html.all("li") if li.get("class") == "tile"):
        link = next(tile.iter("a"))
        label = html.text(next(tile.iter("h2")))
        found[label] = (html.text(link), str(link.get("href")))
    return found


def test_each_tile_leads_to_its_rows(ada: Browser) -> None:
    links = tile_links(ada)
    assert len(links) == 8
    heads = {label: head(ada, address) for label, (_, address) in links.items()}
    assert "2 orders" in heads["Net revenue"] and "$300.00 net" in heads["Net revenue"]
    assert "+ €90.50" in heads["Net revenue"]
    assert "2 orders" in heads["Orders"]
    assert heads["Sessions"].startswith("3 sessions of 2 visitors")
    assert heads["Visitors"] == heads["Sessions"]
    assert heads["Conversion"].startswith("2 sessions of 2 visitors")
    assert heads["Repeat visitors"].startswith("2 sessions of 1 visitor")


def head(ada: Browser, address: str) -> str:
    html = check_page(ada.open(address))
    sums = [e for e in html.all("p") if "task-sum" in (e.get("class") or "")]
    return re.sub(r"\s+", " ", html.text(sums[0])) if sums else ""


def test_each_cell_of_the_branch_table_leads_to_its_rows(ada: Browser) -> None:
    html = check_fragment(
        ada.open(f"/analytics/overview/branches?{DAYS}", headers=HTMX), "branches"
    )
    links = [link for td in html.all("td") for link in html.links(td)]
    assert len(links) == 14
    unknown = next(link for link in links if link.startswith("/analytics/orders") and "99" in link)
    assert "1 order" in head(ada, unknown) and "+ €90.50" in head(ada, unknown)


@pytest.mark.parametrize("figure", LISTS)
def test_every_list_keeps_branch_and_days(ada: Browser, figure: str) -> None:
    html = check_fragment(
        ada.open(f"/analytics/overview/tiles?{DAYS}&location_id=D01", headers=HTMX), "tiles"
    )
    endpoint = LISTS[figure][0].split(".")[0]
    values = [e for e in html.all("p") if e.get("class") == "tile__value"]
    assert len(values) == 8
    for link in (link for value in values for link in html.links(value)):
        assert "start_date=2025-04-01" in link and "location_id=D01" in link, endpoint


@pytest.mark.parametrize("path", ["orders", "sessions"])
def test_a_list_comes_alone_to_htmx_and_as_a_page_to_everybody_else(
    ada: Browser, path: str
) -> None:
    address, root = f"/analytics/{path}?{DAYS}", f"{path.removesuffix('s')}_table"
    check_fragment(ada.open(address, headers=HTMX), root)
    check_page(ada.open(address)).by_id(root)
    refused = ada.open(f"{address}&sort_field=secret")
    assert refused.status_code == 422
    assert "is not known" in check_page(refused).text()


def test_no_branch_can_be_chosen(ada: Browser) -> None:
    html = check_page(ada.open(f"/analytics/orders?{DAYS}&location_id=-"))
    assert "No branch" in html.text() and "No orders match" in html.text()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("path", ["orders", "sessions"])
def test_a_list_is_exported_under_its_filters(ada: Browser, path: str, kind: str) -> None:
    file = ada.open(f"/analytics/{path}/export.{kind}?{DAYS}&location_id=D01")
    if kind == "csv":
        lines = file.text.strip().splitlines()
        assert len(lines) == {"orders": 2, "sessions": 3}[path]
    assert "D<i>99" not in file.text


def test_the_lists_as_json_have_the_figures(site: Site) -> None:
    stats = site.api(f"/analytics/api/v1/stats?{DAYS}").json()
    orders = site.api(f"/analytics/api/v1/orders?{DAYS}").json()
    assert orders["total"] == stats["orders"] == len(orders["data"]) == 2
    for name in ("net_revenue", "revenue", "refunds", "currency", "other_currencies"):
        assert orders[name] == stats[name]
    assert {row["location_id"] for row in orders["data"]} == {"D01", "D<i>99"}
    sessions = site.api(f"/analytics/api/v1/sessions?{DAYS}").json()
    assert (sessions["total"], sessions["visitors"]) == (stats["sessions"], stats["visitors"])
    repeated = site.api(f"/analytics/api/v1/sessions?{DAYS}&repeat_visitor=true").json()
    assert repeated["visitors"] == stats["repeat_visitors"] == 1
    bounced = site.api(f"/analytics/api/v1/sessions?{DAYS}&bounced=true").json()
    assert bounced["total"] == round(stats["bounce_rate"] * stats["sessions"] / 100)


def test_pages_of_a_list_follow_each_other(site: Site) -> None:
    first = site.api(f"/analytics/api/v1/orders?{DAYS}&limit=1").json()
    assert first["has_more"] and first["total"] == 2
    second = site.api(first["next"]).json()
    assert {row["transaction_id"] for row in [*first["data"], *second["data"]]} == {"T1", "T2"}
    assert site.api(f"/analytics/api/v1/orders?{DAYS}&kind=x", member=ADA).status_code == 422


def test_a_viewer_learns_no_contact(site: Site) -> None:
    for path in ("orders", "sessions"):
        rows = site.api(f"/analytics/api/v1/{path}?{DAYS}", member=VIEWER).json()["data"]
        assert rows and all(row["customer"] is None for row in rows)
