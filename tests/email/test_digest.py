"""The digest: what became of a week's tasks, counted again by hand, to whom and about what."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.audit import Actor
from app.config import Config
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.database.tenancy import Scope
from app.dates import DateRange
from app.email.history.queries import get_email_send_history_paginated
from app.email.message.digest import Manager, build_digest
from app.tasks.steps.change import Change, change_task, undo
from tests.customers.world import ago
from tests.email import mail_world
from tests.email.mail_world import MailWorld, yesterday

Superuser = psycopg.Connection[Any]
REP = Actor("rae@acme.example", "page")


def week() -> DateRange:
    """Yesterday with the six days before it, and today."""
    return DateRange(yesterday() - timedelta(days=6), yesterday() + timedelta(days=1))


@pytest.fixture
def world(config: Config, superuser: Superuser, tmp_path: Path) -> Iterator[MailWorld]:
    with mail_world.running(config, superuser, tmp_path) as made:
        made.insert("membership", email="meg@acme.example", role="manager", name="Meg")
        made.insert("membership", email="rae@acme.example", role="rep", name="Rae Lund")
        superuser.execute(
            "insert into membership (tenant_id, email, role, location_ids)"
            " values (%s, 'mo@acme.example', 'manager', '{D02}')",
            (made.tenant_id,),
        )
        yield made


def step(world: MailWorld, task_id: UUID, change: Change) -> UUID:
    with tenant_transaction(world.tenant_id) as conn:
        return change_task(conn, world.tenant_id, task_id, change, REP)


def numbers(world: MailWorld, branches: tuple[str, ...] | None = None) -> dict[str, Any]:
    with tenant_transaction(world.tenant_id) as conn:
        found = build_digest(conn, world.tenant_id, Manager("m", "", branches), week())
    return {
        one.branch_id: (one.made, one.worked, one.ignored, one.won, one.no_answer)
        for one in found.branches
    }


def test_worked_ignored_and_outcomes_by_branch(world: MailWorld) -> None:
    won, called, undone, assigned, left = (world.cart(f"K{n}", "D01") for n in range(5))
    old = world.task("cart", ago(days=20), company="K9", branch="D01")
    other = world.cart("K8", "D02")
    step(world, won, Change("done", 0, "won"))
    step(world, called, Change("call", 0))
    history_id = step(world, undone, Change("done", 0, "not_interested"))
    with tenant_transaction(world.tenant_id) as conn:
        undo(conn, world.tenant_id, history_id, REP)
    step(world, assigned, Change("assign", 0, owner="rae@acme.example"))
    step(world, old, Change("done", 0, "no_answer"))
    assert left and other
    assert numbers(world) == {"D01": (5, 2, 3, 1, 1), "D02": (1, 0, 1, 0, 0)}
    assert numbers(world, ("D02",)) == {"D02": (1, 0, 1, 0, 0)}
    world.insert("exclusion", kind="company", value="K4", reason="staff", created_by="a")
    assert numbers(world)["D01"] == (4, 2, 2, 1, 1)


def test_how_soon_is_the_median(world: MailWorld) -> None:
    for n, hours in enumerate((2, 4, 9)):
        task_id = world.cart(f"K{n}", hours=hours)
        step(world, task_id, Change("call", 0))
    with tenant_transaction(world.tenant_id) as conn:
        (row,) = build_digest(conn, world.tenant_id, Manager("m", "", None), week()).branches
    assert row.first_action_hours == pytest.approx(4, abs=0.01)


def test_each_manager_gets_their_branches(world: MailWorld) -> None:
    world.cart("K1", "D01")
    step(world, world.cart("K2", "D02"), Change("done", 0, "won"))
    world.plan(kind="digest", key="digest", period=week())
    world.send()
    mails = {one.recipient: one for one in world.server.deliveries}
    assert set(mails) == {"meg@acme.example", "mo@acme.example"}
    subjects = {to: str(one.message["Subject"]) for to, one in mails.items()}
    assert re.match(r"Week to \w{3} \d+ \w{3}: 1 of 2 tasks", subjects["meg@acme.example"])
    assert ": 1 of 1 tasks worked – " in subjects["mo@acme.example"]
    text = mails["mo@acme.example"].part("plain")
    assert "D02 Uptown: 1 of 1 worked, 0 ignored, 1 won" in text and "D01" not in text
    assert "* Rae Lund: 1 worked, 1 won" in text
    assert mails["mo@acme.example"].message["List-Unsubscribe-Post"]
    world.plan(kind="digest", key="digest", period=week())
    world.send()
    assert len(world.server.deliveries) == 2


def test_the_history_shows_a_digest_to_who_sees_its_branches(world: MailWorld) -> None:
    world.plan(kind="digest", key="digest", period=week())
    db.configure(world.config)
    with tenant_transaction(world.tenant_id) as conn:
        found, total = get_email_send_history_paginated(
            conn, world.tenant_id, Scope(("D01", "D02"))
        )
    assert (total, [one.recipient for one in found]) == (1, ["mo@acme.example"])


def test_who_is_no_manager_any_more_gets_none(world: MailWorld) -> None:
    world.plan(kind="digest", key="digest", period=week())
    world.superuser.execute("update membership set role = 'viewer' where email like 'meg@%'")
    world.send()
    assert world.statuses() == {"meg@acme.example": "skipped", "mo@acme.example": "sent"}
