"""Tenant and starter are judged when the job runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.jobs.bench import Bench


@pytest.fixture
def ann(bench: Bench) -> Iterator[str]:
    """An admin of acme; answers her address."""
    bench.superuser.execute(
        "insert into membership (tenant_id, email, role) values (%s, 'ann@acme.test', 'admin')",
        (bench.tenant_id,),
    )
    yield "ann@acme.test"
    bench.superuser.execute("delete from membership")


def test_member_with_the_role_may(bench: Bench, ann: str) -> None:
    job_id = bench.enqueue("guarded", started_by=ann.upper())
    bench.run(job_id)
    assert bench.status(job_id) == "completed"


def test_schedule_may(bench: Bench) -> None:
    job_id = bench.enqueue("guarded", started_by="schedule")
    bench.run(job_id)
    assert bench.status(job_id) == "completed"


def test_job_of_a_suspended_tenant_fails_and_says_so(bench: Bench) -> None:
    job_id = bench.enqueue("plain")
    bench.superuser.execute("update tenant set is_suspended = true where slug = 'acme'")
    try:
        bench.run(job_id)
    finally:
        bench.superuser.execute("update tenant set is_suspended = false")

    status, message = bench.row(job_id)
    assert (status, "suspended" in message) == ("failed", True)
    assert bench.stored(job_id) == 0


@pytest.mark.parametrize(
    "change", ["update membership set is_active = false", "delete from membership"]
)
def test_job_of_a_former_member_fails(bench: Bench, ann: str, change: str) -> None:
    job_id = bench.enqueue("plain", started_by=ann)
    bench.superuser.execute(change)  # type: ignore[arg-type]

    bench.run(job_id)

    status, message = bench.row(job_id)
    assert (status, "no longer a member" in message) == ("failed", True)
    assert bench.stored(job_id) == 0


def test_job_of_a_demoted_member_fails(bench: Bench, ann: str) -> None:
    job_id = bench.enqueue("guarded", started_by=ann)
    bench.superuser.execute("update membership set role = 'viewer'")

    bench.run(job_id)

    assert bench.row(job_id, "status, attempt") == ("failed", 0)


def test_member_of_another_tenant_is_nobody_here(bench: Bench, ann: str) -> None:
    job_id = bench.enqueue("plain", started_by=ann)
    bench.superuser.execute(
        "update membership set tenant_id = (select tenant_id from tenant where slug = 'globex')"
    )

    bench.run(job_id)

    assert bench.status(job_id) == "failed"


def test_starter_may_be_named_by_id(bench: Bench, ann: str) -> None:
    bench.superuser.execute(
        "with ann as (insert into member (issuer, subject, email) values ('i', 's', %s) "
        "returning member_id) update membership set member_id = (select member_id from ann)",
        (ann,),
    )
    row = bench.superuser.execute("select member_id::text from membership").fetchone()
    assert row
    job_id = bench.enqueue("guarded", started_by=row[0])

    bench.run(job_id)

    assert bench.status(job_id) == "completed"


def test_second_notice_of_a_running_job_does_not_judge_it_again(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    bench.superuser.execute("update tenant set is_suspended = true where slug = 'acme'")
    try:
        bench.run(run.job_id)
    finally:
        bench.superuser.execute("update tenant set is_suspended = false")

    assert bench.row(run.job_id, "status, fence") == ("processing", 1)
