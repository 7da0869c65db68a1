"""Estimates through real jobs: what they answer, and what each fault of BigQuery makes of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from uuid import UUID

import psycopg
import pytest

from app.config import Config
from app.database.engine import tenant_transaction
from app.ingest import attempts, sources
from app.ingest.bigquery.source import BigQuerySettings
from app.ingest.jobs import IngestRequest, start_estimate
from tests.conftest import Cast
from tests.ingest import file_world
from tests.ingest.bigquery_faults import SCENES, Scene
from tests.ingest.file_world import World
from tests.ingest.reading import DAY

READING = ("queries.get",)
CHOSEN = [s for s in SCENES if s.call not in READING and not s.fault.job_reason]
ALIKE = ("500", "429", "403 quota", "drip", "cut", "lost")  # the same path as 503 and hang
SOME = [s for s in CHOSEN if not s.name.startswith(ALIKE)]


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
def world(made: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """An obliging BigQuery, and short waits."""
    quick = partial(BigQuerySettings, call_timeout_s=0.4, first_pause_s=0.01)
    monkeypatch.setattr(sources, "BigQuerySettings", quick)
    monkeypatch.setattr(attempts, "_LONGEST_PAUSE_S", 0.02)
    made.restore()
    return made


def queue(world: World) -> UUID:
    with tenant_transaction(world.tenant_id) as conn:
        return start_estimate(conn, world.tenant_id, IngestRequest(DAY, DAY), "schedule")


def test_an_estimate_is_the_bytes_of_seven_dry_runs_and_pays_nothing(world: World) -> None:
    job = world.run(queue(world))

    assert (job.status, job.bytes_estimate) == ("completed", 7 * 7)
    assert job.message == "1 of 1 days are exported."
    assert world.bigquery.paid == {}


@pytest.mark.parametrize("scene", SOME, ids=lambda scene: scene.name)
def test_a_fault_is_named_and_tried_again_only_if_it_may_pass(world: World, scene: Scene) -> None:
    scene.arrange(world.bigquery)

    job_id = queue(world)
    job = world.run(job_id)

    assert re.search(scene.words, str(job.message), re.DOTALL), job.message
    assert job.bytes_estimate is None
    if scene.is_passing:
        assert (job.status, world.attempts(job_id)) == ("queued", (1, True))
    else:
        assert (job.status, world.attempts(job_id)[0]) == ("failed", 1)
