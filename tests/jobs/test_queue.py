"""Jobs get into PostgreSQL, their ids into Redis, and each is run once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
import redis

from app import jobs
from app.config import Config
from app.database.engine import tenant_transaction
from app.errors import Conflict, NotFound
from app.jobs import cancel, enqueue, publish, run_job, sweep
from tests.conftest import Cast
from tests.jobs.bench import Bench
from tests.jobs.handlers import Failures


def notices(store: redis.Redis) -> list[str]:
    """The job ids that stand in Redis."""
    found = store.lrange("rq:queue:quick", 0, -1) + store.lrange("rq:queue:slow", 0, -1)
    return [notice.decode().partition("_")[0] for notice in found]


def test_redis_gets_the_id_alone(bench: Bench, store: redis.Redis) -> None:
    job_id = bench.start("upstream", Failures(("users",)))

    assert notices(store) == [str(job_id)]
    kept = b"".join(
        value for key in store.keys("rq:job:*") for value in store.hgetall(key).values()
    )
    assert str(bench.tenant_id).encode() not in kept
    assert b"users" not in kept


def test_job_of_a_rolled_back_transaction_is_none(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), tenant_transaction(bench.tenant_id) as conn:
        job_id = enqueue(conn, bench.tenant_id, "plain", started_by="schedule")
        raise ZeroDivisionError

    assert publish(job_id) is False


def test_unknown_kind_is_refused_when_asked_for(bench: Bench) -> None:
    with pytest.raises(LookupError):
        bench.enqueue("plane")


def test_job_runs_once_however_often_it_is_published(bench: Bench, store: redis.Redis) -> None:
    job_id = bench.start("plain")
    publish(job_id)

    bench.run(job_id)
    bench.run(job_id)

    assert notices(store) == [str(job_id)] * 2
    assert bench.row(job_id, "status, attempt, fence") == ("completed", 1, 1)
    assert bench.stored(job_id) == 1
    assert bench.steps(job_id) == [("store", "done", 3)]


def test_workers_with_the_same_notice_run_it_once(bench: Bench) -> None:
    job_id = bench.enqueue("plain")
    with ThreadPoolExecutor(4) as pool:
        for ending in [pool.submit(bench.run, job_id) for _ in range(4)]:
            ending.result()
    assert bench.row(job_id, "status, fence") == ("completed", 1)
    assert bench.stored(job_id) == 1


def test_job_is_not_run_before_its_time(bench: Bench, store: redis.Redis) -> None:
    job_id = bench.enqueue("plain", available_at=datetime(2999, 1, 1, tzinfo=UTC))

    bench.run(job_id)
    sweep()

    assert bench.status(job_id) == "queued"
    assert notices(store) == []


def test_unknown_job_is_ignored(bench: Bench) -> None:
    run_job("00000000-0000-0000-0000-000000000000")


def test_unreachable_redis_loses_nothing(
    bench: Bench, store: redis.Redis, job_config: Config
) -> None:
    job_id = bench.enqueue("plain")
    jobs.configure(job_config.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    try:
        assert publish(job_id) is False
        sweep()
    finally:
        jobs.configure(job_config)
    sweep()

    assert notices(store) == [str(job_id)]


def test_sweeper_publishes_what_redis_forgot_and_nothing_twice(
    bench: Bench, store: redis.Redis
) -> None:
    waiting = {str(bench.start("plain")), str(bench.start("hold"))}
    sweep()
    assert sorted(notices(store)) == sorted(waiting)

    store.flushall()
    sweep()
    sweep()

    assert sorted(notices(store)) == sorted(waiting)


def test_stranger_cannot_cancel(bench: Bench, cast: Cast) -> None:
    job_id = bench.enqueue("plain")

    with pytest.raises(NotFound), tenant_transaction(cast.globex) as conn:
        cancel(conn, cast.globex, job_id)
    with pytest.raises(NotFound), tenant_transaction(cast.globex) as conn:
        cancel(conn, bench.tenant_id, job_id)

    assert bench.status(job_id) == "queued"


def test_job_that_is_ending_cannot_be_cancelled(bench: Bench) -> None:
    run = bench.claim(bench.enqueue("plain"))
    with tenant_transaction(bench.tenant_id) as conn:
        run.finish(conn, "completed")
        with pytest.raises(Conflict, match="ending"):
            bench.cancel(run.job_id)
    assert bench.status(run.job_id) == "completed"


def test_queued_job_is_cancelled_at_once_and_never_runs(bench: Bench) -> None:
    job_id = bench.enqueue("plain")

    bench.cancel(job_id)
    bench.run(job_id)

    assert bench.row(job_id) == ("cancelled", "The job was canceled.")
    assert bench.stored(job_id) == 0
    with pytest.raises(Conflict):
        bench.cancel(job_id)
