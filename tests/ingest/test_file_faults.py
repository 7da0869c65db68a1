"""Every fault of the SFTP server and of the customer files, through a real job.

Whatever happens to a file: the job says what and what to do, the old customers and branches
stay row for row, and the events of the same job are loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest

from app.config import Config
from app.ingest import attempts
from app.ingest.files import sftp, sftp_connection
from tests.conftest import Cast
from tests.ingest import file_world
from tests.ingest.file_faults import FAULTS, Fault
from tests.ingest.file_world import World


@pytest.fixture(scope="module")
def world(
    config: Config,
    cast: Cast,
    superuser: psycopg.Connection[tuple[object, ...]],
    private_key: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world") / "files"
    with file_world.running(config, cast.acme, superuser, private_key, folder) as made:
        made.restore()
        loaded = made.load()
        assert (loaded.status, loaded.warnings) == ("completed", ())
        yield made


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same in small: timeouts and pauses a tenth as long, a dozen requests for a file."""
    monkeypatch.setattr(sftp, "_CHUNK_BYTES", 1_024)
    monkeypatch.setattr(attempts, "_LONGEST_PAUSE_S", 0.05)
    for name, seconds in (("BANNER", 0.5), ("HANDSHAKE", 2.0), ("CHANNEL", 0.3)):
        monkeypatch.setattr(sftp_connection, f"_{name}_TIMEOUT_S", seconds)


@pytest.fixture(params=FAULTS, ids=lambda fault: fault.name)
def fault(request: pytest.FixtureRequest, world: World) -> Iterator[Fault]:
    found: Fault = request.param
    with ExitStack() as stack:
        world.restore()
        found.arrange(world, stack)
        yield found


def test_the_job_names_cause_and_fix_keeps_old_customers_and_loads_the_events(
    world: World, fault: Fault
) -> None:
    before, events = world.customers(), world.add_event()
    assert len(before[0]), len(before[1]) == (12, 4)

    job = world.load_at_last_try() if fault.is_passing else world.load()

    assert job.status == "completed_with_warnings", job
    assert [w for w in job.warnings if re.search(fault.words, w, re.DOTALL)], job.warnings
    assert all(w.endswith("The old rows stay.") for w in job.warnings)
    assert world.customers() == before
    assert world.events() == events
    assert {s.name: s.status for s in job.steps}["sftp:users"] == "failed"


def test_a_permanent_fault_is_not_tried_again_and_a_passing_one_backs_off(
    world: World, fault: Fault
) -> None:
    before, sign_ins = world.customers(), world.sftp.sign_ins

    job_id = world.queue("users")
    job = world.run(job_id)

    assert re.search(fault.words, str(job.message), re.DOTALL), job.message
    if fault.is_passing:
        assert (job.status, world.attempts(job_id)) == ("queued", (1, True))
        assert str(job.message).endswith("Trying again, attempt 2 of 5.")
    else:
        assert (job.status, world.attempts(job_id)[0]) == ("failed", 1)
        assert world.sftp.sign_ins - sign_ins <= 1
    assert world.customers() == before


def test_a_passing_fault_of_a_file_has_the_whole_load_tried_again_at_no_cost(
    world: World,
) -> None:
    world.restore()
    before, stored = world.customers(), world.events()
    world.sftp.closes_at_sign_in = True
    events = world.add_event()
    job_id = world.queue()
    job = world.run(job_id)
    assert (job.status, world.attempts(job_id)) == ("queued", (1, True))
    assert (world.customers(), world.events()) == (before, stored)

    world.sftp.closes_at_sign_in = False
    world.make_due(job_id)
    job = world.run(job_id)

    assert (job.status, job.warnings, world.events()) == ("completed", (), events)
    assert set(world.bigquery.paid.values()) == {1}


def test_a_passing_fault_near_the_deadline_fails_instead_of_waiting_past_it(
    world: World,
) -> None:
    world.restore()
    world.sftp.closes_at_sign_in = True
    job_id = world.queue("users")
    world.end_within(job_id, 1.5)

    job = world.run(job_id)

    assert job.status == "failed"
    assert "during the sign-in" in str(job.message)


def test_a_passing_fault_that_passes_ends_well(world: World) -> None:
    world.restore()
    world.sftp.closes_at_sign_in = True
    job_id = world.queue("users")
    assert world.run(job_id).status == "queued"

    world.sftp.closes_at_sign_in = False
    world.make_due(job_id)
    job = world.run(job_id)

    assert (job.status, job.message, job.warnings) == ("completed", "Loaded 12 contacts.", ())
