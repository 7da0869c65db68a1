"""One load that brings a changed customer file and the events of the same contacts."""

from __future__ import annotations

from tests.loading import contact, load_days
from tests.oracle.rows import add_to_cart, item, page_view, purchase
from tests.sql.comparing import Superuser, derived_rows, make_tenant

DAY = "2025-04-01"
TABLES = {
    "events_20250401": [
        page_view(f"{DAY} 09:00", "p1", 100, contact="U1"),
        add_to_cart(f"{DAY} 09:01", "p1", 100, items=[item("A", price=2)], contact="U1"),
        purchase(f"{DAY} 09:05", "p1", 100, transaction_id="T1", revenue=300, contact="U1"),
        page_view(f"{DAY} 10:00", "p2", 200, contact="U2"),
    ]
}


def test_a_contact_whose_company_changed_and_whose_day_comes_anew_are_loaded_together(
    as_worker: None, superuser: Superuser
) -> None:
    moved = make_tenant(superuser, "UTC", "USD")
    load_days(moved, TABLES, contacts=[contact("U1", "K1"), contact("U2", "K1")])

    load_days(moved, TABLES, contacts=[contact("U1", "K2"), contact("U2", "K1")])

    at_once = make_tenant(superuser, "UTC", "USD")
    load_days(at_once, TABLES, contacts=[contact("U1", "K2"), contact("U2", "K1")])
    rows = derived_rows(superuser, moved)
    assert rows == derived_rows(superuser, at_once)
    assert '"company_id": "K2"' in rows["shop_order"][0]
