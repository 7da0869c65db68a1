"""Two real workers and a scheduler, doing what people and outages ask of them."""

from __future__ import annotations

import time

import redis

from tests.jobs.bench import Bench, wait_until
from tests.jobs.workers import Workers


def test_redis_flushed_while_a_job_runs_changes_nothing(
    bench: Bench, workers: Workers, store: redis.Redis
) -> None:
    running = bench.start("hold")
    bench.wait_said("working", running)
    store.flushall()
    bench.allow(running)
    bench.wait_status(running, "completed")

    later = bench.start("plain")
    bench.wait_status(later, "completed")


def test_running_job_is_cancelled_at_its_next_check(bench: Bench, workers: Workers) -> None:
    job_id = bench.start("hold")
    bench.wait_said("working", job_id)
    bench.cancel(job_id)
    bench.wait_status(job_id, "cancelled")
    assert bench.row(job_id) == ("cancelled", "The job was canceled.")
    assert bench.steps(job_id) == [("work", "failed", None)]


def test_cancelled_job_that_never_checks_ends_with_its_process(
    bench: Bench, workers: Workers
) -> None:
    job_id = bench.start("deaf")
    bench.wait_said("working", job_id)
    bench.cancel(job_id)
    bench.wait_status(job_id, "cancelled")
    wait_until(lambda: not workers.job_processes(), lambda: "the end of the deaf run")
    assert bench.stored(job_id) == 0


def test_lost_database_connections_delay_a_job_and_no_more(bench: Bench, workers: Workers) -> None:
    job_id = bench.start("swap")
    bench.wait_said("swapping", job_id)
    bench.superuser.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app_worker'"
    )
    bench.allow(job_id)
    bench.wait_status(job_id, "completed")
    assert bench.row(job_id, "fence") == (2,)
    assert bench.stored(job_id) == 1


def test_job_outlives_its_heartbeats(bench: Bench, workers: Workers) -> None:
    job_id = bench.start("hold")
    bench.wait_said("working", job_id)
    time.sleep(2.2)
    assert bench.row(job_id, "status, fence, leased_until > now()") == ("processing", 1, True)
    bench.allow(job_id)
    bench.wait_status(job_id, "completed")


def test_parent_and_children_run_through_real_workers(bench: Bench, workers: Workers) -> None:
    parent = bench.split("2024-01-01", "2024-01-05")
    bench.wait_status(parent, "completed")
    assert [bench.stored(child) for child in bench.children(parent)] == [1] * 5
