"""One owner per customer: who it was last assigned to, else the account of the customer file."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from app.audit import Actor
from app.database.engine import tenant_transaction
from app.dates import DateRange, utc_now
from app.tasks.queries import Place, TaskFilters, get_tasks
from app.tasks.queue.queries import get_task_queue
from app.tasks.steps.change import Change, change_task, undo
from tests.customers.world import Superuser, World, ago
from tests.scopes import EVERYTHING, at
from tests.sql.comparing import make_tenant

ADA, RAE, OLA, VIC = (f"{name}@acme.example" for name in ("ada", "rae", "ola", "vic"))
PERIOD = DateRange(utc_now().date() - timedelta(days=90), utc_now().date() + timedelta(days=1))


@pytest.fixture
def world(config: object, superuser: Superuser) -> World:
    """Ada has every branch, Rae D01, Ola D02, and Vic only looks."""
    made = World(superuser, make_tenant(superuser, "UTC", "USD"))
    made.loaded()
    for email, role, branches in (
        (ADA, "admin", None),
        (RAE, "rep", ["D01"]),
        (OLA, "rep", ["D02"]),
        (VIC, "viewer", None),
    ):
        made.insert("membership", email=email, role=role)
        superuser.execute(
            "update membership set location_ids = %s where tenant_id = %s and email = %s",
            (branches, made.tenant_id, email),
        )
    return made


def owners(world: World, *task_ids: UUID) -> list[str | None]:
    with tenant_transaction(world.tenant_id) as conn:
        found = get_tasks(conn, world.tenant_id, EVERYTHING, task_ids)
    return [found[task_id].owner for task_id in task_ids]


def assign(world: World, task_id: UUID, version: int, owner: str | None, by: str = ADA) -> UUID:
    with tenant_transaction(world.tenant_id) as conn:
        change = Change("assign", version, owner=owner)
        return change_task(conn, world.tenant_id, task_id, change, Actor(by, "page"))


def queue_of(world: World, owner: str, branch: str) -> list[tuple[str, int]]:
    """The cards of somebody's own queue, each with the number of its tasks."""
    filters = TaskFilters(PERIOD, at(branch, owner=owner))
    with tenant_transaction(world.tenant_id) as conn:
        found = get_task_queue(conn, world.tenant_id, filters, Place(50), [owner], [branch])
    return [(card.customer_key, len(card.tasks)) for card in found.cards]


def test_an_assignment_holds_for_every_task_of_the_customer(world: World) -> None:
    first, second = (world.task("cart", ago(days=n), company="K1") for n in (2, 3))
    other = world.task("cart", ago(days=2), company="K2", branch="D09")
    assert owners(world, first, second, other) == [RAE, RAE, None]
    step = assign(world, first, 0, OLA)
    assert owners(world, first, second, other) == [OLA, OLA, None]
    assign(world, second, 0, RAE)
    assert owners(world, first, second) == [RAE, RAE]
    assign(world, second, 1, None)
    assert owners(world, first, second) == [RAE, RAE], "to nobody: the branch's rep again"
    with tenant_transaction(world.tenant_id) as conn:
        undo(conn, world.tenant_id, step, Actor(ADA, "page"))
    assert owners(world, first, second) == [RAE, RAE]


def test_a_step_that_was_taken_back_assigned_nothing(world: World) -> None:
    first, second = (world.task("cart", ago(days=n), company="K1") for n in (2, 3))
    assign(world, first, 0, OLA)
    step = assign(world, second, 0, ADA)
    with tenant_transaction(world.tenant_id) as conn:
        undo(conn, world.tenant_id, step, Actor(ADA, "page"))
    assert owners(world, first, second) == [OLA, OLA]


def test_a_card_goes_to_its_owner_whole_and_to_nobody_else(world: World) -> None:
    first = world.task("cart", ago(days=2), company="K1", branch="D01")
    world.task("cart", ago(days=3), company="K1", branch="D09")
    assert queue_of(world, RAE, "D01") == [("k:K1", 1)], "the newest evidence is at D01"
    assign(world, first, 0, OLA)
    assert queue_of(world, RAE, "D01") == []
    assert queue_of(world, OLA, "D02") == [("k:K1", 2)], "at every branch"


def test_whom_most_contacts_name_owns_the_account(world: World) -> None:
    for number, owner in enumerate((RAE, OLA, OLA, None)):
        world.contact(f"U{number}", "K1", branch_id="D09", account_owner=owner)
    for number, owner in enumerate((RAE, OLA)):
        world.contact(f"V{number}", "K2", branch_id="D09", account_owner=owner)
    world.contact("W", "K3", branch_id="D09", account_owner=VIC)
    assert owned(world, RAE) == []
    assert owned(world, OLA) == ["k:K1", "k:K2"], "of two that are named as often, the first"
    assert owned(world, VIC) == [], "a viewer does not work"


def test_who_is_given_a_customer_sees_no_more_of_it_than_the_giver(world: World) -> None:
    world.contact("U1", "K1", branch_id="D09")
    visit = world.task("cart", ago(days=2), company="K1", branch="D01")
    assign(world, visit, 0, OLA, by=RAE)
    assert owned(world, OLA) == [], "Rae has a visit of it, and nothing else"
    with tenant_transaction(world.tenant_id) as conn:
        found = get_tasks(conn, world.tenant_id, at("D02", owner=OLA), [visit])
    assert list(found) == [visit], "the task itself opens"
    assert queue_of(world, OLA, "D02") == [("k:K1", 1)]
    world.order("T1", ago(days=9), 5, company="K1", branch="D01")
    assert owned(world, OLA) == ["k:K1"], "an order at D01 makes it whole for Rae"


def owned(world: World, owner: str) -> list[str]:
    row = world.superuser.execute(
        "select _owned_customers(%s, %s::member_scope)",
        (world.tenant_id, at("D00", owner=owner).literal),
    ).fetchone()
    assert row is not None
    return sorted(row[0])  # type: ignore[arg-type]
