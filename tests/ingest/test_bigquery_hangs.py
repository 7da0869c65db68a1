"""Real workers whose BigQuery hangs: cancelled, out of time, stopped and killed meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import psycopg
import pytest
import redis

from app.config import Config
from app.database.engine import tenant_transaction
from app.jobs import cancel, publish
from tests.conftest import Cast
from tests.ingest import file_world, storage_server
from tests.ingest.bigquery_server import Fault
from tests.ingest.file_world import World
from tests.ingest.storage_server import FakeStorage, StorageFault
from tests.jobs.bench import wait_until
from tests.jobs.workers import Workers, environment, kill

TYPES = 7
CALLS = [
    "token",
    "tables.list",
    "tables.get",
    "jobs.insert",
    "queries.get",
    "CreateReadSession",
    "ReadRows",
]
SHORT = {"job_lease_s": 2.0, "job_heartbeat_s": 0.3, "job_sweep_s": 0.4}


@pytest.fixture(scope="module")
def made(
    config: Config,
    cast: Cast,
    superuser: psycopg.Connection[tuple[object, ...]],
    private_key: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world") / "files"
    short = config.model_copy(update=SHORT)
    with file_world.running(short, cast.acme, superuser, private_key, folder) as world:
        world.restore()
        assert world.load().status == "completed"
        with redis.Redis.from_url(short.redis_url) as client:
            client.flushall()
        yield world


@pytest.fixture(scope="module")
def storage(made: World) -> Iterator[FakeStorage]:
    with storage_server.running(made.bigquery) as fake:
        yield fake


@pytest.fixture
def world(made: World, storage: FakeStorage) -> Iterator[World]:
    """Obliging servers, and one new event in the export; hanging calls end with the test."""
    made.restore()
    storage.restore()
    made.add_event()
    yield made
    made.bigquery.let_go()


Start = Callable[[], Workers]


@pytest.fixture(scope="module")
def start(
    made: World, storage: FakeStorage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Start]:
    """Starts `worker.py` as a deployment does, or answers the one that runs."""
    config = made.config.model_copy(update={"bigquery_storage_endpoint": storage.endpoint})
    started: list[Workers] = []

    def start() -> Workers:
        if not started or not started[-1].is_running():
            folder = tmp_path_factory.mktemp("worker")
            options = ("--scheduler",)
            started.append(Workers(folder, environment(config), options, module="worker"))
        return started[-1]

    yield start
    for workers in started:
        workers.stop()


@pytest.fixture
def workers(start: Start) -> Workers:
    """A worker and a scheduler."""
    return start()


def begin(world: World) -> UUID:
    """A published job for the day's events."""
    job_id = world.queue("events")
    assert publish(job_id)
    return job_id


def stop_job(world: World, job_id: UUID) -> None:
    """As the page does."""
    with tenant_transaction(world.tenant_id) as conn:
        cancel(conn, world.tenant_id, job_id)


def wait_status(world: World, job_id: UUID, status: str) -> None:
    wait_until(lambda: world.job(job_id).status == status, lambda: str(world.job(job_id)))


def wait_called(world: World, call: str, times: int = 1) -> None:
    wait_until(lambda: world.bigquery.count(call) >= times, lambda: str(world.bigquery.calls))


def assert_loads_again(world: World) -> None:
    """The worker lives, and the tenant's next job finds nothing in its way."""
    world.bigquery.faults.clear()
    job_id = begin(world)
    wait_status(world, job_id, "completed")
    assert world.events() == len(world.bigquery.tables["events_20250401"].rows)


def hang(world: World, storage: FakeStorage, call: str) -> None:
    """From now on that call hangs."""
    world.bigquery.fail(call, *[Fault(manner="hang")] * 99)
    storage.fail(call, *[StorageFault(manner="hang")] * 99)


def wait_hanging(world: World, storage: FakeStorage, call: str) -> None:
    wait_until(
        lambda: world.bigquery.count(call) + storage.count(call) > 0,
        lambda: f"{call}: {world.bigquery.calls} {storage.calls}",
    )


@pytest.mark.parametrize("call", CALLS)
def test_a_hanging_call_does_not_keep_a_job_from_being_cancelled(
    world: World, storage: FakeStorage, workers: Workers, call: str
) -> None:
    before = world.rows("page_view", "event_ts")
    hang(world, storage, call)
    job_id = begin(world)
    wait_hanging(world, storage, call)

    stop_job(world, job_id)

    wait_status(world, job_id, "cancelled")
    assert world.job(job_id).message == "The job was canceled."
    assert world.rows("page_view", "event_ts") == before
    storage.restore()
    assert_loads_again(world)


@pytest.mark.parametrize("call", ["jobs.insert", "ReadRows"])
def test_a_hanging_call_does_not_outlast_the_deadline_of_the_job(
    world: World, storage: FakeStorage, workers: Workers, call: str
) -> None:
    before = world.rows("page_view", "event_ts")
    hang(world, storage, call)
    job_id = world.queue("events")
    world.end_within(job_id, 8)
    assert publish(job_id)

    wait_hanging(world, storage, call)

    wait_status(world, job_id, "failed")
    assert str(world.job(job_id).message).startswith("Timeout")
    assert world.attempts(job_id)[0] == 1
    assert world.rows("page_view", "event_ts") == before


def test_cancelling_a_job_stops_its_six_queries(world: World, workers: Workers) -> None:
    world.bigquery.polls_until_done = 10_000
    job_id = begin(world)
    wait_called(world, "jobs.get", TYPES)

    stop_job(world, job_id)

    wait_status(world, job_id, "cancelled")
    assert sorted(world.bigquery.cancelled) == sorted(world.bigquery.jobs)


def test_a_worker_that_is_stopped_leaves_the_queries_to_the_next_which_pays_nothing(
    world: World, start: Start
) -> None:
    world.bigquery.polls_until_done = 10_000
    first = start()
    job_id = begin(world)
    wait_called(world, "jobs.get", TYPES)

    first.ask_to_stop()
    first.wait_ended()
    assert (world.job(job_id).status, world.attempts(job_id)[0]) == ("queued", 0)
    assert world.bigquery.cancelled == []

    world.bigquery.finish_queries()
    start()
    wait_status(world, job_id, "completed")
    assert sorted(world.bigquery.paid.values()) == [1] * TYPES


def test_a_worker_that_is_killed_leaves_the_queries_to_the_next_which_pays_nothing(
    world: World, workers: Workers
) -> None:
    world.bigquery.polls_until_done = 10_000
    job_id = begin(world)
    wait_called(world, "jobs.get", TYPES)

    kill(*workers.job_processes())

    world.bigquery.finish_queries()
    wait_status(world, job_id, "completed")
    assert world.attempts(job_id)[0] == 2
    assert sorted(world.bigquery.paid.values()) == [1] * TYPES
