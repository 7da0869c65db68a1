"""Two worker processes: jobs of one tenant that overlap, and jobs cancelled or killed midway."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app import jobs
from tests.ingest.replace.conftest import Site
from tests.ingest.replace.gate import Gate
from tests.ingest.replace.rows import day_rows
from tests.ingest.replace.world import FIRST, World, days
from tests.jobs.bench import wait_until
from tests.jobs.workers import Workers, kill

LAST = FIRST + timedelta(days=5)
SHORT = {"job_lease_s": 6.0, "job_heartbeat_s": 0.5, "job_sweep_s": 0.5}
ENDED = ("completed", "completed_with_warnings", "failed", "cancelled")


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workers' folder for temporary files."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module", autouse=True)
def workers(
    site: Site, scratch: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workers]:
    """Two workers and a scheduler."""
    config = site.config.model_copy(update=SHORT)
    env = {name.upper(): str(value) for name, value in config if value is not None}
    env |= {"JOBS_TEST_HANDLERS": "app.ingest.jobs", "TMPDIR": str(scratch)}
    options = ("--scheduler", "--workers", "2")
    made = Workers(tmp_path_factory.mktemp("workers"), dict(os.environ) | env, options)
    yield made
    made.stop()


@pytest.fixture
def loaded(world: World) -> World:
    """Six days of two visits each, loaded; the export has grown to four by now."""
    for visits in (2, 4):
        for day in days(FIRST, LAST):
            world.publish(f"events_{day:%Y%m%d}", day_rows(day, visits))
        if visits == 2:
            world.load(FIRST, LAST)
            world.expect(FIRST, LAST)
    return world


def start(world: World, first: int, last: int) -> UUID:
    """Queue a job for those days, counted from the first one, and wake a worker."""
    job_id = world.queue(FIRST + timedelta(days=first), FIRST + timedelta(days=last))
    assert jobs.publish(job_id)
    return job_id


def wait_ended(world: World, *job_ids: UUID) -> list[str]:
    """Wait for the ends of the jobs; answers how they ended."""
    for job_id in job_ids:
        wait_until(
            lambda job_id=job_id: world.job(job_id).status in ENDED,  # type: ignore[misc]  # bound
            lambda job_id=job_id: f"the end of {world.job(job_id)}",  # type: ignore[misc]  # bound
        )
    return [world.job(job_id).status for job_id in job_ids]


@contextmanager
def no_swaps(world: World) -> Iterator[None]:
    """Nobody stores for this tenant until the end of the block: its lock is held."""
    key = "hashtextextended(%s, 1)"
    values = (str(world.tenant_id),)
    world.superuser.execute(f"select pg_advisory_lock({key})", values)
    try:
        yield
    finally:
        world.superuser.execute(f"select pg_advisory_unlock({key})", values)


def wait_swaps(world: World, comers: int) -> None:
    """Wait until so many jobs have staged everything and wait for the tenant's lock."""
    statement = """
        select count(*) from pg_locks
        where locktype = 'advisory' and not granted
            and database = (select oid from pg_database where datname = current_database())
    """
    wait_until(
        lambda: world.superuser.execute(statement).fetchone() == (comers,),
        lambda: f"{comers} jobs before their swap",
    )


def test_jobs_that_overlap_give_the_same_as_one_after_the_other(loaded: World) -> None:
    with no_swaps(loaded):
        both = start(loaded, 0, 3), start(loaded, 2, 5)
        wait_swaps(loaded, 2)
        loaded.check()

    assert wait_ended(loaded, *both) == ["completed"] * 2
    loaded.expect(FIRST, LAST)
    loaded.check()
    loaded.check_derived()


def test_the_same_range_twice_at_once_is_stored_once(loaded: World) -> None:
    with no_swaps(loaded):
        both = start(loaded, 0, 5), start(loaded, 0, 5)
        wait_swaps(loaded, 2)

    assert wait_ended(loaded, *both) == ["completed"] * 2
    loaded.expect(FIRST, LAST)
    loaded.check()
    loaded.check_derived()


def test_a_slow_job_does_not_bring_back_what_a_quick_one_replaced_by_newer(loaded: World) -> None:
    """The slow one read days 0 to 3 first; meanwhile 2 to 5 changed and were loaded."""
    gate = Gate()
    loaded.export.on_rows = gate.pass_through
    slow = start(loaded, 0, 3)
    gate.wait_for(6)
    loaded.export.on_rows = None
    loaded.expect(FIRST, FIRST + timedelta(days=1))
    for day in days(FIRST + timedelta(days=2), LAST):
        loaded.publish(f"events_{day:%Y%m%d}", day_rows(day, 1))
    assert wait_ended(loaded, start(loaded, 2, 5)) == ["completed"]
    gate.open()

    assert wait_ended(loaded, slow) == ["completed"]
    loaded.expect(FIRST + timedelta(days=2), LAST)
    loaded.check()
    loaded.check_derived()


def test_jobs_of_two_tenants_do_not_wait_for_each_other(loaded: World) -> None:
    other = World(loaded.export, loaded.superuser, loaded.account)
    with no_swaps(loaded):
        ours = start(loaded, 0, 5)
        wait_swaps(loaded, 1)
        assert wait_ended(other, start(other, 0, 5)) == ["completed"]
        loaded.check()
    assert wait_ended(loaded, ours) == ["completed"]
    for world in (loaded, other):
        world.expect(FIRST, LAST)
        world.check()


def test_a_queued_job_that_is_cancelled_never_runs(loaded: World) -> None:
    asked = len(loaded.export.queries)
    job_id = loaded.queue(FIRST, LAST)
    loaded.cancel(job_id)
    jobs.publish(job_id)
    assert loaded.run(job_id).status == "cancelled"
    loaded.check()
    assert len(loaded.export.queries) == asked


def test_a_job_cancelled_while_it_reads_changes_nothing(loaded: World, scratch: Path) -> None:
    gate = Gate()
    loaded.export.on_rows = gate.pass_through
    job_id = start(loaded, 0, 5)
    gate.wait_for()
    loaded.cancel(job_id)
    gate.open()

    assert wait_ended(loaded, job_id) == ["cancelled"]
    loaded.check()
    loaded.check_derived()
    wait_until(lambda: not list(scratch.glob("ingest-*")), lambda: "the end of its folder")


def test_a_job_cancelled_before_its_swap_changes_nothing(loaded: World) -> None:
    with no_swaps(loaded):
        job_id = start(loaded, 0, 5)
        wait_swaps(loaded, 1)
        loaded.cancel(job_id)

    assert wait_ended(loaded, job_id) == ["cancelled"]
    loaded.check()
    assert loaded.retry(job_id).status == "completed"
    loaded.expect(FIRST, LAST)
    loaded.check()
    loaded.check_derived()


def test_a_killed_job_is_done_again_and_leaves_no_folder(
    loaded: World, workers: Workers, scratch: Path
) -> None:
    gate = Gate()
    loaded.export.on_rows = gate.pass_through
    job_id = start(loaded, 0, 5)
    gate.wait_for()
    (left,) = scratch.glob("ingest-*")
    kill(*workers.job_processes())
    loaded.export.on_rows = None
    gate.open()

    assert wait_ended(loaded, job_id) == ["completed"]
    loaded.expect(FIRST, LAST)
    loaded.check()
    loaded.check_derived()
    wait_until(lambda: not list(scratch.glob("ingest-*")), lambda: f"the end of {left}")
