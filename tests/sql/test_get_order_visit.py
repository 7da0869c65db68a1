"""The way to an order: pages in order, and what was looked at and not bought."""

from __future__ import annotations

from app.database.engine import tenant_transaction
from app.database.tenancy import Scope
from app.tasks.lists.context import OrderVisit, find_order_visit
from tests.oracle.rows import event, item, page_view, purchase
from tests.scopes import EVERYTHING, at
from tests.sql.conftest import Shop

DAY = "2025-04-01"
VALVE, PIPE, UNIT = (item(name[0], name=name, price=9) for name in ("Valve", "Pipe", "Unit"))


def visit(shop: Shop, order: str, scope: Scope = EVERYTHING) -> OrderVisit | None:
    with tenant_transaction(shop.tenant_id) as conn:
        return find_order_visit(conn, shop.tenant_id, scope, order)


def test_pages_in_order_and_items_not_bought(shop: Shop) -> None:
    who = {"contact": "U1", "branch": "D01"}
    shop.load(
        [
            page_view(f"{DAY} 09:03", "p1", 100, params={"page_title": "Cart"}, **who),
            page_view(f"{DAY} 09:00", "p1", 100, params={"page_title": "Home"}, **who),
            page_view(f"{DAY} 09:01", "p1", 100, params={"page_title": "Valves"}, **who),
            page_view(f"{DAY} 09:02", "p1", 100, params={"page_title": "Valves"}, **who),
            page_view(f"{DAY} 09:04", "p1", 100, page_url="https://shop.test/x?secret=1", **who),
            *(
                event("view_item", f"{DAY} 09:0{n}", "p1", 100, items=[seen], **who)
                for n, seen in ((1, VALVE), (2, PIPE), (3, PIPE), (4, UNIT))
            ),
            purchase(
                f"{DAY} 09:05", "p1", 100, transaction_id="T1", revenue=9, items=[VALVE], **who
            ),
            page_view(f"{DAY} 11:00", "p1", 200, params={"page_title": "Another visit"}, **who),
            purchase(f"{DAY} 12:00", None, None, transaction_id="T2", revenue=9, **who),
        ]
    )
    orders = "select transaction_id, order_key from shop_order where tenant_id = %(t)s"
    keys = dict(shop.rows(orders))
    found = visit(shop, keys["T1"])
    assert found is not None
    assert found.session_id == "p1.100" and found.page_views == 5
    assert list(found.pages) == ["Home", "Valves", "Cart", "https://shop.test/x"]
    assert [(i["item_id"], i["item_name"], i["views"]) for i in found.viewed] == [
        ("P", "Pipe", 2),
        ("U", "Unit", 1),
    ]
    assert visit(shop, keys["T1"], at("D01")) == found
    assert visit(shop, keys["T1"], at("D02")) is None
    assert visit(shop, keys["T2"]) is None and visit(shop, "t:none") is None
