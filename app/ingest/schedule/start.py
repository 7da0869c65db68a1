"""Starts due ingestions. Only the process that advances the due instant starts one."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from app.cron import next_runs
from app.database.engine import admin_transaction, tenant_transaction
from app.dates import today, utc_now
from app.ingest.jobs import IngestRequest, start_ingestion
from app.ingest.schedule.queries import Schedule, find_schedule
from app.ingest.store.kept_days import get_kept_days
from app.jobs import publish
from app.tenant_settings import get_tenant_settings


def start_due() -> int:
    """Start every tenant's due ingestion; returns how many.

    One run catches up, however many were missed while no scheduler ran.
    """
    statement = text("""
        select s.tenant_id
        from ingest_schedule as s
        inner join tenant as t on t.tenant_id = s.tenant_id
        where s.due_at <= clock_timestamp() and not s.is_paused and not t.is_suspended
    """)
    with admin_transaction() as conn:
        tenant_ids = list(conn.execute(statement).scalars())
    return sum(start_tenant(tenant_id) is not None for tenant_id in tenant_ids)


def start_tenant(tenant_id: UUID) -> UUID | None:
    """Start this tenant's due ingestion; the job's id, or None if it is no longer due."""
    with tenant_transaction(tenant_id) as conn:
        schedule = _lock_due(conn, tenant_id)
        if schedule is None:
            return None
        job_id = _start(conn, schedule)
    publish(job_id)
    return job_id


def start_now(conn: Connection, schedule: Schedule, started_by: str) -> UUID:
    """Queue the schedule's load, due or not; publish it after the commit."""
    return start_ingestion(conn, schedule.tenant_id, _request(conn, schedule), started_by)


def _lock_due(conn: Connection, tenant_id: UUID) -> Schedule | None:
    """The due schedule, locked; None if it is not due or being started elsewhere."""
    statement = text("""
        select 1 from ingest_schedule
        where tenant_id = :t and due_at <= clock_timestamp() and not is_paused
        for update skip locked
    """)
    if conn.execute(statement, {"t": tenant_id}).one_or_none() is None:
        return None
    return find_schedule(conn, tenant_id)


def _start(conn: Connection, schedule: Schedule) -> UUID:
    job_id = start_now(conn, schedule, "schedule")
    statement = text("""
        update ingest_schedule
        set due_at = :due_at, last_started_at = clock_timestamp(), last_job_id = :job_id
        where tenant_id = :t
    """)
    due_at = next_runs(schedule.cron, schedule.time_zone, utc_now(), 1)[0]
    values = {"t": schedule.tenant_id, "due_at": due_at, "job_id": job_id}
    conn.execute(statement, values)
    return job_id


def _request(conn: Connection, schedule: Schedule) -> IngestRequest:
    """The changed days up to yesterday, and the customer files.

    A day loaded from an intraday or fresh table is requested again until it settles: its daily
    table may come late.
    """
    zone_name = get_tenant_settings(conn, schedule.tenant_id).property_time_zone
    now = today(zone_name)
    first = now - timedelta(days=schedule.days_back)
    waiting = conn.execute(_WAITING, {"t": schedule.tenant_id, "today": now}).scalar_one()
    first = max(min(first, waiting or first), get_kept_days(conn, schedule.tenant_id).first)
    return IngestRequest(first, now - timedelta(days=1), changed_only=True)


_WAITING = text("""
    select min(event_date)
    from day_load
    where
        tenant_id = :t and source_kind <> 'daily' and event_date < :today
        and _is_provisional(source_kind, event_date + 1, :today)
""")
