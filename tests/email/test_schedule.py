"""Schedules of mail: one run a schedule and local day, whatever the clock and however many look."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from app.config import Config
from app.cron import next_runs
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.email.schedule.queries import MailSchedule, find_schedule, store_schedule
from app.email.schedule.start import start_due
from tests.email import mail_world
from tests.email.mail_server import MailServer
from tests.email.mail_world import MailWorld, set_up_mail, switch_on
from tests.sql.comparing import make_tenant

Superuser = psycopg.Connection[Any]
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "America/Santiago",
    "Africa/Casablanca",
    "Pacific/Apia",
)
# 02:30 is skipped and comes twice in several of them; 00:00 is a day's first instant.
CRONS = (
    "30 2 * * *",
    "30 2 * * *",
    "30 2 * * *",
    "1 0 * * *",
    "15 2 * * *",
    "30 6 * * *",
    "30 2 * * *",
    "30 23 * * *",
    "30 2 * * *",
    "0 3 * * *",
)
# By default the weeks in which nine of the zones change their clocks; SCHEDULE_DAYS=400 is a year.
DAYS, SCHEDULERS = int(os.environ.get("SCHEDULE_DAYS", "45")), 3
BEGIN = datetime(2026, 3, 5, tzinfo=UTC)


@pytest.fixture
def world(config: Config, superuser: Superuser, tmp_path: Path) -> Iterator[MailWorld]:
    with mail_world.running(config, superuser, tmp_path) as made:
        superuser.execute("delete from email_schedule")
        superuser.execute("delete from day_load where event_date <= '2026-11-26'")
        yield made


def schedule(world: MailWorld, cron: str, zone: str, latest: time | None = None) -> MailSchedule:
    with tenant_transaction(world.tenant_id) as conn:
        world.insert("email_schedule", kind="report", cron=cron, time_zone=zone, latest_time=latest)
        found = find_schedule(conn, world.tenant_id, "report")
    assert found is not None
    return found


def due(world: MailWorld, at: datetime) -> None:
    world.superuser.execute(
        "update email_schedule set due_at = %s where tenant_id = %s", (at, world.tenant_id)
    )


def runs(world: MailWorld) -> list[tuple[date, str]]:
    return world.superuser.execute(
        "select run_date, outcome from email_schedule_run where tenant_id = %s order by 1",
        (world.tenant_id,),
    ).fetchall()


def planned(world: MailWorld) -> list[tuple[date, date]]:
    return world.superuser.execute(
        "select period_start, period_end from email_sending_jobs where tenant_id = %s"
        " order by created_at",
        (world.tenant_id,),
    ).fetchall()


@pytest.mark.parametrize(
    ("cron", "due_at", "days"),
    [
        ("30 6 * * *", "2026-11-26 06:30", ("2026-11-25", "2026-11-25")),
        ("30 6 * * 1-5", "2026-11-30 06:30", ("2026-11-27", "2026-11-29")),
        ("0 7 * * 1", "2026-11-30 07:00", ("2026-11-23", "2026-11-29")),
        ("0 7 1 * *", "2026-12-01 07:00", ("2026-11-01", "2026-11-30")),
        ("0 7 1 1 *", "2026-01-01 07:00", ("2025-12-01", "2025-12-31")),
        ("0 6,18 * * *", "2026-11-26 18:00", ("2026-11-25", "2026-11-25")),
    ],
)
def test_the_period_of_a_run(cron: str, due_at: str, days: tuple[str, str]) -> None:
    zone = "America/New_York"
    made = MailSchedule(uuid4(), uuid4(), "report", cron, zone, None, False, None)
    period = made.period(datetime.fromisoformat(due_at).replace(tzinfo=ZoneInfo(zone)))
    assert (str(period.start), str(period.end)) == days


def test_what_was_missed_is_caught_up_once(world: MailWorld) -> None:
    schedule(world, "0 6 * * *", "UTC")
    due(world, datetime(2026, 11, 20, 6, tzinfo=UTC))
    now = datetime(2026, 11, 26, 17, 59, tzinfo=UTC)
    assert [start_due(now), start_due(now)] == [1, 0]
    days = [date(2026, 11, day) for day in range(20, 27)]
    assert runs(world) == [(day, "started" if day == days[-1] else "stale") for day in days]
    assert planned(world) == [(date(2026, 11, 25), date(2026, 11, 25))]


def test_what_is_twelve_hours_late_is_left_out_and_said(world: MailWorld) -> None:
    schedule(world, "0 6 * * *", "UTC")
    due(world, datetime(2026, 11, 26, 6, tzinfo=UTC))
    assert start_due(datetime(2026, 11, 26, 18, 1, tzinfo=UTC)) == 0
    assert runs(world) == [(date(2026, 11, 26), "stale")] and not planned(world)
    assert start_due(datetime(2026, 11, 27, 6, 1, tzinfo=UTC)) == 1


def test_it_waits_for_yesterday_until_the_latest_time(world: MailWorld) -> None:
    schedule(world, "0 6 * * *", "America/New_York", time(9))
    due(world, datetime(2026, 11, 26, 11, tzinfo=UTC))
    assert start_due(datetime(2026, 11, 26, 13, 59, tzinfo=UTC)) == 0
    assert start_due(datetime(2026, 11, 26, 14, 0, tzinfo=UTC)) == 1


def test_it_does_not_wait_for_what_is_there(world: MailWorld) -> None:
    schedule(world, "0 6 * * *", "UTC", time(9))
    due(world, datetime(2026, 11, 26, 6, tzinfo=UTC))
    now = datetime(2026, 11, 26, 6, 1, tzinfo=UTC)
    assert start_due(now) == 0
    for event_type in ("purchase", "add_to_cart"):
        world.insert(
            "day_load",
            event_date=date(2026, 11, 25),
            event_type=event_type,
            source_kind="daily",
            row_count=0,
            load_id=1,
        )
    assert start_due(now) == 1


def test_while_sending_is_off_it_waits_and_then_is_too_late(world: MailWorld) -> None:
    schedule(world, "0 6 * * *", "UTC")
    due(world, datetime(2026, 11, 26, 6, tzinfo=UTC))
    world.superuser.execute("update email_switch set database_oid = 1")
    assert start_due(datetime(2026, 11, 26, 7, tzinfo=UTC)) == 0 and not runs(world)
    assert start_due(datetime(2026, 11, 26, 19, tzinfo=UTC)) == 0
    assert runs(world) == [(date(2026, 11, 26), "stale")]


def test_paused_and_suspended_ones_rest(world: MailWorld) -> None:
    schedule(world, "0 6 * * *", "UTC")
    now = datetime(2026, 11, 26, 7, tzinfo=UTC)
    due(world, now - timedelta(hours=1))
    world.superuser.execute("update tenant set is_suspended = true")
    assert start_due(now) == 0
    world.superuser.execute("update tenant set is_suspended = false")
    world.superuser.execute("update email_schedule set is_paused = true, due_at = null")
    assert start_due(now) == 0 and not runs(world)


def test_two_runs_on_one_local_day_are_one(world: MailWorld) -> None:
    schedule(world, "0 6,7,8 * * *", "UTC")
    due(world, datetime(2026, 11, 26, 6, tzinfo=UTC))
    started = [start_due(datetime(2026, 11, 26, hour, 1, tzinfo=UTC)) for hour in (6, 7, 8)]
    assert started == [1, 0, 0]


def test_a_schedule_is_stored_with_its_next_instant(world: MailWorld, config: Config) -> None:
    db.configure(config)
    with tenant_transaction(world.tenant_id) as conn:
        store_schedule(
            conn, world.tenant_id, "digest", "0 7 * * 1", "UTC", time(9), is_paused=False
        )
        made = find_schedule(conn, world.tenant_id, "digest")
        assert made is not None and made.due_at is not None and made.due_at.weekday() == 0
        store_schedule(conn, world.tenant_id, "digest", "0 7 * * 1", "UTC", None, is_paused=True)
        made = find_schedule(conn, world.tenant_id, "digest")
        assert made is not None and made.due_at is None and made.next_runs() == []


def test_every_day_in_ten_zones_with_three_schedulers(
    config: Config, superuser: Superuser, tmp_path: Path
) -> None:
    """Around each due instant three schedulers look at once, before, at and after it."""
    with MailServer(tmp_path) as server, mail_world.running(config, superuser, tmp_path):
        superuser.execute("delete from email_schedule")
        tenants = {
            make_tenant(superuser, "UTC", "USD"): (zone, cron)
            for zone, cron in zip(ZONES, CRONS, strict=True)
        }
        instants: set[datetime] = set()
        expected: dict[UUID, list[date]] = {}
        for tenant_id, (zone, cron) in tenants.items():
            set_up_mail(superuser, tenant_id, server)
            switch_on(superuser, tenant_id)
            due_at = next_runs(cron, zone, BEGIN, DAYS)
            superuser.execute(
                "insert into email_schedule (tenant_id, kind, cron, time_zone, due_at)"
                " values (%s, 'report', %s, %s, %s)",
                (tenant_id, cron, zone, due_at[0]),
            )
            instants |= set(due_at)
            expected[tenant_id] = [one.astimezone(ZoneInfo(zone)).date() for one in due_at]
            assert len(set(expected[tenant_id])) == DAYS, "cron itself gives each local day one"
        url = config.worker_database_url or ""
        db._engines["worker"] = db.make_engine(url)  # a worker keeps no connections: too slow here
        with ThreadPoolExecutor(SCHEDULERS) as pool:
            for instant in sorted(instants):
                steps = (-1, 0) if instant.day % 7 else (-1, 0, 1, 59)
                for step in steps:
                    now = instant + timedelta(seconds=step)
                    list(pool.map(start_due, [now] * SCHEDULERS))
        for tenant_id, days in expected.items():
            found = superuser.execute(
                "select run_date, outcome from email_schedule_run where tenant_id = %s order by 1",
                (tenant_id,),
            ).fetchall()
            assert found == [(day, "started") for day in days], tenants[tenant_id]
            jobs = superuser.execute(
                "select count(*), count(distinct job_id) from email_sending_jobs"
                " where tenant_id = %s",
                (tenant_id,),
            ).fetchone()
            assert jobs == (DAYS, DAYS)
