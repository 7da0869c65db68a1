"""What is excluded is no evidence and ends nothing, whatever the figures leave out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.database.engine import tenant_transaction
from app.ingest.files.customer_file import ContactRow
from app.ingest.store.rederive import rederive, start_rederiving
from app.jobs.work import _claim
from tests.loading import Row, load_days
from tests.oracle import Oracle, OracleSettings
from tests.oracle.rows import add_to_cart, event, failed_search, item, page_view, purchase, search
from tests.sql.comparing import Superuser, derived_rows
from tests.sql.conftest import Shop
from tests.sql.task_rows import oracle_tasks, stored_tasks
from tests.sql.tasks import one, tasks
from tests.sql.test_exclusions import FIRST, History

MONDAY, THURSDAY, FRIDAY = "2025-04-07", "2025-04-10", "2025-04-11"
PEOPLE = [
    ContactRow("U1", email="ann@k1.example", buying_company_erp_id="K1"),
    ContactRow("U9", email="bo@staff.example", buying_company_erp_id="K1"),
]
TYPES = ("cart", "no_results", "no_conversion", "repeat_visit", "bounce")
TEST_ORDER = purchase(f"{THURSDAY} 09:00", "p", 9, contact="U9", transaction_id="T", revenue=5)


def evidence(contact: str, device: str, first: int) -> list[Row]:
    """Something of every type on Monday: a cart, searches, two visits and two bounces."""
    who: dict[str, Any] = {"visitor": device, "contact": contact}
    rows = [
        add_to_cart(f"{MONDAY} 10:00", session=first, items=[item("A", price=20)], **who),
        failed_search(f"{MONDAY} 10:01", "bolt", session=first, **who),
    ]
    rows += [search(f"{MONDAY} 10:0{n}", "nut", session=first, **who) for n in (2, 3, 4)]
    for visit in (first, first + 1):
        rows += [page_view(f"{MONDAY} 10:1{n}", session=visit, **who) for n in range(3)]
    for bounce in (first + 2, first + 3):
        seen = [item("A", price=20)]
        rows += [
            event("view_item", f"{MONDAY} 11:00", session=bounce, items=seen, engaged="0", **who)
        ]
    return rows


def follow(shop: Shop) -> bool:
    """Derive again if there is a reason to; whether there was."""
    with tenant_transaction(shop.tenant_id) as conn:
        job_id = start_rederiving(conn, shop.tenant_id, "exclusions")
    if job_id is None:
        return False
    run = _claim(shop.tenant_id, job_id)
    assert run is not None
    rederive(run)
    return True


def exclude(shop: Shop, kind: str, value: str) -> None:
    """Exclude someone."""
    shop.superuser.execute(
        "insert into exclusion (tenant_id, kind, value, reason, created_by)"
        " values (%s, %s, %s, 'Staff', 'ada@acme.example')",
        (shop.tenant_id, kind, value),
    )


@pytest.mark.parametrize(("kind", "value"), [("contact", "U9"), ("email_domain", "staff.example")])
@pytest.mark.parametrize("is_later", [False, True])
def test_an_excluded_colleague_s_order_ends_nothing(
    shop: Shop, kind: str, value: str, is_later: bool
) -> None:
    if not is_later:
        exclude(shop, kind, value)
    shop.load([*evidence("U1", "p", 1), TEST_ORDER], until=FRIDAY, contacts=PEOPLE)
    if is_later:
        assert {one(shop.tenant_id, name).closed_at for name in TYPES} != {None}
        exclude(shop, kind, value)
        assert follow(shop) and not follow(shop)
    assert {name: one(shop.tenant_id, name).closed_at for name in TYPES} == dict.fromkeys(TYPES)
    assert not one(shop.tenant_id, "cart").is_known_buyer
    assert tasks(shop.tenant_id, "purchase") == []

    shop.superuser.execute("delete from exclusion where tenant_id = %s", (shop.tenant_id,))
    assert follow(shop)
    assert None not in {one(shop.tenant_id, name).closed_at for name in TYPES}
    assert len(tasks(shop.tenant_id, "purchase")) == 1


@pytest.mark.parametrize("who", [{"contact": "U7"}, {"company": "K7"}])
def test_an_excluded_company_s_order_ends_nothing_on_a_shared_device(
    shop: Shop, who: dict[str, str]
) -> None:
    people = [*PEOPLE, ContactRow("U7", buying_company_erp_id="K7")]
    order = purchase(f"{THURSDAY} 09:00", "p", 9, transaction_id="T", revenue=5, **who)
    exclude(shop, "company", "K7")
    shop.load([*evidence("U1", "p", 1), order], until=FRIDAY, contacts=people)
    assert {name: one(shop.tenant_id, name).closed_at for name in TYPES} == dict.fromkeys(TYPES)


@pytest.mark.parametrize(("kind", "value"), [("contact", "U9"), ("company", "K1")])
def test_what_is_excluded_leaves_no_evidence(shop: Shop, kind: str, value: str) -> None:
    shop.load(evidence("U9", "q", 5), until=FRIDAY, contacts=PEOPLE)
    count = "select count(*) from task where tenant_id = %(t)s and is_task"
    assert shop.rows(count) == [(5,)]
    assert shop.overview(MONDAY).abandoned_carts == 1
    exclude(shop, kind, value)
    assert follow(shop)
    assert shop.rows(count) == [(0,)]
    seen = shop.overview(MONDAY)
    assert (seen.abandoned_carts, seen.sessions, seen.total_searches) == (0, 4, 4)


@pytest.mark.parametrize("seed", [3, 8])
def test_tasks_equal_the_oracle_s_with_exclusions(
    as_worker: None, superuser: Superuser, seed: int
) -> None:
    history = History(superuser, seed)
    before = derived_rows(superuser, history.tenant_id)
    excluded = [("contact", history.busiest("contact_id"))]
    excluded += [("company", history.busiest("company_id"))]
    for kind, value in excluded:
        history.exclude(kind, value)
    assert history.follow()
    rows = [row for rows in history.tables.values() for row in rows]
    settings = OracleSettings("Europe/Berlin", history.profile.currency, excluded=excluded)
    oracle = Oracle(None, rows, [], [], settings)
    wanted = oracle_tasks(oracle.tasks())
    assert stored_tasks(superuser, history.tenant_id) == wanted
    load_days(history.tenant_id, dict(list(history.tables.items())[2:5]))
    assert stored_tasks(superuser, history.tenant_id) == wanted
    last = FIRST + timedelta(days=8)
    shop = Shop(history.tenant_id, superuser)
    seen, due = shop.overview(str(FIRST), str(last)), oracle.overview(FIRST, last)
    assert seen.abandoned_carts == due["abandoned_carts"]
    for kind, value in excluded:
        history.include(kind, value)
    assert history.follow()
    assert derived_rows(superuser, history.tenant_id) == before
