"""Recovered revenue: what is credited to whom, and what it is held against."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from app.database.engine import tenant_transaction
from app.dates import DateRange, utc_now
from app.tasks.board.queries import (
    OtherRevenue,
    Recovered,
    RecoveredRow,
    get_recovered_revenue,
)
from app.tasks.steps.change import Actor, Change, change_task, undo
from tests.customers.world import Superuser, World, ago, item
from tests.sql.comparing import make_tenant

RAE = Actor("rae@acme.example", "page")
SAM = Actor("sam@acme.example", "page")
CALL = Change("call", version=0)


@pytest.fixture
def world(config: object, superuser: Superuser) -> World:
    """A tenant with nothing but what a test puts into it."""
    made = World(superuser, make_tenant(superuser, "UTC", "USD"))
    made.loaded()
    return made


def call(world: World, task_id: UUID, at: datetime, actor: Actor = RAE) -> UUID:
    """A call logged about a task, at that moment."""
    with tenant_transaction(world.tenant_id) as conn:
        version = conn.exec_driver_sql(
            "select version from task where task_id = %s", (task_id,)
        ).scalar_one()
        change = Change("call", version=version)
        history_id = change_task(conn, world.tenant_id, task_id, change, actor)
    world.superuser.execute(
        "update task_history set happened_at = %s where history_id = %s", (at, history_id)
    )
    return history_id


def recovered(world: World, **more: object) -> Recovered:
    today = utc_now().date()
    period = DateRange(today - timedelta(days=60), today)
    with tenant_transaction(world.tenant_id) as conn:
        return get_recovered_revenue(conn, world.tenant_id, period, **more)  # type: ignore[arg-type]


def test_called_monday_order_friday_with_a_cart_item(world: World) -> None:
    task = world.task("cart", ago(days=20), company="K1", detail={"lines": [item("A", 900)]})
    call(world, task, ago(days=19))
    world.order("T1", ago(days=15), 900, company="K1", items=[item("A", 900)])
    assert recovered(world).rows == (
        RecoveredRow("cart", RAE.email, 1, 1, Decimal(900), Decimal(900), 1, 1),
    )


def test_only_the_part_of_the_carts_items_is_same_item(world: World) -> None:
    task = world.task("cart", ago(days=20), company="K1", detail={"lines": [item("A", 300)]})
    call(world, task, ago(days=19))
    lines = [item("A", 300, 2), item("Z", 300)]
    world.order("T1", ago(days=15), 900, company="K1", items=lines)
    total = recovered(world).total
    assert (total.revenue, total.same_item) == (900, 600)


def test_an_order_in_week_three_is_not_credited(world: World) -> None:
    task = world.task("cart", ago(days=30), company="K1")
    call(world, task, ago(days=29))
    world.order("T1", ago(days=12), 900, company="K1")
    total = recovered(world).total
    assert (total.contacts, total.orders, total.revenue) == (1, 0, 0)


def test_the_last_touch_gets_the_order_and_only_once(world: World) -> None:
    first = world.task("cart", ago(days=20), company="K1")
    second = world.task("repeat_visit", ago(days=20), company="K1")
    call(world, first, ago(days=19), RAE)
    call(world, second, ago(days=18), SAM)
    world.order("T1", ago(days=16), 500, company="K1")
    credit = recovered(world).by_person
    assert (credit[RAE.email].orders, credit[RAE.email].revenue) == (0, 0)
    assert (credit[SAM.email].orders, credit[SAM.email].revenue) == (1, 500)


def test_only_the_first_order_counts_and_all_of_one_instant(world: World) -> None:
    task = world.task("cart", ago(days=20), company="K1")
    call(world, task, ago(days=19))
    for key, revenue in (("T1", 100), ("T2", 50)):
        world.order(key, ago(days=17), revenue, company="K1", contact=key)
    world.order("T3", ago(days=16), 900, company="K1")
    total = recovered(world).total
    assert (total.orders, total.revenue) == (2, 150)


def test_an_undone_contact_does_not_count(world: World) -> None:
    task = world.task("cart", ago(days=20), company="K1")
    with tenant_transaction(world.tenant_id) as conn:
        history_id = change_task(conn, world.tenant_id, task, CALL, RAE)
        undo(conn, world.tenant_id, history_id, RAE)
    world.superuser.execute(
        "update task_history set happened_at = %s where tenant_id = %s",
        (ago(days=19), world.tenant_id),
    )
    world.order("T1", ago(days=17), 500, company="K1")
    found = recovered(world)
    assert found.total.contacts == 0
    assert [(row.done_by, row.tasks) for row in found.rows] == [(None, 1)]


def test_revenue_is_net_of_refunds_and_in_the_reporting_currency(world: World) -> None:
    for company, currency in (("K1", ""), ("K2", "EUR")):
        task = world.task("purchase", ago(days=20), company=company)
        call(world, task, ago(days=19))
        world.order(f"T{company}", ago(days=17), 500, company=company, currency=currency)
    world.refund("TK1", ago(days=10), 120)
    found = recovered(world)
    assert (found.total.orders, found.total.revenue, found.total.same_item) == (1, 380, 0)
    assert found.other_currencies == (OtherRevenue("EUR", 1, Decimal(500)),)


def test_an_order_in_another_currency_takes_nobodys_place(world: World) -> None:
    lines = [item("A", 50)]
    task = world.task("cart", ago(days=20), company="K1", detail={"lines": lines})
    call(world, task, ago(days=19))
    world.order("E1", ago(days=18), 90, company="K1", currency="EUR", items=lines)
    world.order("T1", ago(days=17), 400, company="K1", currency="USD", items=lines)
    world.order("T2", ago(days=16), 900, company="K1")
    world.order("E2", ago(days=15), 70, company="K1", currency="EUR")
    found = recovered(world)
    assert (found.total.orders, found.total.revenue, found.total.same_item) == (1, 400, 400)
    assert found.other_currencies == (OtherRevenue("EUR", 1, Decimal(90)),)
    assert recovered(world, location_ids=("D02",)).other_currencies == ()


def test_an_order_before_the_contact_is_not_its_work(world: World) -> None:
    task = world.task("cart", ago(days=20), company="K1")
    world.order("T1", ago(days=19), 500, company="K1")
    call(world, task, ago(days=18))
    assert recovered(world).total.orders == 0


def test_another_companys_order_is_not_credited(world: World) -> None:
    task = world.task("cart", ago(days=20), company="K1")
    call(world, task, ago(days=19))
    world.order("T1", ago(days=18), 500, company="K2")
    assert recovered(world).total.orders == 0


def test_the_untouched_of_a_type_are_the_baseline(world: World) -> None:
    for number in range(3):
        world.task("cart", ago(days=20), company=f"U{number}")
    world.order("T1", ago(days=18), 10, company="U0")
    world.order("T2", ago(days=5), 10, company="U1")
    (cart,) = recovered(world).uplifts
    assert (cart.untouched, round(cart.untouched_share or 0, 1)) == (3, 33.3)
    assert cart.points is None


def test_uplift_is_shown_from_thirty_tasks_on_either_side() -> None:
    rows = (
        RecoveredRow("cart", "a", 30, 0, Decimal(0), Decimal(0), 30, 15),
        RecoveredRow("cart", None, 0, 0, Decimal(0), Decimal(0), 30, 3),
    )
    assert Recovered(rows).uplifts[0].points == 40.0
    fewer = (rows[0], RecoveredRow("cart", None, 0, 0, Decimal(0), Decimal(0), 29, 3))
    assert Recovered(fewer).uplifts[0].points is None


def test_a_branch_sees_its_own_contacts(world: World) -> None:
    for branch in ("D01", "D02"):
        task = world.task("cart", ago(days=20), company=branch, branch=branch)
        call(world, task, ago(days=19))
        world.order(branch, ago(days=18), 100, company=branch, branch=branch)
    assert recovered(world, location_ids=("D01",)).total.revenue == 100
    assert recovered(world).total.revenue == 200


def test_a_branch_sees_no_order_of_another_branch(world: World) -> None:
    task = world.task("cart", ago(days=20), company="K1", branch="D01")
    call(world, task, ago(days=19))
    world.order("T1", ago(days=18), 100, company="K1", branch="D02")
    world.order("T2", ago(days=18), 7, company="K1", branch="D02", currency="EUR")
    (ours,) = recovered(world, location_ids=["D01"]).rows
    assert (ours.contacts, ours.orders, ours.revenue, ours.tasks_ordered) == (1, 0, 0, 0)
    assert recovered(world, location_ids=["D01"]).other_currencies == ()
    assert recovered(world).total.revenue == 100


def test_another_tenant_has_none_of_it(world: World) -> None:
    task = world.task("cart", ago(days=20), company="K1")
    call(world, task, ago(days=19))
    stranger = World(world.superuser, make_tenant(world.superuser, "UTC", "USD"))
    assert recovered(stranger).rows == ()
