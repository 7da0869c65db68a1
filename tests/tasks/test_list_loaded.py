"""Lists of what real loads made: every kind from events to the page, and work that survives."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from app import jobs
from app.database import engine as db
from app.ingest.files.customer_file import BranchRow, ContactRow
from tests.loading import Row, load_days
from tests.oracle.rows import (
    add_to_cart,
    begin_checkout,
    event,
    failed_search,
    item,
    page_view,
    purchase,
    search,
)
from tests.page import check_page
from tests.running import Browser, Site
from tests.tasks.acting import act, changed
from tests.tasks.task_rows import HTMX, ada, list_path
from tests.tasks.test_list_pages import names_of, rows_of

__all__ = ["ada"]

BLUE: dict[str, Any] = {"contact": "U1", "branch": "D01"}
NORTH: dict[str, Any] = {"contact": "U2", "branch": "D02"}
VALVE = item("V-3", name="Valve 3in", price=1000, quantity=2, category="Valves")
GLAND = item("G-1", name="Gland")
PIPE = item("P-1", name="Pipe", price=12.5, quantity=4)


def _visit(day: str, session: int, pages: int, **who: Any) -> list[Row]:
    times = [f"2025-04-{day} 10:{minute:02}" for minute in range(pages)]
    return [page_view(time, "north", session, **who) for time in times]


def _seen(day: str, session: int, **who: Any) -> Row:
    return event("view_item", f"2025-04-{day} 10:30", "north", session, items=[VALVE], **who)


def _days() -> dict[str, list[Row]]:
    order = {"transaction_id": "SO-7", "revenue": 2050, "items": [VALVE, PIPE]}
    days: dict[str, list[Row]] = {f"events_202504{day:02}": [] for day in range(1, 21)}
    days["events_20250402"] = [
        purchase("2025-04-02 09:00", "blue", 1, transaction_id="SO-6", revenue=100, **BLUE),
    ]
    days["events_20250403"] = [
        page_view("2025-04-03 08:50", "blue", 2, params={"page_title": "All <valves>"}, **BLUE),
        event("view_item", "2025-04-03 08:52", "blue", 2, items=[GLAND], **BLUE),
        event("view_item", "2025-04-03 08:53", "blue", 2, items=[VALVE], **BLUE),
        purchase("2025-04-03 09:00", "blue", 2, **order, **BLUE),
    ]
    days["events_20250404"] = [
        add_to_cart("2025-04-04 09:00", "blue", 3, items=[VALVE, PIPE], **BLUE),
        begin_checkout("2025-04-04 09:05", "blue", 3, **BLUE),
        failed_search("2025-04-04 09:10", "gasket", "blue", 3, **BLUE),
    ]
    days["events_20250405"] = [
        *(search(f"2025-04-05 09:0{n}", "flange", "blue", 4, **BLUE) for n in range(3)),
    ]
    days["events_20250406"] = [*_visit("06", 5, 4, **NORTH), _seen("06", 5, **NORTH)]
    days["events_20250407"] = [*_visit("07", 6, 3, **NORTH), _seen("07", 6, **NORTH)]
    return days


@pytest.fixture(scope="module", autouse=True)
def loaded(site: Site) -> Iterator[None]:
    """Three weeks of acme with two companies."""
    load(site)
    yield


def load(site: Site) -> None:
    """Load those weeks, again if need be, as a worker does."""
    db.configure(site.config, role="worker")
    jobs.configure(site.config)
    contacts = [
        ContactRow(
            "U1",
            name="Jo Doe",
            email="jo@blue.test",
            phone="555-0142",
            buying_company_erp_id="10233",
            buying_company_name="Bluewater",
        ),
        ContactRow(
            "U2", name="Al Ash", buying_company_erp_id="10234", buying_company_name="Northside"
        ),
    ]
    branches = [BranchRow("D01", "Harbour", "Boston"), BranchRow("D02", "Uptown")]
    load_days(site.acme, _days(), contacts=contacts, branches=branches)
    db.configure(site.config)


def the_task(ada: Browser, kind: str, more: str = "") -> UUID:
    """The id of the first task of that list."""
    html = check_page(ada.open(list_path(kind, more)))
    link = next(e for e in html.all("a") if e.get("data-opens"))
    return UUID((link.get("data-opens") or "").removeprefix("task_"))


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("purchase", "query=SO-7", "Bluewater Jo Doe · 555-0142 3 Apr 2025 09:00"),
        ("cart", "", "Bluewater Jo Doe · 555-0142 4 Apr 2025 09:05"),
        ("no_results", "type=no_results", "Found nothing “gasket”"),
        ("no_conversion", "type=no_conversion", "Found, not bought “flange” ×3"),
        ("repeat_visit", "", "Northside Al Ash 2 7 Valve 3in"),
    ],
)
def test_what_was_loaded_is_listed(ada: Browser, kind: str, more: str, expected: str) -> None:
    (row,) = rows_of(check_page(ada.open(list_path(kind, more))))
    zoned = expected.replace("09:0", "05:0")
    assert zoned in row


def test_an_order_opens_to_its_lines_and_the_orders_before(ada: Browser) -> None:
    task_id = the_task(ada, "purchase", "query=SO-7")
    text = check_page(ada.open(f"/analytics/tasks/{task_id}")).text()
    assert "Valve 3in V-3 2 $1,000.00 $2,000.00" in text
    assert "Pipe P-1 4 $12.50 $50.00" in text
    assert "Earlier orders SO-6 2 Apr 2025 05:00 $100.00" in text
    assert "The visit 3 Apr 2025 04:50 10 min 0 s, 1 page All <valves>" in text
    assert "Viewed, not bought Gland G-1 1 view" in text


def test_a_cart_opens_to_what_is_left_in_it(ada: Browser) -> None:
    task_id = the_task(ada, "cart")
    text = check_page(ada.open(f"/analytics/tasks/{task_id}")).text()
    assert "Valve 3in V-3 2 $1,000.00 $2,000.00" in text
    assert "The customer started checkout." in text


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("blue", True),
        ("jo@blue", True),
        ("Valve", True),
        ("10233", True),
        ("pipe jo", True),
        ("0142", True),
        ("north", False),
    ],
)
def test_a_cart_is_found_by_company_contact_and_item(ada: Browser, words: str, found: bool) -> None:
    html = check_page(ada.open(list_path("cart", f"query={words}")))
    assert bool(names_of(html)) == found


def test_a_task_leads_to_its_customer(ada: Browser) -> None:
    page = check_page(ada.open(f"/analytics/tasks/{the_task(ada, 'cart')}"))
    (link,) = [e for e in page.all("a") if page.text(e) == "Open customer"]
    assert "Bluewater" in check_page(ada.open(link.get("href") or "")).text()


def test_what_people_did_survives_the_next_load(ada: Browser, site: Site) -> None:
    task_id = the_task(ada, "cart")
    changed(act(ada, task_id, "done", outcome="won", note="By phone"), task_id)
    load(site)
    part = ada.open(f"/analytics/tasks/{task_id}", headers=HTMX)
    assert "By phone" in part.text
    (row,) = rows_of(check_page(ada.open(list_path("cart", "state=done"))))
    assert row.endswith("Done Won")
