"""Days older than a tenant keeps are refused before they are loaded, with the reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.database.engine import tenant_transaction
from app.errors import Invalid
from app.ingest.jobs import IngestRequest, start_estimate
from app.ingest.store.kept_days import KeptDays, get_kept_days
from tests.ingest.replace.rows import day_rows
from tests.ingest.replace.world import World, days, stored


def first_kept(world: World, months: int = 24) -> date:
    world.superuser.execute(
        "update tenant_config set retention_months = %s where tenant_id = %s",
        (months, world.tenant_id),
    )
    with tenant_transaction(world.tenant_id) as conn:
        kept = get_kept_days(conn, world.tenant_id)
    assert kept.months == months
    return kept.first


def loaded_days(world: World) -> list[date]:
    return sorted({day for _, day in stored(world.superuser, world.tenant_id)})


def test_the_first_kept_day_is_as_old_as_the_retention(world: World) -> None:
    age = datetime.now(UTC).date() - first_kept(world)
    assert timedelta(days=730) <= age <= timedelta(days=732)


def test_days_that_are_all_too_old_are_refused_and_nothing_is_queued(world: World) -> None:
    day = first_kept(world) - timedelta(days=1)
    with pytest.raises(Invalid, match=r"older than the 24 months .* Settings, Retention"):
        world.queue(day - timedelta(days=3), day)
    with tenant_transaction(world.tenant_id) as conn, pytest.raises(Invalid, match="24 months"):
        start_estimate(conn, world.tenant_id, IngestRequest(day, day), "schedule")
    queued = world.superuser.execute(
        "select count(*) from processing_jobs where tenant_id = %s", (world.tenant_id,)
    ).fetchone()
    assert queued == (0,)


def test_files_have_no_days_to_be_too_old(world: World) -> None:
    day = first_kept(world) - timedelta(days=9)
    assert world.queue(day, day, data_types=("users",))


def test_of_a_range_partly_too_old_the_rest_is_loaded_and_the_job_says_so(world: World) -> None:
    first = first_kept(world)
    for day in days(first - timedelta(days=2), first + timedelta(days=1)):
        world.publish(f"events_{day:%Y%m%d}", day_rows(day, 2))
    job = world.load(first - timedelta(days=2), first + timedelta(days=1))
    assert job.status == "completed_with_warnings"
    assert job.warnings == (
        f"2 days before {first} are older than the 24 months that are kept and were not loaded."
        " An admin can keep more under Settings, Retention.",
    )
    assert loaded_days(world) == [first, first + timedelta(days=1)]


def test_a_long_range_makes_parts_of_kept_days_only_and_says_so(world: World) -> None:
    first = first_kept(world)
    world.publish(f"events_{first:%Y%m%d}", day_rows(first, 2))
    world.publish(f"events_{first - timedelta(days=40):%Y%m%d}", day_rows(first, 2))
    job_id = world.queue(first - timedelta(days=90), first)
    job = world.run(job_id)
    parts = world.superuser.execute(
        "select start_date, end_date from processing_jobs where parent_job_id = %s", (job_id,)
    ).fetchall()
    assert parts == [(first, first)]
    assert job.status == "completed_with_warnings"
    assert any("90 days before" in warning for warning in job.warnings)
    assert loaded_days(world) == [first]


def test_a_job_that_waited_while_the_retention_was_shortened_loads_no_old_day(
    world: World,
) -> None:
    day = first_kept(world) - timedelta(days=5)
    first_kept(world, months=36)
    world.publish(f"events_{day:%Y%m%d}", day_rows(day, 2))
    job_id = world.queue(day, day)
    first_kept(world)
    job = world.run(job_id)
    assert job.status == "failed"
    assert str(job.message).startswith("These days are older than the 24 months")
    assert loaded_days(world) == []


def test_a_longer_retention_loads_them(world: World) -> None:
    day = first_kept(world) - timedelta(days=5)
    first_kept(world, months=36)
    world.publish(f"events_{day:%Y%m%d}", day_rows(day, 2))
    assert world.load(day).status == "completed"
    assert loaded_days(world) == [day]


def test_the_sentence_counts_days() -> None:
    from app.dates import DateRange

    kept = KeptDays(24, date(2025, 1, 10))
    assert kept.refusal(DateRange(date(2025, 1, 10), date(2025, 1, 12))) is None
    assert "1 day before 2025-01-10 is older" in str(
        kept.refusal(DateRange(date(2025, 1, 9), date(2025, 1, 12)))
    )
