"""Small exports of companies whose pages send words for nothing, or orders without a session."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.dashboard.queries import Overview, get_dashboard_overview_stats
from app.database.engine import tenant_transaction
from app.dates import DateRange
from dev.generator.export_files import read_table
from tests.loading import load_days
from tests.sql.comparing import Superuser, make_tenant
from tests.sql.conftest import Shop

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "cases" / "ga4"
DAYS = DateRange(date(2026, 11, 1), date(2026, 11, 30))
TASKS = """
    select subject, value, closed_reason from task
    where tenant_id = %(t)s and task_type = 'cart' and branch_id = %(branch)s order by subject
"""


@pytest.fixture
def cases(as_worker: None, superuser: Superuser) -> Iterator[Shop]:
    if not FOLDER.is_dir():
        pytest.skip("the cases (../shared/cases) are not beside this checkout")
    shop = Shop(make_tenant(superuser, "UTC", "USD"), superuser)
    for path in sorted(FOLDER.glob("events_*.json.gz")):
        rows = [row for row in read_table(path) if _branch(row) in ("S01", "S02", "S20")]
        load_days(shop.tenant_id, {path.name.split(".")[0]: rows})
    yield shop


def _branch(row: dict[str, Any]) -> str | None:
    found = [
        prop["value"].get("string_value")
        for prop in row.get("user_properties") or ()
        if prop["key"] == "default_branch_id"
    ]
    return found[0] if found else None


def overview(shop: Shop, branch: str) -> Overview:
    with tenant_transaction(shop.tenant_id) as conn:
        return get_dashboard_overview_stats(conn, shop.tenant_id, DAYS, (branch,))


def carts(shop: Shop, branch: str) -> list[tuple[Any, ...]]:
    return shop.superuser.execute(TASKS, {"t": shop.tenant_id, "branch": branch}).fetchall()


def test_undefined_is_not_one_visitor_with_the_carts_of_three(cases: Shop) -> None:
    figures = overview(cases, "S01")
    assert (figures.visitors, figures.sessions) == (3, 3)
    assert carts(cases, "S01") == [
        ("d:s01.0", 10, None),
        ("d:s01.1", 20, None),
        ("d:s01.2", 30, None),
    ]


def test_orders_numbered_undefined_are_three(cases: Shop) -> None:
    figures = overview(cases, "S02")
    assert (figures.orders, figures.revenue, figures.duplicate_orders) == (3, 600, 0)


def test_an_order_that_the_server_sends_without_a_session_closes_the_cart(cases: Shop) -> None:
    figures = overview(cases, "S20")
    assert (figures.orders, figures.sessions, figures.cookieless_events) == (1, 1, 0)
    found = cases.superuser.execute(
        """
        select subject, closing_order_key, is_task from task
        where tenant_id = %s and task_type in ('cart', 'purchase') and branch_id = 'S20'
    """,
        (cases.tenant_id,),
    ).fetchall()
    assert found == [("c:C-S20", None, True)]
    loose = cases.rows("select subject from fact where tenant_id = %(t)s and branch_id = 'S20'")
    assert loose == [("c:C-S20",)]
