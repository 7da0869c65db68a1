"""Who may still load when the job runs: a refused job changes nothing and says why."""

from __future__ import annotations

from uuid import UUID

import pytest

from app import jobs
from app.settings.provision import add_member
from tests.ingest.replace.rows import day_rows
from tests.ingest.replace.world import FIRST, World, days

ANN = "ann@acme.test"
LAST = FIRST.replace(month=5, day=4)  # two parts
DAYS = days(FIRST.replace(day=29), FIRST.replace(month=5, day=2))


@pytest.fixture
def loaded(world: World) -> World:
    """A tenant with Ann as an admin, four days loaded, and others in the export by now."""
    add_member(world.tenant_id, ANN, "admin")
    for visits in (2, 5):
        for day in DAYS:
            world.publish(f"events_{day:%Y%m%d}", day_rows(day, visits))
        if visits == 2:
            world.load(DAYS[0], DAYS[-1])
            world.expect(DAYS[0], DAYS[-1])
    return world


def suspend(world: World, is_suspended: bool) -> None:
    world.superuser.execute(
        "update tenant set is_suspended = %s where tenant_id = %s",
        (is_suspended, world.tenant_id),
    )


def status(world: World, job_id: UUID) -> tuple[str, str]:
    job = world.job(job_id)
    return job.status, str(job.message)


def test_suspended_tenant_keeps_its_rows_and_loads_again_when_it_is_back(loaded: World) -> None:
    job_id = loaded.queue(DAYS[0], DAYS[-1])
    suspend(loaded, True)
    assert loaded.run(job_id).status == "failed"
    assert "suspended" in status(loaded, job_id)[1]
    assert loaded.export.queries.count("purchase") == 1
    loaded.check()

    suspend(loaded, False)

    assert loaded.retry(job_id).status == "completed"
    loaded.expect(DAYS[0], DAYS[-1])
    loaded.check()
    loaded.check_derived()


@pytest.mark.parametrize("role", ["manager", "rep", "viewer"])
def test_starter_who_is_an_admin_no_longer_changes_nothing(loaded: World, role: str) -> None:
    job_id = loaded.queue(DAYS[0], DAYS[-1], started_by=ANN)
    add_member(loaded.tenant_id, ANN, role)  # type: ignore[arg-type]  # a role, by the list above

    loaded.run(job_id)

    assert status(loaded, job_id) == (
        "failed",
        "The person who started this job can no longer do so. An admin has to start it again.",
    )
    loaded.check()


def test_starter_demoted_between_two_parts_has_the_first_one_only(loaded: World) -> None:
    job_id = loaded.queue(FIRST, LAST, started_by=ANN)
    jobs.run_job(str(job_id))
    april, may = loaded.children(job_id)
    jobs.run_job(str(april))
    add_member(loaded.tenant_id, ANN, "viewer")
    jobs.run_job(str(may))

    loaded.expect(FIRST, DAYS[1])
    loaded.check()
    loaded.check_derived()
    assert status(loaded, may)[0] == "failed"
    assert status(loaded, job_id) == (
        "completed_with_warnings",
        "1 of 2 parts are missing: 2025-05-01 to 2025-05-04.",
    )
    assert "can no longer do so" in loaded.job(job_id).warnings[-1]


def test_tenant_suspended_between_two_parts_has_the_first_one_only(loaded: World) -> None:
    job_id = loaded.queue(FIRST, LAST)
    jobs.run_job(str(job_id))
    april, may = loaded.children(job_id)
    jobs.run_job(str(april))
    suspend(loaded, True)
    jobs.run_job(str(may))

    loaded.expect(FIRST, DAYS[1])
    loaded.check()
    assert [status(loaded, part)[0] for part in (april, may, job_id)] == [
        "completed_with_warnings",
        "failed",
        "completed_with_warnings",
    ]


def test_nobody_reads_the_rows_of_another_tenants_job(loaded: World) -> None:
    other = World(loaded.export, loaded.superuser, loaded.account)
    loaded.load(DAYS[0], DAYS[-1])
    other.check()
    assert other.load(DAYS[0]).status == "completed"
    other.expect(DAYS[0])
    other.check()
    loaded.expect(DAYS[0], DAYS[-1])
    loaded.check()
