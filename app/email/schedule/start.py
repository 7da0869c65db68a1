"""Starting mail that is due: one run a schedule and local day, however many schedulers look.

Whoever writes the day's row starts it, in the same transaction. What was missed for more than
twelve hours is written down as too late; of what was missed for less, the last run is caught up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from app.cron import next_runs
from app.database.engine import admin_transaction, tenant_transaction
from app.dates import utc_now, zone
from app.email.schedule.queries import LATE_AFTER, MailSchedule, find_schedule
from app.email.sending.planning import start_planning
from app.email.sending.switch import is_sending_confirmed
from app.jobs import publish
from app.tenant_settings import get_tenant_settings


def start_due(now: datetime | None = None) -> int:
    """Start every schedule that is due at `now`; answers how many were started."""
    moment = now or utc_now()
    with admin_transaction() as conn:
        found = conn.execute(_DUE, {"now": moment}).all()
    return sum(start_schedule(row.tenant_id, row.kind, moment) is not None for row in found)


def start_schedule(tenant_id: UUID, kind: str, now: datetime) -> UUID | None:
    """Start what is due of this schedule; the job's id, or None when nothing is, or not yet."""
    with tenant_transaction(tenant_id) as conn:
        schedule = _lock_due(conn, tenant_id, kind, now)
        if schedule is None:
            return None
        job_id = _decide(conn, schedule, now)
    if job_id is not None:
        publish(job_id)
    return job_id


def _decide(conn: Connection, schedule: MailSchedule, now: datetime) -> UUID | None:
    """The last due run starts, waits, or is too late; those before it are too late."""
    *missed, last = schedule.due_until(now)
    for due_at in missed:
        if schedule.local_day(due_at) != schedule.local_day(last):
            _note(conn, schedule, due_at, "stale")
    if now - last > LATE_AFTER:
        _note(conn, schedule, last, "stale")
        _move_on(conn, schedule, now)
        return None
    if _must_wait(conn, schedule, last, now):
        return None
    job_id = _start(conn, schedule, last)
    _move_on(conn, schedule, now)
    return job_id


def _must_wait(conn: Connection, schedule: MailSchedule, due_at: datetime, now: datetime) -> bool:
    """Whether mail cannot leave, or yesterday's data may still come before the latest time."""
    is_on = is_sending_confirmed(conn, schedule.tenant_id)
    if not is_on or not get_tenant_settings(conn, schedule.tenant_id).smtp:
        return True
    if schedule.latest_time is None:
        return False
    day = schedule.local_day(due_at)
    latest = datetime.combine(day, schedule.latest_time, zone(schedule.time_zone))
    if now >= latest:
        return False
    values = {"t": schedule.tenant_id, "day": day - timedelta(days=1)}
    return not conn.execute(_IS_LOADED, values).scalar_one()


def _start(conn: Connection, schedule: MailSchedule, due_at: datetime) -> UUID | None:
    """Queue the planning unless this local day has had its run."""
    values = {
        "t": schedule.tenant_id,
        "id": schedule.schedule_id,
        "day": schedule.local_day(due_at),
    }
    if conn.execute(_HAS_RUN, values).scalar_one():
        return None
    job_id = start_planning(
        conn,
        schedule.tenant_id,
        schedule.kind,
        str(schedule.schedule_id),
        schedule.period(due_at),
        "schedule",
        location_ids=None,
    )
    _note(conn, schedule, due_at, "started", job_id)
    return job_id


def _note(
    conn: Connection,
    schedule: MailSchedule,
    due_at: datetime,
    outcome: str,
    job_id: UUID | None = None,
) -> None:
    conn.execute(
        _NOTE,
        {
            "t": schedule.tenant_id,
            "id": schedule.schedule_id,
            "due_at": due_at,
            "day": schedule.local_day(due_at),
            "outcome": outcome,
            "job_id": job_id,
        },
    )


def _move_on(conn: Connection, schedule: MailSchedule, now: datetime) -> None:
    due_at = next_runs(schedule.cron, schedule.time_zone, now, 1)[0]
    values = {"t": schedule.tenant_id, "id": schedule.schedule_id, "due_at": due_at}
    conn.execute(_MOVE_ON, values)


def _lock_due(conn: Connection, tenant_id: UUID, kind: str, now: datetime) -> MailSchedule | None:
    """The due schedule, locked; None when it is not due, or somebody else is starting it."""
    values = {"t": tenant_id, "kind": kind, "now": now}
    if conn.execute(_LOCK, values).one_or_none() is None:
        return None
    return find_schedule(conn, tenant_id, kind)


_DUE = text("""
    select s.tenant_id, s.kind
    from email_schedule as s
    inner join tenant as t on t.tenant_id = s.tenant_id
    where s.due_at <= :now and not s.is_paused and not t.is_suspended
""")
_LOCK = text("""
    select 1 from email_schedule
    where tenant_id = :t and kind = :kind and due_at <= :now and not is_paused
    for update skip locked
""")
_IS_LOADED = text("select _is_day_whole(:t, :day)")
_HAS_RUN = text("""
    select exists (
        select from email_schedule_run
        where tenant_id = :t and schedule_id = :id and run_date = :day and outcome = 'started'
    )
""")
_NOTE = text("""
    insert into email_schedule_run (tenant_id, schedule_id, run_date, due_at, outcome, job_id)
    values (:t, :id, :day, :due_at, :outcome, :job_id)
    on conflict (tenant_id, schedule_id, run_date) do update set
        due_at = excluded.due_at, outcome = excluded.outcome, job_id = excluded.job_id,
        decided_at = now()
    where email_schedule_run.outcome = 'stale' and excluded.outcome = 'started'
""")
_MOVE_ON = text("""
    update email_schedule set due_at = :due_at where tenant_id = :t and schedule_id = :id
""")
