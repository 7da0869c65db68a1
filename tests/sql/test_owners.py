"""One owner per customer: who it was last assigned to, else the account of the customer file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.audit import Actor
from app.database.engine import tenant_transaction
from app.dates import DateRange, utc_now
from app.tasks.board.queries import BoardRow, get_team_board, list_held_tasks
from app.tasks.queries import Place, TaskFilters, count_tasks, get_tasks, list_tasks
from app.tasks.queue.queries import get_task_queue, list_waiting
from app.tasks.steps.change import Change, change_task, undo
from app.tasks.types import TASK_TYPES
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
        join(made, email, role, branches)
    return made


def join(world: World, email: str, role: str, branches: list[str] | None = None) -> None:
    """A member, after those before."""
    world.superuser.execute(
        "insert into membership (tenant_id, email, role, location_ids) values (%s, %s, %s, %s)",
        (world.tenant_id, email, role, branches),
    )


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
    filters = TaskFilters(PERIOD, at(branch, owner=owner), holders=(owner,))
    with tenant_transaction(world.tenant_id) as conn:
        found = get_task_queue(conn, world.tenant_id, filters, Place(50))
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
    assert queue_of(world, RAE, "D01") == [("k:K1", 2)], "the newest evidence is at D01"
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
    assert not found, "the customer is not Rae's to give"
    assert queue_of(world, OLA, "D02") == [], "and owns nothing"
    world.order("T1", ago(days=9), 5, company="K1", branch="D01")
    assert owned(world, OLA) == ["k:K1"], "an order at D01 makes it whole for Rae"
    assert queue_of(world, OLA, "D02") == [("k:K1", 1)]


def owned(world: World, owner: str) -> list[str]:
    row = world.superuser.execute(
        "select _owned_customers(%s, %s::member_scope)",
        (world.tenant_id, at("D00", owner=owner).literal),
    ).fetchone()
    assert row is not None
    return sorted(row[0])  # type: ignore[arg-type]


def test_a_customer_without_order_and_file_belongs_where_it_was_last_seen(world: World) -> None:
    older = world.task("cart", ago(days=9), contact="U1", branch="D01")
    assert (owners(world, older), owned(world, RAE)) == ([RAE], ["c:U1"])
    newer = world.task("repeat_visit", ago(days=2), contact="U1", branch="D02")
    assert owners(world, older, newer) == [OLA, OLA]
    assert (owned(world, RAE), owned(world, OLA)) == ([], ["c:U1"])
    assert queue_of(world, OLA, "D02") == [("c:U1", 2)], "its tasks at every branch"
    world.task("bounce", ago(days=1), contact="U1", branch="")
    assert owners(world, older) == [OLA], "what names no branch says nothing"


def test_a_web_event_never_moves_a_customer_of_the_file(world: World) -> None:
    world.contact("U1", "K1", branch_id="D02")
    task = world.task("cart", ago(days=1), company="K1", branch="D01")
    assert owners(world, task) == [OLA], "its home branch, whatever the browser says"
    assert owned(world, RAE) == []
    world.order("T1", ago(days=9), 5, company="K1", branch="D01")
    world.order("T2", ago(days=8), 5, company="K1", branch="")
    assert owners(world, task) == [RAE], "the branch of the last order that names one"


def test_the_first_who_is_mapped_to_a_branch_owns_its_customers(world: World) -> None:
    task = world.task("cart", ago(days=1), company="K1", branch="D05")
    assert owners(world, task) == [None]
    for address, is_enabled, days in (
        (VIC, True, 9),
        (ADA, True, 8),
        ("far@x.example", True, 7),
        (OLA, True, 6),
    ):
        world.insert(
            "branch_email_mappings",
            branch_id="D05",
            email=address,
            is_enabled=is_enabled,
            created_at=ago(days=days),
        )
    assert owners(world, task) == [ADA], "Vic only looks, Ola may not see D05"
    join(world, "new@acme.example", "rep", ["D05"])
    assert owners(world, task) == ["new@acme.example"], "a rep before anybody else"
    world.superuser.execute("update membership set is_active = false where role = 'rep'")
    assert owners(world, task) == [ADA]


def test_an_account_owner_who_is_no_member_leaves_a_customer_unassigned(world: World) -> None:
    for number, owner in enumerate(("Field.Team@acme.example", VIC, "Rae Lund")):
        world.contact(f"U{number}", f"K{number}", account_owner=owner)
    tasks = [world.task("cart", ago(days=1), company=f"K{n}", branch="D01") for n in range(3)]
    assert owners(world, *tasks) == ["field.team@acme.example", VIC, "Rae Lund"]
    board = board_of(world, "D01", RAE)
    assert [(row.owner, row.account_owner, row.customers) for row in board] == [
        (None, "Rae Lund", 1),
        (None, "field.team@acme.example", 1),
        (None, VIC, 1),
    ], "a name makes nobody an owner: members choose their own"
    assert owned(world, VIC) == owned(world, RAE) == []
    assign(world, tasks[0], 0, RAE)
    assert owners(world, tasks[0]) == [RAE]


def test_board_and_queues_count_the_same_and_open_what_they_count(world: World) -> None:
    join(world, "max@acme.example", "manager", ["D01"])
    world.contact("U1", "K1", branch_id="D09", account_owner=OLA)
    world.contact("U2", "K2", branch_id="D02", account_owner="gone@acme.example")
    for number, (company, branch) in enumerate(
        [("K1", "D01"), ("K1", "D02"), ("K2", "D01"), ("K3", "D01"), ("K4", "D02"), ("K5", "D09")]
    ):
        world.task("cart", ago(days=number + 1), company=company, branch=branch)
    given = world.task("repeat_visit", ago(days=1), company="K4", branch="D01")
    assign(world, given, 0, "max@acme.example")
    for scope in (EVERYTHING, at("D01", owner="max@acme.example"), at("D02", owner=OLA)):
        with tenant_transaction(world.tenant_id) as conn:
            rows = get_team_board(conn, world.tenant_id, scope, PERIOD, ago(days=7))
            filters = TaskFilters(PERIOD, scope)
            everybody = get_task_queue(conn, world.tenant_id, filters, Place(50))
            assert sum(row.customers for row in rows) == everybody.total
            for row in rows:
                asked = replace(filters, holders=(row.holder,))
                theirs = get_task_queue(conn, world.tenant_id, asked, Place(50))
                assert theirs.total == row.customers
                assert sum(len(card.tasks) for card in theirs.cards) == row.open_tasks
                held = list_held_tasks(conn, world.tenant_id, scope, row.holder, PERIOD)
                assert len(held) == row.customers
                if scope is EVERYTHING:
                    counts = count_tasks(conn, world.tenant_id, list(TASK_TYPES), asked)
                    assert sum(one.tasks for one in counts) == row.open_tasks
                    listed = list_tasks(
                        conn, world.tenant_id, replace(asked, types=TASK_TYPES), Place(50)
                    )
                    assert len(listed) == row.open_tasks
    for email, branch in ((RAE, "D01"), (OLA, "D02"), ("max@acme.example", "D01")):
        with tenant_transaction(world.tenant_id) as conn:
            rows = get_team_board(conn, world.tenant_id, EVERYTHING, PERIOD, ago(days=7))
        counted = sum(row.customers for row in rows if row.owner == email)
        assert counted == len(queue_of(world, email, branch)) > 0, email


def test_a_form_opened_without_a_card_is_for_the_tasks_that_are_seen(world: World) -> None:
    world.contact("U1", "K1", branch_id="D09")
    seen, far = (
        world.task(kind, ago(days=1), company="K1", branch=branch)
        for kind, branch in (("cart", "D01"), ("no_results", "D09"))
    )
    for scope, ids in ((at("D01", owner=RAE), {seen}), (EVERYTHING, {seen, far})):
        with tenant_transaction(world.tenant_id) as conn:
            assert set(list_waiting(conn, world.tenant_id, scope, "k:K1", PERIOD)) == ids


def board_of(world: World, branch: str, owner: str) -> list[BoardRow]:
    with tenant_transaction(world.tenant_id) as conn:
        return get_team_board(conn, world.tenant_id, at(branch, owner=owner), PERIOD, ago(days=7))
