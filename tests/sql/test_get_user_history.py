"""What a customer did, newest first, a page at a time."""

from __future__ import annotations

import pytest

from app.customers.history_queries import Cursor, Entry, History, get_user_history
from app.database.engine import tenant_transaction
from app.database.tenancy import Scope
from app.tasks.steps.change import Actor, Change, change_task
from tests.customers.world import Superuser, World, ago
from tests.scopes import EVERYTHING, at
from tests.sql.comparing import make_tenant

RAE = Actor("rae@acme.example", "page")


@pytest.fixture
def world(config: object, superuser: Superuser) -> World:
    """Company K1 with two contacts, two sessions, an order, a task and a step."""
    made = World(superuser, make_tenant(superuser, "UTC", "USD"))
    made.loaded()
    made.session("p1", 100, ago(days=9), contact="U1", company="K1", cart_events=2)
    made.session("p2", 100, ago(days=7), contact="U2", company="K1", branch="D02", searches=1)
    made.order("T1", ago(days=6), 500, contact="U1", company="K1")
    made.refund("T1", ago(days=5), 100)
    task = made.task("cart", ago(days=9), company="K1", contact="U1")
    with tenant_transaction(made.tenant_id) as conn:
        change_task(conn, made.tenant_id, task, Change("note", note="Ask again"), RAE)
    made.session("p3", 100, ago(days=1), contact="U3", company="K2")
    return made


def history(world: World, key: str = "k:K1", scope: Scope = EVERYTHING, **more: object) -> History:
    with tenant_transaction(world.tenant_id) as conn:
        return get_user_history(conn, world.tenant_id, scope, key, **more)  # type: ignore[arg-type]


def kinds(found: History) -> list[str]:
    return [entry.kind for entry in found.entries]


def cursor(entry: Entry) -> Cursor:
    return Cursor(entry.happened_at, entry.kind, entry.key)


def test_everything_of_a_company_stands_newest_first(world: World) -> None:
    found = history(world)
    assert kinds(found) == ["step", "order", "session", "task", "session"]
    assert found.total == 5
    step, order = found.entries[:2]
    assert (step.label, step.detail["note"], step.detail["done_by"]) == (
        "note",
        "Ask again",
        RAE.email,
    )
    assert (order.key, order.amount) == ("T1", 400)


def test_a_contact_has_its_own_rows_alone(world: World) -> None:
    assert kinds(history(world, "c:U2")) == ["session"]
    assert history(world, "U1") == history(world, "c:U1")
    assert kinds(history(world, "U1")) == ["step", "order", "task", "session"]


def test_a_device_nobody_signed_in_on_is_a_customer_of_its_own(world: World) -> None:
    world.session("p8", 1, ago(days=3))
    assert kinds(history(world, "d:p8")) == ["session"]
    assert kinds(history(world, "d:p1")) == []


@pytest.mark.parametrize(
    ("asked", "expected"),
    [(("order",), 1), (("cart",), 1), (("search",), 1), (("task", "step"), 2), (("session",), 2)],
)
def test_kinds_are_told_apart(world: World, asked: tuple[str, ...], expected: int) -> None:
    found = history(world, kinds=asked)
    assert (len(found.entries), found.total) == (expected, expected)


def test_pages_lead_forth_and_back_without_loss(world: World) -> None:
    everything = history(world).entries
    first = history(world, limit=2)
    second = history(world, limit=2, cursor=cursor(first.entries[-1]))
    third = history(world, limit=2, cursor=cursor(second.entries[-1]))
    assert first.entries + second.entries + third.entries == everything
    back = history(world, limit=2, cursor=cursor(third.entries[0]), is_back=True)
    assert back.entries == second.entries


def test_entries_of_one_instant_are_neither_lost_nor_repeated(world: World) -> None:
    moment = ago(days=2)
    for number in range(5):
        world.order(f"S{number}", moment, 10, company="K1")
    seen: list[str] = []
    place = None
    while found := history(world, kinds=("order",), limit=2, cursor=place).entries:
        seen += [entry.key for entry in found]
        place = cursor(found[-1])
    assert seen == ["S4", "S3", "S2", "S1", "S0", "T1"]


def test_another_branch_s_rows_are_not_there(world: World) -> None:
    assert kinds(history(world, scope=at("D02"))) == ["session"]


def test_another_tenant_sees_nothing(world: World) -> None:
    stranger = World(world.superuser, make_tenant(world.superuser, "UTC", "USD"))
    assert history(stranger) == History((), 0)
