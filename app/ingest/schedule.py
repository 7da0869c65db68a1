"""When ingestion starts by itself: a cron line in a time zone.

Daylight saving as Debian's cron has it: a time that is skipped runs at the next valid minute,
a time that comes twice runs once.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from cronsim import CronSim, CronSimError
from sqlalchemy import Connection, text

from app.dates import utc_now, zone
from app.errors import Invalid

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CRON_DAYS = (1, 2, 3, 4, 5, 6, 0)


@dataclass(frozen=True)
class Schedule:
    """A tenant's schedule. `days_back`: so many days up to yesterday are loaded, if changed."""

    tenant_id: UUID
    cron: str
    time_zone: str
    days_back: int
    is_paused: bool
    due_at: datetime | None
    last_started_at: datetime | None
    last_job_id: UUID | None

    def next_runs(self, count: int = 3) -> list[datetime]:
        """The next instants, in UTC; none while it is paused."""
        return [] if self.is_paused else next_runs(self.cron, self.time_zone, utc_now(), count)


def next_runs(cron: str, time_zone: str, after: datetime, count: int) -> list[datetime]:
    """The next `count` instants after `after`, in UTC.

    Raises:
        Invalid: the cron line or the zone is not one, or it never comes true.
    """
    try:
        runs = CronSim(cron, after.astimezone(zone(time_zone)))
        found = [run.astimezone(UTC) for run in itertools.islice(runs, count)]
    except CronSimError as error:
        raise Invalid(
            f"“{cron[:60]}” is not a cron line. Write minute, hour, day, month and weekday, like "
            "30 2 * * 1-5."
        ) from error
    if not found:
        raise Invalid(f"“{cron[:60]}” never comes.")
    return found


def cron_of(days: Sequence[str], at: str) -> str:
    """The cron line of some weekdays and a time like 02:30.

    Raises:
        Invalid: no day, or no time of day.
    """
    hour, _, minute = at.partition(":")
    is_time = hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60
    chosen = [str(number) for name, number in zip(DAYS, _CRON_DAYS, strict=True) if name in days]
    if not is_time:
        raise Invalid(f"“{at[:20]}” is not a time of day. Write it like 02:30.")
    if not chosen:
        raise Invalid("Choose at least one day.")
    weekdays = "*" if len(chosen) == len(DAYS) else ",".join(chosen)
    return f"{int(minute)} {int(hour)} * * {weekdays}"


def days_and_time(cron: str) -> tuple[list[str], str] | None:
    """The weekdays and time of a cron line that has no more to it; None for others."""
    parts = cron.split()
    if len(parts) != 5 or parts[2:4] != ["*", "*"]:
        return None
    minute, hour, weekdays = parts[0], parts[1], parts[4]
    numbers = "0,1,2,3,4,5,6" if weekdays == "*" else weekdays
    known = {str(number): name for name, number in zip(DAYS, _CRON_DAYS, strict=True)}
    chosen = [known.get(number) for number in numbers.split(",")]
    if not (minute.isdigit() and hour.isdigit()) or None in chosen:
        return None
    return [name for name in DAYS if name in chosen], f"{int(hour):02}:{int(minute):02}"


def find_schedule(conn: Connection, tenant_id: UUID) -> Schedule | None:
    """The tenant's schedule, or None."""
    statement = text("""
        select
            tenant_id, cron, time_zone, days_back, is_paused, due_at, last_started_at, last_job_id
        from ingest_schedule
        where tenant_id = :tenant_id
    """)
    row = conn.execute(statement, {"tenant_id": tenant_id}).one_or_none()
    return None if row is None else Schedule(*row)


def store_schedule(
    conn: Connection, tenant_id: UUID, cron: str, time_zone: str, days_back: int, *,
    is_paused: bool,
) -> None:  # fmt: skip
    """Make the tenant's schedule, or change it. What was missed while paused is not caught up.

    Raises:
        Invalid: the cron line or the zone is not one.
    """
    due_at = next_runs(cron, time_zone, utc_now(), 1)[0]
    conn.execute(_STORE, {
        "tenant_id": tenant_id, "cron": cron, "time_zone": time_zone, "days_back": days_back,
        "is_paused": is_paused, "due_at": None if is_paused else due_at,
    })  # fmt: skip


def delete_schedule(conn: Connection, tenant_id: UUID) -> bool:
    """Nothing starts by itself any more; False when nothing did."""
    statement = text("delete from ingest_schedule where tenant_id = :tenant_id")
    return conn.execute(statement, {"tenant_id": tenant_id}).rowcount == 1


_STORE = text("""
    insert into ingest_schedule (tenant_id, cron, time_zone, days_back, is_paused, due_at)
    values (:tenant_id, :cron, :time_zone, :days_back, :is_paused, :due_at)
    on conflict (tenant_id) do update set
        cron = excluded.cron, time_zone = excluded.time_zone, days_back = excluded.days_back,
        is_paused = excluded.is_paused, due_at = excluded.due_at
""")
