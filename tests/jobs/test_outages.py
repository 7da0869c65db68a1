"""Workers that start before what they need is there, and lose it while they run."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import redis
from sqlalchemy.engine import make_url

from app.config import Config
from app.database.engine import tenant_transaction
from dev import valkey
from dev.process import free_port
from tests.jobs.bench import Bench
from tests.jobs.relay import Relay
from tests.jobs.workers import Workers

Start = Callable[..., Workers]


def test_flushed_redis_loses_no_job(bench: Bench, start_workers: Start, store: redis.Redis) -> None:
    waiting = [bench.start("plain") for _ in range(3)]
    store.flushall()
    start_workers()
    for job_id in waiting:
        bench.wait_status(job_id, "completed")
        assert bench.stored(job_id) == 1


def test_finished_jobs_leave_nothing_in_redis(
    bench: Bench, start_workers: Start, store: redis.Redis
) -> None:
    job_id = bench.start("plain")
    start_workers("--burst").wait_ended()

    assert bench.status(job_id) == "completed"
    assert store.keys("rq:job:*") == []
    assert store.keys("rq:results:*") == []


def test_job_past_its_deadline_times_out_and_frees_its_worker(
    bench: Bench, start_workers: Start
) -> None:
    job_id = bench.start("deaf")
    start_workers(job_deadline_s=1.5)
    bench.wait_status(job_id, "failed")
    assert bench.message(job_id).startswith("Timeout: the job did not end within 1.5 seconds.")

    after = bench.start("plain")
    bench.wait_status(after, "completed")


def test_workers_started_before_redis_work_once_it_is_there(
    bench: Bench, start_workers: Start, tmp_path: Path
) -> None:
    port = free_port()
    start_workers(redis_url=f"redis://127.0.0.1:{port}/0")
    first = bench.enqueue("plain")
    time.sleep(1.5)
    with valkey.start(tmp_path / "one", port, persist=False):
        bench.wait_status(first, "completed")
    second = bench.enqueue("plain")
    time.sleep(0.5)
    with valkey.start(tmp_path / "two", port, persist=False):
        bench.wait_status(second, "completed")


def test_two_schedulers_do_a_job_once(bench: Bench, start_workers: Start) -> None:
    start_workers("--scheduler", "--workers", "0")
    start_workers("--scheduler", "--workers", "1")
    waiting = [bench.enqueue("plain") for _ in range(5)]
    for job_id in waiting:
        bench.wait_status(job_id, "completed")
    with tenant_transaction(bench.tenant_id) as conn:
        assert conn.exec_driver_sql("select count(*) from load_record").scalar() == 5


def test_workers_outlive_the_database(
    bench: Bench, start_workers: Start, job_config: Config
) -> None:
    direct = make_url(job_config.worker_database_url or "")
    assert direct.port
    relay = Relay(direct.port)
    through = direct.set(port=relay.port).render_as_string(hide_password=False)
    start_workers(worker_database_url=through)
    job_id = bench.start("hold")
    time.sleep(1.5)
    assert bench.status(job_id) == "queued", "the database is not there yet"

    with relay:
        bench.wait_said("working", job_id)
    bench.allow(job_id)
    time.sleep(2.5)
    with relay:
        bench.wait_status(job_id, "completed")
    assert bench.stored(job_id) == 1
