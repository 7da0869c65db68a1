"""The sweeper tells the truth about dead runs, however many sweepers there are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.database.engine import tenant_transaction
from app.jobs import sweep
from app.jobs.doors import short_transaction
from app.jobs.rows import renew
from app.jobs.sweeper import _Finding, _mend
from tests.jobs.bench import Bench

DEAD = "leased_until = now() - interval '1 second'"


def test_live_run_is_left_alone(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    sweep()
    assert bench.row(run.job_id, "status, fence") == ("processing", 1)


def test_dead_run_is_queued_and_published(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    bench.change(run.job_id, DEAD)

    sweep()
    assert bench.row(run.job_id) == ("queued", "The worker died; attempt 2 of 5.")
    bench.run(run.job_id)

    assert bench.row(run.job_id, "status, message, attempt") == ("completed", None, 2)


def test_job_that_kills_its_workers_fails(bench: Bench) -> None:
    job_id = bench.enqueue("plain")
    for _ in range(5):
        assert bench.status(job_id) == "queued"
        bench.claim(job_id)
        bench.change(job_id, DEAD)
        sweep()

    assert bench.status(job_id) == "failed"
    assert bench.message(job_id).startswith("The worker died 5 times")


def test_dead_cancelled_run_is_cancelled(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    run.step("store", 1, "running")
    bench.cancel(run.job_id)
    sweep()
    assert bench.status(run.job_id) == "processing", "its run may still be alive"

    bench.change(run.job_id, DEAD)
    sweep()

    assert bench.status(run.job_id) == "cancelled"
    assert bench.steps(run.job_id) == [("store", "failed", None)]


def test_run_past_its_deadline_times_out_though_it_lives(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    bench.change(run.job_id, "deadline_at = now() - interval '1 second'")
    sweep()
    assert bench.status(run.job_id) == "failed"
    assert bench.message(run.job_id).startswith("Timeout: ")


def test_many_sweepers_queue_each_dead_job_once(bench: Bench) -> None:
    dead = [bench.claim(bench.enqueue("plain")).job_id for _ in range(15)]
    for job_id in dead:
        bench.change(job_id, DEAD)

    with ThreadPoolExecutor(4) as pool:
        for ending in [pool.submit(sweep) for _ in range(4)]:
            ending.result()
    sweep()

    rows = [bench.row(job_id, "status, attempt, fence") for job_id in dead]
    assert rows == [("queued", 1, 1)] * len(dead)


def test_look_of_another_sweeper_that_came_late_changes_nothing(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    stale = _Finding(bench.tenant_id, run.job_id, run.kind, run.fence, is_broken=True)
    assert _mend(stale) is False
    assert bench.row(run.job_id, "status, leased_until is not null") == ("processing", True)


def test_job_somebody_holds_is_left_for_the_next_time(bench: Bench) -> None:
    held, free = (bench.claim(bench.enqueue("plain")).job_id for _ in range(2))
    for job_id in (held, free):
        bench.change(job_id, DEAD)
    with bench.superuser.transaction():
        bench.superuser.execute(
            "select 1 from processing_jobs where job_id = %s for update", (held,)
        )
        sweep()
        assert (bench.status(held), bench.status(free)) == ("processing", "queued")
    sweep()
    assert bench.status(held) == "queued"


def test_transaction_of_a_dead_run_is_cut_off(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    with (
        pytest.raises(Exception, match=r"terminat|closed"),
        tenant_transaction(bench.tenant_id) as conn,
    ):
        run.finish(conn, "completed")
        bench.superuser.execute("select 1")
        _expire_behind_the_lock(bench)
        conn.exec_driver_sql("select 1")

    assert bench.status(run.job_id) == "queued"


def test_run_that_froze_in_its_heartbeat_holds_nothing_for_long(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    with (
        pytest.raises(Exception, match=r"terminat|closed|idle"),
        short_transaction(bench.tenant_id) as conn,
    ):
        renew(conn, bench.tenant_id, run.job_id, run.fence, 3600)
        bench.superuser.execute("select pg_sleep(1.7)")
        sweep()
        conn.exec_driver_sql("select 1")

    assert bench.status(run.job_id) == "queued"


def _expire_behind_the_lock(bench: Bench) -> None:
    """The run froze between finish() and its commit: wait for its lease to end, then sweep."""
    bench.superuser.execute("select pg_sleep(1.6)")
    sweep()
