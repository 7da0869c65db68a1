"""The effect of other rules on the last 30 days: computed for real, then rolled back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.engine import tenant_transaction
from app.ingest.store.load import lock_tenant
from app.jobs import Run, enqueue, job
from app.tasks.lists.context import find_last_day, get_rules

DAYS = 30
Counts = dict[str, dict[str, int]]


@dataclass(frozen=True)
class Trial:
    """Rules on trial. Counts are {made, open} by task type; None until the job has ended."""

    job_id: UUID
    rules: Mapping[str, int]
    counts_before: Counts | None
    counts_after: Counts | None
    status: str | None
    message: str | None

    @property
    def is_running(self) -> bool:
        """Whether its job is queued or running."""
        return self.status in ("queued", "processing")


@dataclass(frozen=True)
class RuleTrial:
    """The rules that a trial puts in place of the tenant's own."""

    rules: dict[str, int]


class _Undo(Exception):
    """Rolls back the trial's transaction."""


def start_trial(
    conn: Connection, tenant_id: UUID, rules: Mapping[str, int], started_by: str
) -> UUID:
    """Queue a trial of these rules, replacing the last; `publish()` its id after the commit."""
    job_id = enqueue(conn, tenant_id, "try_rules", RuleTrial(dict(rules)), started_by=started_by)
    conn.execute(_ASK, {"t": tenant_id, "job_id": job_id, "rules": json.dumps(dict(rules))})
    return job_id


def find_trial(conn: Connection, tenant_id: UUID) -> Trial | None:
    row = conn.execute(_FIND, {"t": tenant_id}).one_or_none()
    return None if row is None else Trial(*row)


@job("try_rules", roles=("admin",))
def try_rules(run: Run, trial: RuleTrial) -> None:
    """Count the tasks of the last days with the current rules and with the rules on trial.

    The result of a trial replaced by a newer one is discarded.
    """
    found: list[Counts] = []
    try:
        with tenant_transaction(run.tenant_id) as conn:
            found += _derive_under(conn, run, trial.rules)
            raise _Undo
    except _Undo:
        pass
    with tenant_transaction(run.tenant_id) as conn:
        before, after = (json.dumps(counts) for counts in found)
        values = {"t": run.tenant_id, "job_id": run.job_id, "before": before, "after": after}
        conn.execute(_ANSWER, values)
        run.finish(conn, "completed")


def _derive_under(conn: Connection, run: Run, rules: Mapping[str, int]) -> tuple[Counts, Counts]:
    """The counts before and after deriving the last days with these rules."""
    tenant_id = run.tenant_id
    run.fence_check(conn)
    conn.execute(text("select _derive_begin()"))
    lock_tenant(conn, tenant_id)
    before = _count(conn, tenant_id)
    last = find_last_day(conn, tenant_id)
    if last is None:
        return before, before
    longest = max(get_rules(conn, tenant_id)["chain_days"], rules.get("chain_days", 0))
    values = {"t": tenant_id, "rules": json.dumps(dict(rules))}
    conn.execute(_SET, values)
    conn.execute(_SET_DERIVED, values)  # otherwise everything would be derived again
    first = last - timedelta(days=DAYS + longest)
    conn.execute(text("select _touch_recent(:t, :first)"), {"t": tenant_id, "first": first})
    conn.execute(text("select _derive(:t)"), {"t": tenant_id})
    return before, _count(conn, tenant_id)


def _count(conn: Connection, tenant_id: UUID) -> Counts:
    statement = text("select * from count_recent_tasks(:t, :days)")
    rows: Any = conn.execute(statement, {"t": tenant_id, "days": DAYS})
    return {row.task_type: {"made": row.made, "open": row.open} for row in rows}


_ASK = text("""
    insert into rule_trial (tenant_id, job_id, rules)
    values (:t, :job_id, cast(:rules as jsonb))
    on conflict (tenant_id) do update set
        job_id = excluded.job_id, rules = excluded.rules, asked_at = now(),
        counts_before = null, counts_after = null
""")
_FIND = text("""
    select r.job_id, r.rules, r.counts_before, r.counts_after, j.status, j.message
    from rule_trial as r
    left join processing_jobs as j on j.tenant_id = r.tenant_id and j.job_id = r.job_id
    where r.tenant_id = :t
""")
_ANSWER = text("""
    update rule_trial
    set counts_before = cast(:before as jsonb), counts_after = cast(:after as jsonb)
    where tenant_id = :t and job_id = :job_id
""")
_SET = text("""
    update tenant_config set rules = rules || cast(:rules as jsonb) where tenant_id = :t
""")
_SET_DERIVED = text("""
    update derivation as d
    set rules = c.rules - 'exclude_from_figures'
    from tenant_config as c
    where d.tenant_id = :t and c.tenant_id = d.tenant_id
""")
