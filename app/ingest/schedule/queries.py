"""The schedule of ingestion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app import audit
from app.audit import Actor
from app.cron import next_runs
from app.dates import utc_now


@dataclass(frozen=True)
class Schedule:
    """A tenant's schedule. `days_back`: days up to yesterday to load, if changed."""

    tenant_id: UUID
    cron: str
    time_zone: str
    days_back: int
    is_paused: bool
    due_at: datetime | None
    last_started_at: datetime | None
    last_job_id: UUID | None

    def next_runs(self, count: int = 3) -> list[datetime]:
        """The next instants, in UTC; none while paused."""
        return [] if self.is_paused else next_runs(self.cron, self.time_zone, utc_now(), count)


def find_schedule(conn: Connection, tenant_id: UUID) -> Schedule | None:
    statement = text("""
        select
            tenant_id, cron, time_zone, days_back, is_paused, due_at, last_started_at, last_job_id
        from ingest_schedule
        where tenant_id = :tenant_id
    """)
    row = conn.execute(statement, {"tenant_id": tenant_id}).one_or_none()
    return None if row is None else Schedule(*row)


def change_schedule(
    conn: Connection,
    tenant_id: UUID,
    actor: Actor,
    cron: str,
    time_zone: str,
    days_back: int,
    *,
    is_paused: bool | None,
) -> None:
    """Create or change the tenant's schedule. Runs missed while paused are not caught up.

    `is_paused` None leaves it unchanged; a new schedule is active.

    Raises:
        Invalid: invalid cron line or time zone.
    """
    due_at = next_runs(cron, time_zone, utc_now(), 1)[0]
    before = find_schedule(conn, tenant_id)
    if is_paused is None:
        is_paused = before is not None and before.is_paused
    conn.execute(
        _STORE,
        {
            "tenant_id": tenant_id,
            "cron": cron,
            "time_zone": time_zone,
            "days_back": days_back,
            "is_paused": is_paused,
            "due_at": None if is_paused else due_at,
        },
    )
    _record(conn, tenant_id, actor, before, find_schedule(conn, tenant_id))


def remove_schedule(conn: Connection, tenant_id: UUID, actor: Actor) -> bool:
    """Delete the tenant's schedule; False if there was none."""
    before = find_schedule(conn, tenant_id)
    statement = text("delete from ingest_schedule where tenant_id = :tenant_id")
    conn.execute(statement, {"tenant_id": tenant_id})
    _record(conn, tenant_id, actor, before, None)
    return before is not None


def _record(
    conn: Connection,
    tenant_id: UUID,
    actor: Actor,
    before: Schedule | None,
    after: Schedule | None,
) -> None:
    audit.record(
        conn,
        tenant_id,
        actor,
        "settings.changed",
        "schedule",
        before=schedule_facts(before),
        after=schedule_facts(after),
    )


def schedule_facts(schedule: Schedule | None) -> dict[str, Any] | None:
    """What people decide about a schedule, for the audit log and programs."""
    if schedule is None:
        return None
    names = ("cron", "time_zone", "days_back", "is_paused")
    return {name: getattr(schedule, name) for name in names}


_STORE = text("""
    insert into ingest_schedule (tenant_id, cron, time_zone, days_back, is_paused, due_at)
    values (:tenant_id, :cron, :time_zone, :days_back, :is_paused, :due_at)
    on conflict (tenant_id) do update set
        cron = excluded.cron, time_zone = excluded.time_zone, days_back = excluded.days_back,
        is_paused = excluded.is_paused, due_at = excluded.due_at
""")
