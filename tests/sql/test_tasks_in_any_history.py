"""Random histories of loads and of people's work: no task twice, none reopened, no note lost."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.database.engine import tenant_transaction
from app.dates import utc_now
from app.tasks.steps.change import Actor, Change, change_task
from app.tasks.steps.history import list_steps
from dev.generate import generate, tiny
from tests.loading import contact, load_days
from tests.oracle import Oracle, OracleSettings
from tests.sql.comparing import Superuser, make_tenant
from tests.sql.task_rows import oracle_tasks, stored_tasks
from tests.sql.test_figures_equal_the_oracle import listed_companies

DAYS = 8
OUTCOMES = ("won", "not_interested", "not_relevant")
Tables = dict[str, list[Any]]


@given(seed=st.integers(0, 10_000), chance=st.integers(0, 10_000))
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking loads for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_tasks_and_work_in_any_history(
    as_worker: None, superuser: Superuser, seed: int, chance: int
) -> None:
    luck = Random(chance)
    first = utc_now().date() - timedelta(days=DAYS + 1)
    profile = tiny(seed, days=DAYS, zone="UTC")
    whole = {
        name: list(rows)
        for name, rows in generate(profile, first, first + timedelta(days=DAYS - 1), seed)
    }
    companies = sorted(listed_companies(profile, seed).items())
    contacts = [contact(contact_id, company) for contact_id, company in companies]
    tenant_id = make_tenant(superuser, "UTC", profile.currency)
    loaded: Tables = {}
    people = _People(tenant_id, superuser, luck)
    for _ in range(luck.randrange(6, 10)):
        piece = _piece(whole, luck)
        load_days(tenant_id, piece, contacts=contacts if luck.random() < 0.4 else None)
        loaded |= piece
        people.check()
        people.act()
    load_days(tenant_id, whole, contacts=contacts)
    people.check()
    _compare(superuser, tenant_id, whole, contacts, profile.currency, first)


def _piece(whole: Tables, luck: Random) -> Tables:
    """Some days: whole, without some of their rows, or empty, as re-exports come."""
    names = luck.sample(sorted(whole), luck.randrange(1, len(whole)))
    kept = luck.choice([1.0, 0.7, 0.0])
    return {name: [row for row in whole[name] if luck.random() < kept] for name in names}


def _compare(
    superuser: Superuser,
    tenant_id: UUID,
    whole: Tables,
    contacts: list[Any],
    currency: str,
    first: date,
) -> None:
    """Where nobody marked anything done, the rows are those of a full recomputation."""
    rows = [row for rows in whole.values() for row in rows]
    settings_ = OracleSettings("UTC", currency)
    oracle = Oracle(None, rows, [asdict(c) for c in contacts], [], settings_)
    cut = {
        (task_type, subject)
        for task_type, subject in superuser.execute(
            "select task_type, subject from task_work where tenant_id = %s and done_at is not null",
            (tenant_id,),
        )
    }
    ours = [row for row in stored_tasks(superuser, tenant_id) if row[:2] not in cut]
    theirs = [row for row in oracle_tasks(oracle.tasks()) if row[:2] not in cut]
    assert ours == theirs
    assert ours, "a history without any task shows nothing"


class _People:
    """Reps who do something with a few tasks after each load, and remember it."""

    def __init__(self, tenant_id: UUID, superuser: Superuser, luck: Random) -> None:
        self.tenant_id, self.superuser, self.luck = tenant_id, superuser, luck
        self.notes: list[tuple[UUID, str]] = []
        self.done: set[UUID] = set()

    def act(self) -> None:
        """Note something on three tasks, and finish one of them."""
        rows = self.superuser.execute(
            "select task_id, version from task where tenant_id = %s and state <> 'done'"
            " order by task_id",
            (self.tenant_id,),
        ).fetchall()
        if not rows:
            return
        for number, (task_id, version) in enumerate(self.luck.sample(rows, min(3, len(rows)))):
            note = f"note {len(self.notes)}"
            self._do(task_id, Change("note", note=note))
            self.notes.append((task_id, note))
            if number == 0:
                outcome = self.luck.choice(OUTCOMES)
                self._do(task_id, Change("done", version, outcome=outcome))
                self.done.add(task_id)

    def _do(self, task_id: UUID, change: Change) -> None:
        with tenant_transaction(self.tenant_id) as conn:
            change_task(conn, self.tenant_id, task_id, change, Actor("rep@acme.test", "page"))

    def check(self) -> None:
        """No task twice, none that was finished open again, and every note where it can be read."""
        rows = self.superuser.execute(
            "select task_id, state, task_type, subject, first_at, last_at, order_key, is_task"
            " from task where tenant_id = %s",
            (self.tenant_id,),
        ).fetchall()
        found = {row[0]: row for row in rows}
        assert len(found) == len(rows)
        assert self._overlaps(rows) == []
        leaders = dict(
            self.superuser.execute(
                "select task_id, coalesce(merged_into, task_id) from task_work"
                " where tenant_id = %s",
                (self.tenant_id,),
            ).fetchall()
        )
        for task_id in self.done:
            assert found[leaders[task_id]][1] == "done"
        with tenant_transaction(self.tenant_id) as conn:
            for task_id, note in self.notes:
                steps = list_steps(conn, self.tenant_id, leaders[task_id])
                assert note in {step.note for step in steps}
                assert leaders[task_id] in found

    def _overlaps(self, rows: list[Any]) -> list[Any]:
        """Tasks of one type and subject whose intervals overlap: the same evidence twice."""
        real = sorted((r[2], r[3], r[4], r[5]) for r in rows if r[7] and r[2] != "purchase")
        return [
            (one, two) for one, two in pairwise(real) if one[:2] == two[:2] and two[2] <= one[3]
        ]
