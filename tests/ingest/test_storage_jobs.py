"""Faults of the Storage Read API, through real jobs: none costs a row or a second query."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import grpc  # type: ignore[import-untyped] # ships no types
import psycopg
import pytest

from app import jobs
from app.config import Config
from app.ingest import attempts, sources
from app.ingest.bigquery.source import BigQuerySettings
from tests.conftest import Cast
from tests.ingest import file_world, storage_server
from tests.ingest.bigquery_server import Fault
from tests.ingest.file_world import World
from tests.ingest.storage_server import FakeStorage, StorageFault
from tests.sql.comparing import derived_rows

FAULTS = [
    StorageFault(grpc.StatusCode.PERMISSION_DENIED),
    StorageFault(grpc.StatusCode.UNAVAILABLE, after=2),
    StorageFault(grpc.StatusCode.UNAVAILABLE),
    StorageFault(grpc.StatusCode.RESOURCE_EXHAUSTED),
    StorageFault(manner="hang"),
    StorageFault(manner="end", after=2),
    StorageFault(manner="again", after=2),
    StorageFault(manner="garbage"),
]


@pytest.fixture(scope="module")
def made(
    config: Config,
    cast: Cast,
    superuser: psycopg.Connection[tuple[object, ...]],
    private_key: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world") / "files"
    with file_world.running(config, cast.acme, superuser, private_key, folder) as world:
        yield world


@pytest.fixture
def storage(made: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStorage]:
    """The deployment's Storage Read API, with short waits."""
    quick = partial(BigQuerySettings, call_timeout_s=0.4, first_pause_s=0.01)
    monkeypatch.setattr(sources, "BigQuerySettings", quick)
    monkeypatch.setattr(attempts, "_LONGEST_PAUSE_S", 0.02)
    with storage_server.running(made.bigquery) as fake:
        jobs.configure(made.config.model_copy(update={"bigquery_storage_endpoint": fake.endpoint}))
        yield fake


@pytest.fixture
def world(made: World, storage: FakeStorage) -> World:
    """Obliging servers, and one new event in the export."""
    made.restore()
    made.add_event()
    return made


def expected(world: World) -> int:
    return len(world.bigquery.tables["events_20250401"].rows)


def test_events_are_loaded_by_the_storage_read_api(world: World, storage: FakeStorage) -> None:
    job = world.load("events")

    assert (job.status, job.warnings) == ("completed", ())
    assert world.events() == expected(world)
    assert storage.calls[:2] == [("CreateReadSession", 0), ("ReadRows", 0)]
    assert storage.count("CreateReadSession") == 1  # one type has rows


@pytest.mark.parametrize(
    "fault", FAULTS, ids=lambda f: f"{f.manner or f.code.name.lower()} after {f.after}"
)
def test_a_fault_that_stays_costs_neither_a_row_nor_a_second_query(
    world: World, storage: FakeStorage, fault: StorageFault
) -> None:
    storage.fail("ReadRows", *[fault] * 99)

    job = world.load("events")

    assert (job.status, job.warnings) == ("completed", ())
    assert world.events() == expected(world)
    assert sorted(world.bigquery.paid.values()) == [1] * 7
    assert world.bigquery.count("jobs.insert") == 7


def test_a_wrong_row_count_is_never_stored_and_passes(world: World, storage: FakeStorage) -> None:
    assert world.load("events").status == "completed"
    before = derived_rows(world.superuser, world.tenant_id), world.rows("page_view", "event_ts")
    world.add_event()
    world.bigquery.fail("queries.get", *[Fault(total=99)] * 99)

    job_id = world.queue("events")
    job = world.run(job_id)

    assert (job.status, world.attempts(job_id)) == ("queued", (1, True))
    assert re.search(r"announced 99 rows and sent \d+: .* is not used", str(job.message))
    now = derived_rows(world.superuser, world.tenant_id), world.rows("page_view", "event_ts")
    assert now == before

    world.bigquery.faults.clear()
    world.make_due(job_id)
    assert world.run(job_id).status == "completed"
    assert world.events() == expected(world)
