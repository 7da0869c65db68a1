"""Days that are older than a tenant keeps: they are replaced by nothing, as a load replaces days.

So all that was derived of them goes with them, what remains is what a tenant would have that
never loaded them, and an ingestion at the same time waits its turn at the tenant's lock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.engine import tenant_transaction
from app.database.tenants import list_active_tenants
from app.ingest.store.event_tables import EVENT_TABLES
from app.ingest.store.load import lock_tenant
from app.jobs import Run, enqueue, job, publish

_DAYS_AT_ONCE = 31


@dataclass(frozen=True)
class Outdated:
    """What a retention would let go: days, the first and the last of them, and rows."""

    days: int
    first: date | None
    last: date | None
    rows: int


def count_outdated(conn: Connection, tenant_id: UUID) -> Outdated:
    """What goes tonight with the retention that is saved."""
    return Outdated(*conn.execute(_COUNT, {"t": tenant_id}).one())


def start_forgetting() -> int:
    """Queue the job for every tenant that has outdated days; returns how many."""
    return sum(_start(tenant_id) for tenant_id in list_active_tenants())


def _start(tenant_id: UUID) -> bool:
    with tenant_transaction(tenant_id) as conn:
        if not count_outdated(conn, tenant_id).days:
            return False
        if conn.execute(_QUEUED, {"t": tenant_id}).scalar_one():
            return False
        job_id = enqueue(conn, tenant_id, "forget_days", started_by="schedule")
    publish(job_id)
    return True


@job("forget_days")
def forget_days(run: Run) -> None:
    """Let outdated days go, a month at a time, each in a transaction of its own."""
    total = 0
    while True:
        run.check()
        with tenant_transaction(run.tenant_id) as conn:
            run.fence_check(conn)
            conn.execute(text("select _derive_begin()"))
            lock_tenant(conn, run.tenant_id)
            values = {"t": run.tenant_id, "most": _DAYS_AT_ONCE}
            days = list(conn.execute(_DAYS, values).scalars())
            if days:
                _replace_by_nothing(conn, run.tenant_id, days)
                run.lock(conn)
                total += len(days)
                continue
            run.finish(
                conn, "completed", f"{total} days were deleted: they are past the retention period."
            )
            return


def _replace_by_nothing(conn: Connection, tenant_id: UUID, days: list[date]) -> None:
    values = {"t": tenant_id, "days": days, "types": list(EVENT_TABLES)}
    for name, table in EVENT_TABLES.items():
        columns = ", ".join(table.stored_columns)
        conn.execute(
            text(
                f"create temporary table stage_{name} on commit drop as"  # noqa: S608 - constants
                f" select {columns} from {name} limit 0"
            )
        )
    conn.execute(_REPLACED, values)
    conn.execute(text("select _replace_events(:t, 0)"), values)
    conn.execute(_UNMARK, values)
    conn.execute(text("select _derive(:t)"), values)


_COUNT = text("""
    select
        count(distinct d.event_date), min(d.event_date), max(d.event_date),
        coalesce(sum(d.row_count), 0)::bigint
    from day_load as d
    where d.tenant_id = :t and d.event_date < _first_kept_day(:t)
""")
_DAYS = text("""
    select distinct d.event_date
    from day_load as d
    where d.tenant_id = :t and d.event_date < _first_kept_day(:t)
    order by 1
    limit :most
""")
_REPLACED = text("""
    insert into replaced
    select n.name, d.event_date
    from unnest(cast(:types as text [])) as n (name)
    cross join unnest(cast(:days as date [])) as d (event_date)
""")
_UNMARK = text("""
    delete from day_load where tenant_id = :t and event_date = any(cast(:days as date []))
""")
_QUEUED = text("""
    select exists (
        select from processing_jobs
        where tenant_id = :t and kind = 'forget_days' and status in ('queued', 'processing')
    )
""")
