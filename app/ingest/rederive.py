"""Deriving a tenant's rows anew when what counts was changed, without a load."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

from app import jobs
from app.db import tenant_transaction
from app.ingest.load import lock_tenant
from app.jobs import Run, job


def start_rederiving(conn: Connection, tenant_id: UUID, started_by: str) -> UUID | None:
    """Queue the derivation when rules, exclusions or words for nothing changed since; else None.

    `jobs.publish()` its id after the commit. A job that waits already does it as well: it is
    held until this transaction ends, so that it begins with what this transaction changed.
    """
    if not conn.execute(_IS_STALE, {"t": tenant_id}).scalar():
        return None
    waiting: UUID | None = conn.execute(_WAITING, {"t": tenant_id}).scalar()
    return waiting or jobs.enqueue(conn, tenant_id, "rederive", started_by=started_by)


@job("rederive")
def rederive(run: Run) -> None:
    """Derive what rules, exclusions and words for nothing change, in one transaction."""
    with tenant_transaction(run.tenant_id) as conn:
        run.fence_check(conn)
        conn.execute(text("select _derive_begin()"))
        lock_tenant(conn, run.tenant_id)
        run.fence_check(conn)
        conn.execute(text("select _derive(:t)"), {"t": run.tenant_id})
        run.finish(conn, "completed")


_IS_STALE = text("""
    select
        d.hidden <> _hidden_customers(d.tenant_id)
        or d.rules <> c.rules - 'exclude_from_figures'
        or d.nothing_words is distinct from _nothing_words(d.tenant_id)
    from derivation as d
    inner join tenant_config as c on c.tenant_id = d.tenant_id
    where d.tenant_id = :t
""")

_WAITING = text("""
    select j.job_id
    from processing_jobs as j
    where j.tenant_id = :t and j.kind = 'rederive' and j.status = 'queued'
    limit 1
    for update skip locked
""")
