"""Every fault of BigQuery and of Google's sign-in, through a real job.

Whatever happens: the job says what and what to do, the old rows stay as they were, and no
query is paid for twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import psycopg
import pytest

from app.config import Config
from app.ingest import attempts, sources
from app.ingest.bigquery.source import BigQuerySettings
from tests.conftest import Cast
from tests.ingest import file_world
from tests.ingest.bigquery_faults import RETYPED, SCENES, WIDER, Scene
from tests.ingest.bigquery_server import SCHEMA, Fault
from tests.ingest.file_world import World
from tests.sql.comparing import derived_rows

TYPES = 7
Stored = tuple[object, object, object]


@pytest.fixture(scope="module")
def loaded(
    config: Config,
    cast: Cast,
    superuser: psycopg.Connection[tuple[object, ...]],
    private_key: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world") / "files"
    with file_world.running(config, cast.acme, superuser, private_key, folder) as made:
        made.restore()
        first = made.load()
        assert (first.status, first.warnings) == ("completed", ())
        yield made


@pytest.fixture
def world(loaded: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Obliging servers, one new event in the export, and short waits."""
    quick = partial(BigQuerySettings, call_timeout_s=0.4, first_pause_s=0.01)
    monkeypatch.setattr(sources, "BigQuerySettings", quick)
    monkeypatch.setattr(attempts, "_LONGEST_PAUSE_S", 0.02)
    loaded.restore()
    loaded.add_event()
    return loaded


def stored(world: World) -> Stored:
    """Events and everything derived from them, and customers, row for row."""
    return (
        world.rows("page_view", "event_ts"),
        derived_rows(world.superuser, world.tenant_id),
        world.customers(),
    )


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_a_fault_is_named_keeps_the_old_rows_and_is_tried_again_only_if_it_may_pass(
    world: World, scene: Scene
) -> None:
    before = stored(world)
    scene.arrange(world.bigquery)

    job_id = world.queue("events")
    job = world.run(job_id)

    assert re.search(scene.words, str(job.message), re.DOTALL), job.message
    if scene.is_passing:
        assert (job.status, world.attempts(job_id)) == ("queued", (1, True))
        assert str(job.message).endswith("Trying again, attempt 2 of 5.")
    else:
        assert (job.status, world.attempts(job_id)[0]) == ("failed", 1)
    assert stored(world) == before
    assert max(world.bigquery.paid.values(), default=0) <= 1


def test_customer_files_are_loaded_although_bigquery_fails(world: World) -> None:
    world.put("locations.csv", file_world.BRANCHES + b"D9,Branch 9\n")
    before = world.rows("page_view", "event_ts")
    world.bigquery.fail("token", *[Fault(400, "invalid_grant", "Invalid JWT Signature.")] * 9)

    job = world.load()

    assert job.status == "completed_with_warnings"
    (warning,) = job.warnings
    assert "Google does not accept the key" in warning
    assert warning.endswith("The old rows stay.")
    assert len(world.customers()[1]) == 5
    assert world.rows("page_view", "event_ts") == before


def test_a_passing_fault_that_passes_ends_well_and_every_query_was_paid_once(world: World) -> None:
    world.bigquery.fail("queries.get", *[Fault(503, "backendError")] * 60)
    job_id = world.queue("events")
    assert world.run(job_id).status == "queued"

    world.bigquery.faults.clear()
    world.make_due(job_id)
    job = world.run(job_id)

    assert (job.status, job.warnings) == ("completed", ())
    assert world.events() == len(world.bigquery.tables["events_20250401"].rows)
    assert sorted(world.bigquery.paid.values()) == [1] * TYPES


@pytest.mark.parametrize("manner", ["lost", "hang after", "cut", "html"])
def test_a_query_whose_answer_was_lost_is_found_again_and_not_paid_twice(
    world: World, manner: str
) -> None:
    world.bigquery.fail("jobs.insert", *[Fault(manner=manner)] * TYPES)

    job = world.load("events")

    assert (job.status, job.warnings) == ("completed", ())
    assert world.events() == len(world.bigquery.tables["events_20250401"].rows)
    assert world.bigquery.count("jobs.insert") > TYPES
    assert sorted(world.bigquery.paid.values()) == [1] * TYPES


def test_a_passing_fault_near_the_deadline_fails_instead_of_waiting_past_it(world: World) -> None:
    before = stored(world)
    world.bigquery.fail("jobs.insert", *[Fault(503, "backendError")] * 400)
    job_id = world.queue("events")
    world.end_within(job_id, 15, tries=3)

    job = world.run(job_id)

    assert job.status == "failed"
    assert "fault of its own" in str(job.message)
    assert stored(world) == before


@pytest.mark.parametrize("call", ["token", "tables.list", "jobs.insert", "queries.get"])
def test_a_hanging_call_ends_with_the_deadline_of_the_job(
    world: World, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = partial(BigQuerySettings, call_timeout_s=60, first_pause_s=0.01)
    monkeypatch.setattr(sources, "BigQuerySettings", patient)
    before = stored(world)
    world.bigquery.fail(call, *[Fault(manner="hang")] * 400)
    job_id = world.queue("events")
    world.end_within(job_id, 1.5)

    job = world.run(job_id)

    assert job.status == "failed"
    assert str(job.message).startswith("Timeout")
    assert stored(world) == before


def test_a_type_that_fails_keeps_its_rows_while_the_others_are_replaced(world: World) -> None:
    world.bigquery.fail("jobs.insert", Fault(403, "accessDenied", "lacks bigquery.jobs.create"))

    job = world.load("events")

    assert job.status == "completed_with_warnings"
    (warning,) = job.warnings
    assert re.match(r"\w+: reader@.* lacks the permission bigquery\.jobs\.create", warning)
    assert warning.endswith("The old rows stay.")
    assert [s.status for s in job.steps if s.name.startswith("extract:")].count("failed") == 1


def test_a_day_whose_table_went_away_is_named_and_keeps_its_rows(world: World) -> None:
    before = stored(world)
    world.bigquery.fail("tables.get", Fault(404, "notFound", "Not found: Table p:d.events"))

    job = world.load("events")

    assert job.status == "completed_with_warnings"
    assert "no export for 1 of 1 days: 2025-04-01" in " ".join(job.warnings)
    assert stored(world) == before


@pytest.mark.parametrize("column", ["event_date", "event_timestamp", "event_name", "event_params"])
def test_a_table_without_a_needed_column_is_named_and_nothing_is_asked(
    world: World, column: str
) -> None:
    before = stored(world)
    table = world.bigquery.tables["events_20250401"]
    table.schema = [made for made in SCHEMA if made["name"] != column]

    job_id = world.queue("events")
    job = world.run(job_id)

    assert (job.status, world.attempts(job_id)[0]) == ("failed", 1)
    assert re.search(
        f"events_20250401 is not a GA4 export: it has no column {column}. Point the settings",
        str(job.message),
    )
    assert world.bigquery.paid == {}
    assert stored(world) == before


@pytest.mark.parametrize("schema", [RETYPED, WIDER], ids=["retyped", "new"])
def test_new_and_retyped_columns_are_no_fault(
    world: World, schema: list[dict[str, object]]
) -> None:
    world.bigquery.tables["events_20250401"].schema = schema

    job = world.load("events")

    assert (job.status, job.warnings) == ("completed", ())
    assert world.events() == len(world.bigquery.tables["events_20250401"].rows)
