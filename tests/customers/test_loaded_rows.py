"""The pages over rows that a real load has derived, not over rows a test wrote down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app import jobs
from app.database import engine as db
from app.ingest.files.customer_file import BranchRow, ContactRow
from tests.customers.world import ago
from tests.loading import load_days
from tests.oracle import rows
from tests.page import check_page
from tests.running import Browser, Site
from tests.tasks.queue_page import ada, card, rae

__all__ = ["ada", "rae"]
SEEN = {"visitor": "p1.7", "session": 100, "branch": "D01"}
DAY = ago(days=5).replace(hour=15, minute=0, second=0)


@pytest.fixture(scope="module", autouse=True)
def loaded(site: Site) -> Iterator[None]:
    """A cart of contact U1 that its company left, an order of U2, a device no one signed in on."""
    db.configure(site.config, role="worker")
    jobs.configure(site.config)
    lines = [rows.item("A", name="Gate valve", price=1000, quantity=2)]
    first = [
        rows.page_view(DAY, **SEEN, params={"page_title": "Valves"}),
        rows.add_to_cart(DAY + timedelta(minutes=2), **SEEN, items=lines, contact="U1"),
        rows.failed_search(DAY + timedelta(minutes=3), "gasket", **SEEN, contact="U1"),
        rows.page_view(DAY, "p9.9", 1, branch="D01"),
    ]
    earlier = rows.purchase(
        DAY - timedelta(days=3),
        "p2.2",
        7,
        contact="U2",
        transaction_id="T1",
        revenue=500,
        branch="D01",
        items=lines,
    )
    tables: dict[str, list[rows.Row]] = {
        f"events_{DAY + timedelta(days=shift):%Y%m%d}": [] for shift in range(-3, 4)
    }
    for row in (*first, earlier):
        tables[f"events_{row['event_date']}"].append(row)
    contacts = [
        ContactRow("U1", "Ann Lee", "ann@k1.example", "555-0142", "K1", "Northern Pipes", "D01"),
        ContactRow("U2", "Bo Ek", None, None, "K1", "Northern Pipes", "D01"),
    ]
    load_days(site.acme, tables, contacts=contacts, branches=[BranchRow("D01", "Harbour")])
    db.configure(site.config)
    yield


def test_the_company_s_card_holds_its_reasons(ada: Browser) -> None:
    html = check_page(ada.open("/analytics/queue"))
    words = html.text(card(html, "k:K1"))
    for part in (
        "Northern Pipes",
        "Ann Lee",
        "Cart $2,000 · 1 line",
        "“gasket”, found nothing",
        "$500.00 in 12 months",
    ):
        assert part in words, words
    reasons = [h for h in html.links(card(html, "k:K1")) if "/analytics/tasks/" in h]
    assert {ada.open(reason).status_code for reason in reasons} == {200}


def test_the_customer_s_page_tells_what_was_loaded(ada: Browser) -> None:
    html = check_page(ada.open("/analytics/customers/k:K1"))
    words = html.text()
    for part in (
        "Northern Pipes",
        "People 2",
        "Open cart $2,000",
        "Gate valve A · 1 order, 2 pieces",
        "gasket · 1 search",
        "Identity 2 web users, 2 devices",
        "Ordered $500.00 · T1",
        "1 failed search",
    ):
        assert part in words, part
    visit = next(h for h in html.links(html.by_id("timeline")) if h.endswith("p1.7.100"))
    session = check_page(ada.open(visit)).text()
    assert "+02:00 Added to the cart 2 × Gate valve cart now $2,000.00" in session


def test_the_order_stands_in_its_visit(ada: Browser) -> None:
    html = check_page(ada.open("/analytics/customers/c:U2"))
    entries = [html.text(e) for e in html.by_id("timeline").iter("li")]
    assert any("Visit" in entry and "Ordered $500.00" in entry for entry in entries), entries


def test_a_device_nobody_signed_in_on_has_a_page(ada: Browser) -> None:
    words = check_page(ada.open("/analytics/customers/d:p9.9")).text()
    assert "Unknown visitor" in words and "no one signed in" in words


def test_the_list_finds_the_company_by_its_people(ada: Browser, rae: Browser) -> None:
    for browser in (ada, rae):
        html = check_page(browser.open("/analytics/customers?query=bo"))
        assert "Northern Pipes K1" in html.text() and "1 customer" in html.text()
