"""Every fault of the SFTP server and of the customer files, through a real job.

Whatever happens to a file: the job says what and what to do, the old customers and branches
stay row for row, and the events of the same job are loaded.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import asyncssh
import psycopg
import pytest

from app.config import Config
from app.ingest import attempts, sftp, sftp_connection
from dev.process import free_port
from tests.conftest import Cast
from tests.ingest import bad_files, file_world
from tests.ingest.file_world import World
from tests.ingest.sftp_server import mute

SIZE = len(bad_files.workbook())


@dataclass(frozen=True)
class Fault:
    """What goes wrong, what the job then says, and whether waiting may cure it."""

    name: str
    arrange: Callable[[World, ExitStack], object]
    words: str
    is_passing: bool = False


def _content(make: Callable[[], bytes], name: str = "users.xlsx") -> Callable[[World, ExitStack], object]:
    def arrange(world: World, _: ExitStack) -> None:
        world.put(name, make())
        world.configure(users_path=f"/{name}")

    return arrange


def _break(manner: str) -> Callable[[World, ExitStack], object]:
    def arrange(world: World, _: ExitStack) -> None:
        world.sftp.on_read = lambda offset: manner if offset >= SIZE // 2 else ""

    return arrange


def _grow(world: World, _: ExitStack) -> None:
    def grow(offset: int) -> str:
        with (world.sftp.directory / "users.xlsx").open("ab") as file:
            file.write(b"more")
        return ""

    world.sftp.on_read = grow


def _replace(world: World, _: ExitStack) -> None:
    """Another file takes the name each time, as an export does that writes too often."""
    times = iter(range(1_000))

    def replace(offset: int) -> str:
        world.put("new", bad_files.workbook(20))
        os.utime(world.sftp.directory / "new", (1_600_000_000 + next(times),) * 2)
        (world.sftp.directory / "new").replace(world.sftp.directory / "users.xlsx")
        return ""

    world.sftp.on_read = replace


def _mute(world: World, stack: ExitStack) -> None:
    world.configure(port=stack.enter_context(mute()))


def _close_at_sign_in(world: World, _: ExitStack) -> None:
    world.sftp.closes_at_sign_in = True


def _other_key(world: World, _: ExitStack) -> None:
    key = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    world.configure(host_key=key)


def _csv(content: bytes) -> Callable[[World, ExitStack], object]:
    return _content(lambda: content, "users.csv")


def _directory(world: World, _: ExitStack) -> None:
    (world.sftp.directory / "folder").mkdir()
    world.configure(users_path="/folder")


FAULTS = [
    Fault("wrong password", lambda w, _: w.configure(password="wrong"),
          "Sign-in at .* was refused. Check the user name and the password"),
    Fault("changed host key", _other_key, "another host key .* accept the new key"),
    Fault("hang at the banner", _mute, "did not greet as an SFTP server", is_passing=True),
    Fault("refused connection", lambda w, _: w.configure(port=free_port()),
          "refused on port .* firewall", is_passing=True),
    Fault("closed at sign-in", _close_at_sign_in,
          "closed the connection during the sign-in", is_passing=True),
    Fault("stall", _break("stall"), "broke off or stood still", is_passing=True),
    Fault("drop", _break("drop"), "broke off", is_passing=True),
    Fault("early end", _break("end"), "broke off after .* rename it", is_passing=True),
    Fault("grows", _grow, "changed on the SFTP server while it was read", is_passing=True),
    Fault("is replaced", _replace, "changed on the SFTP server while", is_passing=True),
    Fault("missing file", lambda w, _: w.configure(users_path="/gone.csv"),
          r"/gone\.csv does not exist .* Check the path"),
    Fault("directory", _directory, "/folder on the SFTP server is not a file. Correct the path"),
    Fault("truncated workbook", _content(bad_files.truncated), "users.xlsx: .* damaged"),
    Fault("zip bomb", _content(bad_files.zip_bomb), "users.xlsx: .* packed denser"),
    Fault("nested zip", _content(bad_files.nested_zip), "users.xlsx: The workbook is"),
    Fault("zip in a zip", _content(bad_files.zip_in_a_zip), "users.xlsx: .* damaged"),
    Fault("overlapping zip", _content(bad_files.overlapping_zip), "its parts overlap"),
    Fault("lying directory", _content(bad_files.lying_directory), "users.xlsx: .* damaged"),
    Fault("strange zip version", _content(bad_files.strange_version), "damaged"),
    Fault("billion laughs", _content(bad_files.billion_laughs), "declares XML entities"),
    Fault("external entity", _content(bad_files.external_entity), "declares XML entities"),
    Fault("macros", _content(bad_files.macros), "holds macros. Save it as .xlsx without"),
    Fault("runaway cell", _content(bad_files.runaway_cell), "Delete stray cells"),
    Fault("runaway row", _content(bad_files.runaway_row), "users.xlsx: The workbook|stray cells"),
    Fault("wrong header", _csv(b"Foo,Bar\n1,2\n"), "users.csv: .*lacks the column user_id"),
    Fault("NUL", _csv(b"id,name\n1,a\x00b\n"), "users.csv: .* holds NUL bytes"),
    Fault("broken UTF-16", _csv("id\n1\n".encode("utf-16")[:-1]), "begins as UTF-16"),
    Fault("half the rows", _csv(b"id\nU1\nU2\nU3\nU4\nU5\n"),
          "users.csv has 5 contacts and had 12 the last time: it was held back"),
    Fault("header alone", _csv(b"id,name\n"), "has 0 contacts and had 12 .* held back"),
    Fault("empty file", _csv(b""), "users.csv: The file is empty"),
]  # fmt: skip


@pytest.fixture(scope="module")
def world(
    config: Config, cast: Cast, superuser: psycopg.Connection[tuple[object, ...]],
    private_key: str, tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:  # fmt: skip
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

    job = world.load()

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


def test_a_passing_fault_near_the_deadline_fails_instead_of_waiting_past_it(
    world: World,
) -> None:
    world.restore()
    world.sftp.closes_at_sign_in = True
    job_id = world.queue("users")
    world.superuser.execute(
        "update processing_jobs set deadline_at = now() + interval '1.5 s' where job_id = %s",
        (job_id,),
    )

    job = world.run(job_id)

    assert job.status == "failed"
    assert "during the sign-in" in str(job.message)


def test_a_passing_fault_that_passes_ends_well(world: World) -> None:
    world.restore()
    world.sftp.closes_at_sign_in = True
    job_id = world.queue("users")
    assert world.run(job_id).status == "queued"

    world.sftp.closes_at_sign_in = False
    world.superuser.execute(
        "update processing_jobs set available_at = now() where job_id = %s", (job_id,)
    )
    job = world.run(job_id)

    assert (job.status, job.message, job.warnings) == ("completed", "Loaded 12 contacts.", ())
