"""Each line of data quality leads to its rows, as a page and as JSON, under the same filters."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from app import jobs
from app.dashboard.quality_kinds import KINDS
from app.database import engine as db
from tests.loading import load_days
from tests.oracle.rows import add_to_cart, item, purchase, refund
from tests.page import check_page
from tests.running import ADA, REP, Browser, Member, Site

DAYS = "start_date=2025-04-01&end_date=2025-04-30"
TWICE = purchase(
    "2025-04-02 12:00",
    transaction_id="T1",
    revenue=-5,
    branch="D01",
    time_zone="America/New_York",
    items=[item(price=-5, quantity=-1), item("A", price=1, quantity=1)],
)
ROWS = [
    TWICE,
    TWICE,
    TWICE,
    refund(
        "2025-04-02 13:00",
        transaction_id="T1",
        amount=-1,
        branch="D03",
        time_zone="America/New_York",
    ),
    add_to_cart(
        "2025-04-02 14:00",
        "p2",
        2,
        branch="D01",
        time_zone="America/New_York",
        items=[item("<b>A", price=2, quantity=-3)],
    ),
]
FIGURES = {
    "repeated_row": 2,
    "negative_refund": 1,
    "negative_revenue": 1,
    "negative_quantity": 2,
    "negative_price": 1,
    "unnamed_item": 1,
}
OF_REP = FIGURES | {"negative_refund": 0}


@pytest.fixture(scope="module", autouse=True)
def loaded(site: Site) -> Iterator[None]:
    db.configure(site.config, role="worker")
    jobs.configure(site.config)
    load_days(site.acme, {"events_20250402": ROWS})
    db.configure(site.config)
    yield


@pytest.mark.parametrize(("member", "figures"), [(ADA, FIGURES), (REP, OF_REP)])
def test_every_line_leads_to_as_many_rows(
    site: Site, browser: Browser, member: Member, figures: dict[str, int]
) -> None:
    browser.sign_in(member)
    block = check_page(browser.open(f"/analytics/overview/quality?{DAYS}"))
    links = {
        urlsplit(str(a.get("href"))).path.rpartition("/")[2]: str(a.get("href"))
        for a in block.all("a")
        if "/overview/quality/" in str(a.get("href"))
    }
    assert links.keys() == {kind for kind, count in figures.items() if count}
    for kind, address in links.items():
        assert parse_qs(urlsplit(address).query)["start_date"] == ["2025-04-01"]
        page = check_page(browser.open(address))
        count = figures[kind]
        assert f"1–{count} of {count} row" in page.text()
        assert len(page.all("tr")) == count + 1
        assert KINDS[kind].meaning in page.text()  # type: ignore[index]  # the kinds of the page
        answer = site.api(f"/analytics/api/v1/stats/quality/{kind}?{DAYS}", member).json()
        assert (answer["total"], len(answer["data"])) == (count, count)
    counts = site.api(f"/analytics/api/v1/stats/quality?{DAYS}", member).json()
    assert {line["kind"]: line["rows"] for line in counts["data"]} == figures


def test_a_row_names_what_is_odd(site: Site, browser: Browser) -> None:
    browser.sign_in(ADA)
    page = check_page(browser.open(f"/analytics/overview/quality/negative_price?{DAYS}"))
    assert "Unnamed item -1 × -5" in page.text() and "T1" in page.text()
    (row,) = site.api(f"/analytics/api/v1/stats/quality/negative_price?{DAYS}").json()["data"]
    assert (row["transaction_id"], row["location_id"], row["amount"]) == ("T1", "D01", "-5.00")
    assert [(i["price"], i["quantity"]) for i in row["items"]] == [(-5.0, -1)]


def test_other_branches_other_days_and_other_tenants_have_none(
    site: Site, browser: Browser
) -> None:
    browser.sign_in(ADA)
    address = "/analytics/overview/quality/repeated_row"
    for query in (f"{DAYS}&location_id=D03", "start_date=2025-05-01&end_date=2025-05-02"):
        page = check_page(browser.open(f"{address}?{query}"))
        assert "No rows affected on these days at these branches." in page.text()
    counts = site.api(f"/analytics/api/v1/stats/quality?{DAYS}", ADA, site.globex).json()
    assert {line["rows"] for line in counts["data"]} == {0}


def test_an_unknown_line_is_not_found(site: Site, browser: Browser) -> None:
    browser.sign_in(ADA)
    assert browser.open("/analytics/overview/quality/nonsense").status_code == 404
    assert site.api("/analytics/api/v1/stats/quality/nonsense").status_code == 404
