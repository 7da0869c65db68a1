"""Derives a tenant's rows again, without a load, when rules or definitions change."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

from app import jobs
from app.database.engine import tenant_transaction
from app.database.tenants import list_active_tenants
from app.ingest.store.load import lock_tenant
from app.jobs import Run, job


def start_rederiving(conn: Connection, tenant_id: UUID, started_by: str) -> UUID | None:
    """Queue the derivation if rules, exclusions or words for nothing changed since the last; else
    None.

    `jobs.publish()` its id after the commit. An already queued job is reused: it is locked until
    this transaction ends, so that it starts with these changes.
    """
    if not conn.execute(_IS_STALE, {"t": tenant_id}).scalar():
        return None
    waiting: UUID | None = conn.execute(_WAITING, {"t": tenant_id}).scalar()
    return waiting or jobs.enqueue(conn, tenant_id, "rederive", started_by=started_by)


def start_updating() -> int:
    """Queue the derivation for every tenant with rows of an earlier version; returns how many.

    Called by the scheduler, so that a deployment needs no further step.
    """
    return sum(_start_updating(tenant_id) for tenant_id in list_active_tenants())


def _start_updating(tenant_id: UUID) -> bool:
    with tenant_transaction(tenant_id) as conn:
        if not conn.execute(_IS_OUTDATED, {"t": tenant_id}).scalar_one():
            return False
        job_id = start_rederiving(conn, tenant_id, "schedule")
    if job_id is None:
        return False
    jobs.publish(job_id)
    return True


@job("rederive")
def rederive(run: Run) -> None:
    """Apply changed rules, exclusions, words for nothing and definitions, all at once."""
    with tenant_transaction(run.tenant_id) as conn:
        run.fence_check(conn)
        conn.execute(text("select _derive_begin()"))
        run.step("definitions", 0, "running")
        lock_tenant(conn, run.tenant_id)
        run.step("definitions", 0, "done")
        run.step("derive", 1, "running")
        conn.execute(text("select _derive(:t)"), {"t": run.tenant_id})
        run.step("derive", 1, "done")
        run.finish(conn, "completed", "Figures and tasks follow the current definitions.")


_IS_STALE = text("""
    select
        d.version < _derivation_version()
        or d.hidden <> _hidden_customers(d.tenant_id)
        or d.excluded <> _excluded_customers(d.tenant_id)
        or d.rules <> c.rules - 'exclude_from_figures'
        or d.nothing_words is distinct from _nothing_words(d.tenant_id)
    from derivation as d
    inner join tenant_config as c on c.tenant_id = d.tenant_id
    where d.tenant_id = :t
""")

_IS_OUTDATED = text("""
    select
        exists (
            select from derivation as d
            where d.tenant_id = :t and d.version < _derivation_version()
        )
        and not exists (
            select from processing_jobs as j
            where
                j.tenant_id = :t and j.kind = 'rederive' and j.status in ('queued', 'processing')
        )
""")

_WAITING = text("""
    select j.job_id
    from processing_jobs as j
    where j.tenant_id = :t and j.kind = 'rederive' and j.status = 'queued'
    limit 1
    for update skip locked
""")
