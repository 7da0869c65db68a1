"""The functions of queue and customer pages with one of the two fences taken away."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from app.database.engine import tenant_transaction
from app.tasks.steps.change import Actor, Change, change_task
from tests.customers.world import Superuser, World, ago
from tests.scopes import LITERAL
from tests.sql.comparing import make_tenant

DAYS = "current_date - 90, current_date"
CALLS = {
    "_bought_by_customer": "%s, now()",
    "_seen_by_customer": "%s, array['D01']",
    "_customer_entries": "%s, 'k:K1', null, array['session', 'order', 'task', 'step'], now()",
    "_customer_items": "%s, 'k:K1', null",
    "_customer_orders": "%s, 'k:K1'",
    "_customer_sessions": "%s, 'k:K1'",
    "_customer_tasks": "%s, 'k:K1'",
    "_filed_customers": "%s, true",
    "_orders_by_customer": f"%s, {DAYS}",
    "_task_contacts": "%s, '-infinity', 'infinity'",
    "_credited_orders": "%s, now() - interval '90 days', now(), 7",
    "_assigned_owners": "%s, null",
    "_branch_owners": "%s",
    "_customer_owners": "%s",
    "_person_steps": "%s, now() - interval '90 days', null, null",
    "_team_work": "%s, now() - interval '90 days', null, null",
    "get_customer": f"%s, {LITERAL}, 'k:K1'",
    "get_customer_devices": f"%s, {LITERAL}, 'k:K1'",
    "get_customer_people": f"%s, {LITERAL}, 'k:K1'",
    "get_customer_products": f"%s, {LITERAL}, 'k:K1'",
    "get_recovered_revenue": f"%s, {DAYS}",
    "get_session": f"%s, {LITERAL}, 'p1.100'",
    "get_session_history": f"%s, {LITERAL}, 'p1.100'",
    "get_team_board": f"%s, {LITERAL}, {DAYS}, now() - interval '90 days'",
    "get_user_history": f"%s, {LITERAL}, 'k:K1'",
    "list_customers": f"%s, {LITERAL}",
    "_standing_steps": "%s",
    "_waiting_tasks": f"%s, {LITERAL}, {DAYS}, null, now()",
    "_last_touches": "%s, current_date - 90",
    "list_last_words": f"%s, {LITERAL}, array['k:K1']",
    "list_held_tasks": f"%s, {LITERAL}, '-D01', {DAYS}",
}
Count = Callable[[str, UUID], int]


@pytest.fixture(scope="module")
def world(config: object, superuser: Superuser) -> World:
    """A tenant with something for every function to find."""
    made = World(superuser, make_tenant(superuser, "UTC", "USD"))
    made.loaded()
    made.contact("U1", "K1", name="Ann Lee")
    made.session("p1", 100, ago(days=9), contact="U1", company="K1")
    made.event("page_view", ago(days=9), "p1", 100)
    task = made.task("cart", ago(days=9), company="K1")
    given = made.task("cart", ago(days=9), company="K2")
    made.task("cart", ago(days=9), company="K3")
    superuser.execute(
        "insert into membership (tenant_id, email, role, location_ids)"
        " values (%s, 'rep@b.c', 'rep', array['D09'])",
        (made.tenant_id,),
    )
    with tenant_transaction(made.tenant_id) as conn:
        change_task(conn, made.tenant_id, task, Change("call", version=0), Actor("a@b.c", "page"))
        to_rep = Change("assign", version=0, owner="rep@b.c")
        change_task(conn, made.tenant_id, given, to_rep, Actor("a@b.c", "page"))
    superuser.execute("update task_history set happened_at = %s", (ago(days=8),))
    made.order("T1", ago(days=7), 5, company="K1", contact="U1", items=[{"item_id": "A"}])
    return made


@pytest.fixture(scope="module")
def stranger(superuser: Superuser, world: World) -> UUID:
    """A tenant with nothing."""
    return make_tenant(superuser, "UTC", "USD")


@pytest.mark.parametrize("name", sorted(CALLS))
def test_each_fence_holds_alone(world: World, stranger: UUID, name: str) -> None:
    def unfenced(tenant_id: UUID) -> int:
        call = f"select count(*) from {name}({CALLS[name]})"
        row = world.superuser.execute(call, (tenant_id,)).fetchone()
        assert row is not None
        return int(str(row[0]))

    def fenced(tenant_id: UUID) -> int:
        call = text(f"select count(*) from {name}({CALLS[name].replace('%s', ':t')})")
        with tenant_transaction(stranger) as conn:
            return int(conn.execute(call, {"t": tenant_id}).scalar_one())

    assert unfenced(world.tenant_id) > 0, "the function finds nothing at all"
    assert unfenced(stranger) == 0
    assert fenced(world.tenant_id) == 0


def test_counts_and_summaries_of_a_stranger_are_zero(world: World, stranger: UUID) -> None:
    for tenant_id, expected in ((world.tenant_id, 1), (stranger, 0)):
        row = world.superuser.execute(
            f"select orders from get_customer_summaries(%s, {LITERAL}, array['k:K1'])", (tenant_id,)
        ).fetchone()
        assert row == (expected,)
        counts = world.superuser.execute(
            f"select snoozed, done"
            f" from get_queue_counts(%s, {LITERAL}, {DAYS}, now() - interval '1 day')",
            (tenant_id,),
        ).fetchone()
        assert counts == (0, 0)
