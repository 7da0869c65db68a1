"""Fetching files by SFTP over real sockets: whole, from the right host, or not at all."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import asyncssh
import pytest

from app.errors import Invalid, Upstream
from app.ingest.attempts import Cancelled, Limits
from app.ingest.files import sftp, sftp_connection
from app.ingest.files.sftp import SftpSettings
from app.net import NetPolicy
from tests.ingest.sftp_server import PASSWORD, FakeSftp, mute, running

POLICY = NetPolicy((ip_network("127.0.0.0/8"),), ports=None, timeout_s=2)
CONTENT = os.urandom(400_000)
LIMIT = 10_000_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeSftp]:
    directory = tmp_path / "remote"
    directory.mkdir()
    (directory / "users.csv").write_bytes(CONTENT)
    os.utime(directory / "users.csv", (1_700_000_000, 1_700_000_000))
    with running(directory) as fake:
        yield fake


@pytest.fixture(autouse=True)
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same work in small: timeouts a tenth as long, a dozen requests for the file."""
    monkeypatch.setattr(sftp, "_CHUNK_BYTES", 32_768)
    monkeypatch.setattr(sftp, "_ATTEMPTS", 2)
    monkeypatch.setattr(sftp_connection, "_BANNER_TIMEOUT_S", 1.0)
    monkeypatch.setattr(sftp_connection, "_HANDSHAKE_TIMEOUT_S", 1.5)
    monkeypatch.setattr(sftp_connection, "_CHANNEL_TIMEOUT_S", 0.3)


def settings_of(server: FakeSftp) -> SftpSettings:
    return SftpSettings(
        "127.0.0.1", "acme", server.host_key, server.port, password=PASSWORD, first_pause_s=0.01
    )


def fetch(
    settings: SftpSettings,
    destination: Path,
    path: str = "/users.csv",
    max_bytes: int = LIMIT,
    limits: Limits | None = None,
) -> int:
    within = limits or Limits(time.monotonic() + 30, lambda: False)
    return sftp.fetch(
        settings,
        path,
        destination,
        policy=POLICY,
        limits=within,
        max_bytes=max_bytes,
        progress=lambda done, total: None,
    )


def test_the_file_arrives_whole_with_its_time(server: FakeSftp, tmp_path: Path) -> None:
    destination = tmp_path / "users.csv"

    assert fetch(settings_of(server), destination) == len(CONTENT)
    assert destination.read_bytes() == CONTENT
    assert destination.stat().st_mtime == 1_700_000_000


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_every_kind_of_host_key_and_private_key_works(kind: str, tmp_path: Path) -> None:
    directory = tmp_path / "remote"
    directory.mkdir()
    (directory / "users.csv").write_bytes(b"id\n1\n")
    key = asyncssh.generate_private_key(kind)
    with running(directory, kind) as server:
        server.accepted_keys.append(key.export_public_key().decode())
        private = key.export_private_key().decode()
        settings = replace(settings_of(server), password=None, private_key=private)

        assert fetch(settings, tmp_path / "users.csv") == 5


def test_a_changed_host_key_names_both_fingerprints_and_sends_no_password(
    server: FakeSftp, tmp_path: Path
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519")
    pinned = other.export_public_key().decode()

    with pytest.raises(Upstream, match="another host key") as caught:
        fetch(replace(settings_of(server), host_key=pinned), tmp_path / "users.csv")

    shown = asyncssh.import_public_key(server.host_key).get_fingerprint()
    assert caught.value.permanent
    assert shown in caught.value.message
    assert other.get_fingerprint() in caught.value.message
    assert server.sign_ins == 0


def test_another_kind_of_host_key_is_a_changed_one(server: FakeSftp, tmp_path: Path) -> None:
    rsa = asyncssh.generate_private_key("ssh-rsa").export_public_key().decode()

    with pytest.raises(Upstream, match="no key of the kind ssh-rsa") as caught:
        fetch(replace(settings_of(server), host_key=rsa), tmp_path / "users.csv")

    assert caught.value.permanent


@pytest.mark.parametrize("line", ["", "ssh-ed25519", "ssh-ed25519 AAAAnonsense", "nonsense"])
def test_without_a_pinned_key_nobody_is_called(server: FakeSftp, tmp_path: Path, line: str) -> None:
    with pytest.raises(Invalid, match="host key is missing or cannot be read"):
        fetch(replace(settings_of(server), host_key=line), tmp_path / "users.csv")

    assert server.sign_ins == 0


def test_the_host_key_can_be_looked_at_before_it_is_accepted(server: FakeSftp) -> None:
    key = sftp.host_key("127.0.0.1", server.port, POLICY)

    assert key.line.split() == server.host_key.split()[:2]
    assert key.fingerprint == asyncssh.import_public_key(server.host_key).get_fingerprint()
    assert server.sign_ins == 0


def test_a_wrong_password_is_permanent_and_tried_once(server: FakeSftp, tmp_path: Path) -> None:
    with pytest.raises(Upstream, match="Check the user name and the password") as caught:
        fetch(replace(settings_of(server), password="wrong"), tmp_path / "users.csv")

    assert caught.value.permanent
    assert server.sign_ins == 1


def test_a_missing_file_is_permanent(server: FakeSftp, tmp_path: Path) -> None:
    with pytest.raises(Upstream, match="does not exist") as caught:
        fetch(settings_of(server), tmp_path / "users.csv", path="/nowhere.csv")

    assert caught.value.permanent


def test_a_directory_is_no_file(server: FakeSftp, tmp_path: Path) -> None:
    with pytest.raises(Upstream, match="is not a file"):
        fetch(settings_of(server), tmp_path / "users.csv", path="/")


def test_a_file_over_the_limit_is_not_read(server: FakeSftp, tmp_path: Path) -> None:
    with pytest.raises(Upstream, match="at most 1,000 are read"):
        fetch(settings_of(server), tmp_path / "users.csv", max_bytes=1_000)


@pytest.mark.parametrize("tenth", range(10))
@pytest.mark.parametrize("manner", ["drop", "stall", "end"])
def test_a_break_anywhere_leaves_no_file(
    server: FakeSftp, tmp_path: Path, manner: str, tenth: int
) -> None:
    server.on_read = lambda offset: manner if offset >= len(CONTENT) * tenth // 10 else ""
    settings = settings_of(server)

    with pytest.raises(Upstream) as caught:
        fetch(settings, tmp_path / "users.csv", limits=Limits(time.monotonic() + 3, lambda: False))

    assert not caught.value.permanent
    assert [path.name for path in tmp_path.iterdir()] == ["remote"]


def test_a_break_that_passes_is_tried_again(server: FakeSftp, tmp_path: Path) -> None:
    server.on_read = lambda offset: "drop" if server.sign_ins == 1 else ""

    assert fetch(settings_of(server), tmp_path / "users.csv") == len(CONTENT)
    assert server.sign_ins == 2


def test_a_file_that_grows_while_it_is_read_is_refused(server: FakeSftp, tmp_path: Path) -> None:
    remote = server.directory / "users.csv"

    def grow(offset: int) -> str:
        with remote.open("ab") as file:
            file.write(b"more\n")
        return ""

    server.on_read = grow

    with pytest.raises(Upstream, match="changed on the SFTP server while it was read"):
        fetch(settings_of(server), tmp_path / "users.csv")

    assert not (tmp_path / "users.csv").exists()


def test_a_server_that_never_greets_ends_in_time(tmp_path: Path, server: FakeSftp) -> None:
    with mute() as port, pytest.raises(Upstream, match="did not greet as an SFTP server"):
        fetch(replace(settings_of(server), port=port), tmp_path / "users.csv")


def test_cancelling_stops_between_parts(server: FakeSftp, tmp_path: Path) -> None:
    limits = Limits(time.monotonic() + 30, lambda: server.sign_ins > 0)

    with pytest.raises(Cancelled):
        fetch(settings_of(server), tmp_path / "users.csv", limits=limits)

    assert [path.name for path in tmp_path.iterdir()] == ["remote"]
