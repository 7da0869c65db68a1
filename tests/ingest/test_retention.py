"""Outdated days go with all that was derived of them, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app import jobs
from app.config import Config
from app.database import engine as db
from app.database import partitions
from app.database.engine import tenant_transaction
from app.ingest.store.event_tables import EVENT_TABLES
from app.ingest.store.retention import count_outdated, forget_days, start_forgetting
from app.jobs import enqueue
from app.jobs.work import _claim
from dev.generate import generate, tiny
from tests.loading import Row, load_days
from tests.sql.comparing import Superuser, derived_rows, make_tenant

TODAY = datetime.now(UTC).date()
OLD = TODAY - timedelta(days=800)
RECENT = TODAY - timedelta(days=9)
Tables = dict[str, list[Row]]


@pytest.fixture
def as_worker(config: Config) -> None:
    db.configure(config, role="worker")
    jobs.configure(config)


@pytest.fixture
def history(as_worker: None) -> tuple[Tables, Tables]:
    """Six days of two years ago and nine of now."""
    profile = tiny(5, days=9, zone="UTC")
    old = {n: list(r) for n, r in generate(profile, OLD, OLD + timedelta(days=5), 5)}
    recent = {n: list(r) for n, r in generate(profile, RECENT, TODAY - timedelta(days=1), 6)}
    return old, recent


def forget(tenant_id: UUID) -> None:
    with tenant_transaction(tenant_id) as conn:
        job_id = enqueue(conn, tenant_id, "forget_days", started_by="schedule")
    run = _claim(tenant_id, job_id)
    assert run is not None
    forget_days(run)


def test_what_remains_is_as_if_the_old_days_had_never_been(
    superuser: Superuser, history: tuple[Tables, Tables]
) -> None:
    old, recent = history
    tenant_id, control, stranger = (make_tenant(superuser, "UTC", "USD", 24) for _ in range(3))
    load_days(tenant_id, old)
    load_days(tenant_id, recent)
    load_days(control, recent)
    load_days(stranger, old)
    superuser.execute(
        "update tenant_config set retention_months = 36 where tenant_id = %s", (stranger,)
    )
    before = derived_rows(superuser, stranger)
    with tenant_transaction(tenant_id) as conn:
        found = count_outdated(conn, tenant_id)
    assert (found.days, found.first, found.last) == (6, OLD, OLD + timedelta(days=5))
    assert found.rows > 20
    assert derived_rows(superuser, tenant_id) != derived_rows(superuser, control)
    forget(tenant_id)
    assert derived_rows(superuser, tenant_id) == derived_rows(superuser, control)
    assert days_of(superuser, tenant_id) == days_of(superuser, control)
    assert derived_rows(superuser, stranger) == before, "who keeps longer keeps it"
    forget(tenant_id)
    assert derived_rows(superuser, tenant_id) == derived_rows(superuser, control)


def days_of(superuser: Superuser, tenant_id: UUID) -> list[tuple[object, ...]]:
    return superuser.execute(
        "select event_date, event_type, row_count from day_load where tenant_id = %s order by 1, 2",
        (tenant_id,),
    ).fetchall()


def test_a_job_is_queued_once_where_days_are_outdated(
    superuser: Superuser, history: tuple[Tables, Tables]
) -> None:
    superuser.execute("delete from day_load")
    old, recent = history
    outdated, fresh = (make_tenant(superuser, "UTC", "USD", 24) for _ in range(2))
    load_days(outdated, old)
    load_days(fresh, recent)
    assert [start_forgetting(), start_forgetting()] == [1, 0]
    queued = superuser.execute(
        "select tenant_id from processing_jobs where kind = 'forget_days' and status = 'queued'"
    ).fetchall()
    assert queued == [(outdated,)]


def test_only_empty_months_are_dropped(
    superuser: Superuser, history: tuple[Tables, Tables]
) -> None:
    for table in EVENT_TABLES:
        superuser.execute(f"delete from {table}")
    tenant_id = make_tenant(superuser, "UTC", "USD", 24)
    load_days(tenant_id, history[0])
    name = f"page_view_p{OLD:%Y%m}"
    kept = superuser.execute(f"select count(*) from {name}").fetchone()
    partitions.drop_empty_partitions(before=TODAY - timedelta(days=730))
    assert superuser.execute("select to_regclass(%s)", (name,)).fetchone() != (None,)
    assert superuser.execute(f"select count(*) from {name}").fetchone() == kept
    forget(tenant_id)
    dropped = partitions.drop_empty_partitions(before=TODAY - timedelta(days=730))
    assert dropped >= 6
    months = {OLD.replace(day=1), (OLD + timedelta(days=5)).replace(day=1)}
    for month in months:
        for_ = f"page_view_p{month:%Y%m}"
        assert superuser.execute("select to_regclass(%s)", (for_,)).fetchone() == (None,)
    present = superuser.execute("select to_regclass(%s)", (f"page_view_p{TODAY:%Y%m}",)).fetchone()
    assert present != (None,)
    load_days(tenant_id, history[0])
    assert superuser.execute("select to_regclass(%s)", (name,)).fetchone() != (None,)
