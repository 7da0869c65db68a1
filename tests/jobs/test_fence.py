"""Only the run that owns the job writes for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import Connection

from app.database.engine import tenant_transaction
from app.jobs import JobCancelled, JobLost, JobTimeout, Run, sweep
from tests.jobs.bench import Bench
from tests.jobs.handlers import store, store_and_finish

Act = Callable[[Run, Connection], object]
ACTS: list[Act] = [
    lambda run, conn: run.fence_check(conn),
    lambda run, conn: run.step("store", 1, "done"),
    lambda run, conn: run.warn("late"),
    lambda run, conn: run.finish(conn, "completed"),
]


def taken_over(bench: Bench) -> Run:
    """A run whose job was swept and claimed by another one."""
    job_id = bench.enqueue("plain")
    old = bench.claim(job_id)
    bench.change(job_id, "leased_until = now() - interval '1 second'")
    sweep()
    assert bench.status(job_id) == "queued"
    bench.claim(job_id)
    return old


@pytest.mark.parametrize("act", ACTS)
def test_run_that_was_replaced_writes_nothing(bench: Bench, act: Act) -> None:
    old = taken_over(bench)

    with pytest.raises(JobLost), tenant_transaction(bench.tenant_id) as conn:
        store(conn, old)
        act(old, conn)

    assert bench.stored(old.job_id) == 0
    assert bench.row(old.job_id, "status, fence, warnings") == ("processing", 2, [])
    assert bench.steps(old.job_id) == []


@pytest.mark.parametrize("act", ACTS)
def test_cancelled_run_writes_nothing(bench: Bench, act: Act) -> None:
    run = bench.claim(bench.enqueue("plain"))
    bench.cancel(run.job_id)
    assert bench.status(run.job_id) == "processing"

    with pytest.raises(JobCancelled), tenant_transaction(bench.tenant_id) as conn:
        store(conn, run)
        act(run, conn)

    assert bench.stored(run.job_id) == 0


@pytest.mark.parametrize("act", ACTS)
def test_run_past_its_deadline_writes_nothing(bench: Bench, act: Act) -> None:
    run = bench.claim(bench.enqueue("plain"))
    bench.change(run.job_id, "deadline_at = now() - interval '1 second'")

    with pytest.raises(JobTimeout), tenant_transaction(bench.tenant_id) as conn:
        store(conn, run)
        act(run, conn)

    assert bench.stored(run.job_id) == 0


def test_expired_lease_nobody_took_is_still_the_runs(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    bench.change(run.job_id, "leased_until = now() - interval '1 hour'")
    store_and_finish(run)
    assert (bench.status(run.job_id), bench.stored(run.job_id)) == ("completed", 1)


def test_status_rolls_back_with_the_work(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))

    with pytest.raises(ZeroDivisionError), tenant_transaction(bench.tenant_id) as conn:
        store(conn, run)
        run.finish(conn, "completed")
        raise ZeroDivisionError

    assert (bench.status(run.job_id), bench.stored(run.job_id)) == ("processing", 0)


def test_progress_comes_before_the_end(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    store_and_finish(run)
    with pytest.raises(RuntimeError):
        run.step("store", 1, "done")


def test_next_attempt_starts_with_clean_progress(bench: Bench) -> None:
    job_id = bench.enqueue("plain")
    old = bench.claim(job_id)
    old.step("extract", 1, "running", rows=10)
    old.warn("slow")
    bench.superuser.execute(
        "insert into job_refusal (tenant_id, job_id, source, reason, row_count) "
        "values (%s, %s, 'purchase', 'no date', 3)",
        (bench.tenant_id, job_id),
    )
    bench.change(job_id, "leased_until = now() - interval '1 second'")
    sweep()

    assert bench.steps(job_id) == []
    assert bench.row(job_id, "warnings, attempt") == ([], 1)
    refusals = bench.superuser.execute("select count(*) from job_refusal").fetchone()
    assert refusals == (0,)
