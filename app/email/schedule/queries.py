"""When reports and digests go out by themselves: one schedule a kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from cronsim import CronSim
from sqlalchemy import Connection, text

from app import audit
from app.audit import Actor
from app.cron import next_runs
from app.database.tenancy import Scope
from app.dates import DateRange, utc_now, zone
from app.errors import Forbidden

KINDS = {"report": "Reports for reps", "digest": "Weekly digest for managers"}
LATE_AFTER = timedelta(hours=12)
ONLY_WHOLE = (
    "Schedules send the mail of every branch. Only someone who sees every branch can change them."
)
_LONGEST_DAYS = 31


@dataclass(frozen=True)
class MailSchedule:
    """A schedule. `latest_time`: waits for yesterday's data until then; None does not wait.

    `due_at` None: paused.
    """

    tenant_id: UUID
    schedule_id: UUID
    kind: str
    cron: str
    time_zone: str
    latest_time: time | None
    is_paused: bool
    due_at: datetime | None

    def next_runs(self, count: int = 3) -> list[datetime]:
        """The next instants, in UTC; none while it is paused."""
        return [] if self.is_paused else next_runs(self.cron, self.time_zone, utc_now(), count)

    def local_day(self, instant: datetime) -> date:
        """The day of that instant where the schedule lives."""
        return instant.astimezone(zone(self.time_zone)).date()

    def period(self, due_at: datetime) -> DateRange:
        """The days a run tells of: from the day of the run before up to yesterday, 31 at most."""
        local = due_at.astimezone(zone(self.time_zone))
        today = local.date()
        before = next(CronSim(self.cron, local, reverse=True), local - timedelta(days=1))
        first = max(
            min(before.date(), today - timedelta(days=1)), today - timedelta(days=_LONGEST_DAYS)
        )
        return DateRange(first, today - timedelta(days=1))

    def due_until(self, now: datetime) -> Iterator[datetime]:
        """The instants that have come since the schedule was last looked at."""
        if self.due_at is None or self.due_at > now:
            return
        due_at: datetime = self.due_at
        while due_at <= now:
            yield due_at
            due_at = next_runs(self.cron, self.time_zone, due_at, 1)[0]


def list_schedules(conn: Connection, tenant_id: UUID) -> dict[str, MailSchedule]:
    """The tenant's schedules by kind."""
    rows = conn.execute(_LIST, {"t": tenant_id})
    return {row.kind: MailSchedule(*row) for row in rows}


def find_schedule(conn: Connection, tenant_id: UUID, kind: str) -> MailSchedule | None:
    """The tenant's schedule of this kind, or None."""
    return list_schedules(conn, tenant_id).get(kind)


def store_schedule(
    conn: Connection,
    tenant_id: UUID,
    kind: str,
    cron: str,
    time_zone: str,
    latest_time: time | None,
    *,
    is_paused: bool,
) -> None:
    """Make a schedule, or change it. What was missed while paused is not caught up.

    Raises:
        Invalid: the cron line or the zone is not one.
    """
    due_at = next_runs(cron, time_zone, utc_now(), 1)[0]
    conn.execute(
        _STORE,
        {
            "t": tenant_id,
            "kind": kind,
            "cron": cron,
            "zone": time_zone,
            "latest": latest_time,
            "is_paused": is_paused,
            "due_at": None if is_paused else due_at,
        },
    )


def delete_schedule(conn: Connection, tenant_id: UUID, kind: str) -> bool:
    """Mail of this kind no longer goes out by itself; False when it did not."""
    statement = text("delete from email_schedule where tenant_id = :t and kind = :kind")
    return conn.execute(statement, {"t": tenant_id, "kind": kind}).rowcount == 1


def may_schedule(scope: Scope) -> bool:
    """Whether somebody of this scope may change schedules: they send every branch's mail."""
    return scope.location_ids is None


def change_schedule(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    actor: Actor,
    kind: str,
    cron: str,
    time_zone: str,
    latest_time: time | None,
    *,
    is_paused: bool | None,
) -> None:
    """As store_schedule(), entered into the audit log. `is_paused` None leaves it as it is.

    Raises:
        Forbidden: the scope is not every branch.
        Invalid: the cron line or the zone is not one.
    """
    _check_scope(scope)
    before = find_schedule(conn, tenant_id, kind)
    if is_paused is None:
        is_paused = before is not None and before.is_paused
    store_schedule(conn, tenant_id, kind, cron, time_zone, latest_time, is_paused=is_paused)
    _record(conn, tenant_id, actor, kind, before, find_schedule(conn, tenant_id, kind))


def remove_schedule(
    conn: Connection, tenant_id: UUID, scope: Scope, actor: Actor, kind: str
) -> bool:
    """As delete_schedule(), entered into the audit log.

    Raises:
        Forbidden: the scope is not every branch.
    """
    _check_scope(scope)
    before = find_schedule(conn, tenant_id, kind)
    delete_schedule(conn, tenant_id, kind)
    _record(conn, tenant_id, actor, kind, before, None)
    return before is not None


def _check_scope(scope: Scope) -> None:
    if not may_schedule(scope):
        raise Forbidden(ONLY_WHOLE)


def _record(
    conn: Connection,
    tenant_id: UUID,
    actor: Actor,
    kind: str,
    before: MailSchedule | None,
    after: MailSchedule | None,
) -> None:
    audit.record(
        conn,
        tenant_id,
        actor,
        "email.schedule_changed",
        kind,
        before=schedule_facts(before),
        after=schedule_facts(after),
    )


def schedule_facts(schedule: MailSchedule | None) -> dict[str, Any] | None:
    """What people decide about a schedule, for the audit log and programs."""
    if schedule is None:
        return None
    latest = schedule.latest_time
    return {
        "cron": schedule.cron,
        "time_zone": schedule.time_zone,
        "latest_time": latest and latest.strftime("%H:%M"),
        "is_paused": schedule.is_paused,
    }


def list_runs(
    conn: Connection, tenant_id: UUID, schedule_id: UUID, limit: int = 5
) -> list[tuple[date, str, UUID | None]]:
    """The last days of a schedule: the day, started or stale, and the job."""
    statement = text("""
        select run_date, outcome, job_id from email_schedule_run
        where tenant_id = :t and schedule_id = :id
        order by run_date desc
        limit :limit
    """)
    values = {"t": tenant_id, "id": schedule_id, "limit": limit}
    return [(row.run_date, row.outcome, row.job_id) for row in conn.execute(statement, values)]


_LIST = text("""
    select
        tenant_id, schedule_id, kind, cron, time_zone, latest_time, is_paused, due_at
    from email_schedule
    where tenant_id = :t
    order by kind
""")
_STORE = text("""
    insert into email_schedule (tenant_id, kind, cron, time_zone, latest_time, is_paused, due_at)
    values (:t, :kind, :cron, :zone, :latest, :is_paused, :due_at)
    on conflict on constraint email_schedule_kind_key do update set
        cron = excluded.cron, time_zone = excluded.time_zone, latest_time = excluded.latest_time,
        is_paused = excluded.is_paused, due_at = excluded.due_at
""")
