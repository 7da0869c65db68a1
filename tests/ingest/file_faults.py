"""The faults of an SFTP server and its files: how each comes about, what a job then says."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import asyncssh

from dev.process import free_port
from tests.ingest import bad_files
from tests.ingest.file_world import World
from tests.ingest.sftp_server import mute

SIZE = len(bad_files.workbook())
Arrange = Callable[[World, ExitStack], object]


@dataclass(frozen=True)
class Fault:
    """What goes wrong, what the job then says, and whether waiting may cure it."""

    name: str
    arrange: Arrange
    words: str
    is_passing: bool = False


def _content(make: Callable[[], bytes], name: str = "users.xlsx") -> Arrange:
    def arrange(world: World, _: ExitStack) -> None:
        world.put(name, make())
        world.configure(users_path=f"/{name}")

    return arrange


def _break(manner: str) -> Arrange:
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


def _csv(content: bytes) -> Arrange:
    return _content(lambda: content, "users.csv")


def _directory(world: World, _: ExitStack) -> None:
    (world.sftp.directory / "folder").mkdir()
    world.configure(users_path="/folder")


FAULTS = [
    Fault(
        "wrong password",
        lambda w, _: w.configure(password="wrong"),
        "Sign-in at .* was refused. Check the user name and the password",
    ),
    Fault(
        "keys alone",
        lambda w, _: setattr(w.sftp, "methods", ("publickey",)),
        "does not take a password from this user. It offers: publickey",
    ),
    Fault("changed host key", _other_key, "another host key .* accept the new key"),
    Fault("hang at the banner", _mute, "did not greet as an SFTP server", is_passing=True),
    Fault(
        "refused connection",
        lambda w, _: w.configure(port=free_port()),
        "refused on port .* firewall",
        is_passing=True,
    ),
    Fault(
        "closed at sign-in",
        _close_at_sign_in,
        "closed the connection during the sign-in",
        is_passing=True,
    ),
    Fault("stall", _break("stall"), "broke off or stood still", is_passing=True),
    Fault("drop", _break("drop"), "broke off", is_passing=True),
    Fault("early end", _break("end"), "broke off after .* rename it", is_passing=True),
    Fault("grows", _grow, "changed on the SFTP server while it was read", is_passing=True),
    Fault("is replaced", _replace, "changed on the SFTP server while", is_passing=True),
    Fault(
        "missing file",
        lambda w, _: w.configure(users_path="/gone.csv"),
        r"/gone\.csv does not exist .* Check the path",
    ),
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
    Fault(
        "half the rows",
        _csv(b"id\nU1\nU2\nU3\nU4\nU5\n"),
        "users.csv has 5 contacts and had 12 the last time: it was held back",
    ),
    Fault("header alone", _csv(b"id,name\n"), "has 0 contacts and had 12 .* held back"),
    Fault("empty file", _csv(b""), "users.csv: The file is empty"),
]
