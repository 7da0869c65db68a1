"""Reports over generated shops: every row is the recipient's, every number is the pages' own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import psycopg
import pytest

from app.audit import Actor
from app.config import Config
from app.dashboard.queries import get_dashboard_overview_stats
from app.dashboard.tiles import build_tiles
from app.database.engine import tenant_transaction
from app.dates import DateRange, utc_now
from app.email.sending.composing import mail_frame
from app.ingest.files.customer_file import BranchRow
from app.tasks.queries import TaskFilters, count_tasks
from app.tasks.steps.change import Change, change_task
from app.tasks.types import TASK_TYPES
from dev.generate import generate, tiny
from tests.email import mail_world
from tests.email.mail_server import Delivery
from tests.email.mail_world import MailWorld, last_day, yesterday
from tests.loading import load_days
from tests.scopes import EVERYTHING

Superuser = psycopg.Connection[Any]
TILES = {
    "net_revenue": "Net revenue",
    "orders": "Orders",
    "visitors": "Visitors",
    "conversion_rate": "Conversion",
    "abandoned_carts": "Abandoned carts",
    "failed_searches": "Failed searches",
}
ACTOR = Actor("rep@acme.example", "page")


@pytest.fixture(params=[3, 11])
def world(
    request: pytest.FixtureRequest, config: Config, superuser: Superuser, tmp_path: Path
) -> Iterator[tuple[MailWorld, Random]]:
    """A generated shop up to yesterday, and eight recipients with one to three branches each."""
    seed = request.param
    with mail_world.running(config, superuser, tmp_path) as made:
        superuser.execute("delete from locations where tenant_id = %s", (made.tenant_id,))
        superuser.execute("delete from day_load where tenant_id = %s", (made.tenant_id,))
        profile = tiny(seed, days=9, zone="UTC")
        last = yesterday()
        first = last - timedelta(days=8)
        tables = {name: list(rows) for name, rows in generate(profile, first, last, seed)}
        branches = [BranchRow(b.branch_id, b.name, is_active=True) for b in profile.branches]
        load_days(made.tenant_id, tables, branches=branches)
        chance = Random(seed)
        for n in range(8):
            for branch in chance.sample([b.location_id for b in branches], chance.randint(1, 2)):
                made.recipient(branch, f"r{n}@acme.example")
        yield made, chance


def test_every_row_and_every_number(world: tuple[MailWorld, Random]) -> None:
    made, chance = world
    check_round(made, key="first")
    open_ids = [
        row[0]
        for row in made.superuser.execute(
            "select t.task_id from task as t inner join email_told_task as x using (task_id)"
            " where t.tenant_id = %s group by 1 order by 1",
            (made.tenant_id,),
        ).fetchall()
    ]
    assert len(open_ids) > 10
    for task_id in chance.sample(open_ids, len(open_ids) // 2):
        act(made, task_id, chance)
    check_round(made, key="second")
    check_round(made, key="third")


def act(world: MailWorld, task_id: Any, chance: Random) -> None:
    change = chance.choice(
        [
            Change("done", 0, "won"),
            Change("done", 0, "not_interested"),
            Change("snooze", 0, snoozed_until=utc_now() + timedelta(days=3)),
            Change("call", 0),
        ]
    )
    with tenant_transaction(world.tenant_id) as conn:
        change_task(conn, world.tenant_id, task_id, change, ACTOR)


def check_round(world: MailWorld, key: str) -> None:
    """Plan and send, then check each mail against the tasks and the pages."""
    before = len(world.server.deliveries)
    told = told_before(world)
    world.plan(key=key)
    world.send()
    mails = {one.recipient: one for one in world.server.deliveries[before:]}
    rows = world.superuser.execute(
        "select recipient, message_id, branch_ids, status from email_send_history"
        " where tenant_id = %s and schedule_key = %s",
        (world.tenant_id, key),
    ).fetchall()
    assert len(rows) == 8 and {row[3] for row in rows} <= {"sent", "skipped"}
    for recipient, message_id, branch_ids, status in rows:
        own = told.get(recipient, set())
        waiting = count_waiting(world, branch_ids)
        if status == "skipped":
            assert not waiting - own, "something was new"
            continue
        check_mail(world, mails[recipient], message_id, branch_ids, waiting, own)


def check_mail(
    world: MailWorld,
    mail: Delivery,
    message_id: Any,
    branch_ids: list[str],
    waiting: set[Any],
    told: set[Any],
) -> None:
    subject, text, html = str(mail.message["Subject"]), mail.part("plain"), mail.part("html")
    found = re.match(r"(\d+) new, (\d+) open – ", subject)
    assert found is not None, subject
    later = re.search(r"([\d,]+) more (?:is|are) new", text)
    new, still_open = int(found[1]), int(found[2])
    assert new + (int(later[1]) if later else 0) == len(waiting - told)
    assert still_open == len(waiting & told)
    with tenant_transaction(world.tenant_id) as conn:
        period = DateRange(yesterday() - timedelta(days=363), yesterday())
        filters = TaskFilters(period, EVERYTHING, location_ids=tuple(branch_ids))
        counts = count_tasks(conn, world.tenant_id, TASK_TYPES, filters)
    listed = sum(one.tasks for one in counts if one.state in ("open", "in_progress"))
    assert listed == len(waiting), "the lists count the same tasks"
    rows = world.superuser.execute(
        "select t.branch_id, t.customer_name, x.told_as from email_told_task as x"
        " inner join task as t using (tenant_id, task_id) where x.message_id = %s",
        (message_id,),
    ).fetchall()
    assert {row[0] for row in rows} <= set(branch_ids)
    assert sum(row[2] == "new" for row in rows) == new
    assert not re.search(r"\b(None|nan|NaN|null|undefined)\b", text + html)
    check_figures(world, text, branch_ids)


def check_figures(world: MailWorld, text: str, branch_ids: list[str]) -> None:
    """The lines of the mail are the tiles of the page for these branches and that day."""
    with tenant_transaction(world.tenant_id) as conn:
        now, before = (
            get_dashboard_overview_stats(conn, world.tenant_id, period, tuple(branch_ids))
            for period in (last_day(), last_day().previous())
        )
        fmt = mail_frame(conn, world.tenant_id, "https://x.example").fmt
    tiles = {tile.key: tile for tile in build_tiles(now, before, fmt)}
    for key, label in TILES.items():
        change = tiles[key].change
        assert change is not None
        sign = {"up": "▲ ", "down": "▼ "}.get(change.direction, "")
        assert f"{label}: {tiles[key].value} ({sign}{change.text})" in text, (key, text)


def count_waiting(world: MailWorld, branch_ids: list[str]) -> set[Any]:
    """The tasks that are open, asked of the tables and not of our functions."""
    return {
        row[0]
        for row in world.superuser.execute(
            """
        select t.task_id
        from task as t
        where
            t.tenant_id = %s and t.branch_id = any(%s) and t.closed_at is null
            and t.state in ('open', 'in_progress')
            and (t.is_task and t.ready_at <= (current_date)::timestamptz or not t.is_task)
            and (t.expires_at > now() or t.touched_at is not null)
            and (t.cool_until is null or t.cool_until <= now() or t.touched_at is not null)
        """,
            (world.tenant_id, branch_ids),
        ).fetchall()
    }


def told_before(world: MailWorld) -> dict[str, set[Any]]:
    rows = world.superuser.execute(
        "select h.recipient, x.task_id from email_send_history as h inner join email_told_task"
        " as x using (tenant_id, message_id) where h.tenant_id = %s and h.status = 'sent'",
        (world.tenant_id,),
    ).fetchall()
    found: dict[str, set[Any]] = {}
    for recipient, task_id in rows:
        found.setdefault(recipient, set()).add(task_id)
    return found
