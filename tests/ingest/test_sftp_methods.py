"""Ways to sign in at an SFTP server: what it takes, and what is said when it takes another."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import asyncssh
import pytest

from app.errors import Upstream
from app.ingest.attempts import Limits
from app.ingest.files import sftp
from app.ingest.files.sftp import SftpSettings
from app.net import NetPolicy
from dev.process import free_port
from tests.ingest.sftp_server import PASSWORD, FakeSftp, running

POLICY = NetPolicy((ip_network("127.0.0.0/8"),), ports=None, timeout_s=2)
INTERACTIVE = ("keyboard-interactive",)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FakeSftp]:
    directory = tmp_path / "remote"
    directory.mkdir()
    (directory / "users.csv").write_bytes(b"id\n1\n")
    with running(directory) as fake:
        yield fake


def settings_of(server: FakeSftp) -> SftpSettings:
    return SftpSettings(
        "127.0.0.1", "acme", server.host_key, server.port, password=PASSWORD, first_pause_s=0.01
    )


def fetch(settings: SftpSettings, folder: Path, path: str = "/users.csv") -> int:
    return sftp.fetch(
        settings,
        path,
        folder / "users.csv",
        policy=POLICY,
        max_bytes=1_000,
        limits=Limits(time.monotonic() + 30, lambda: False),
        progress=lambda done, total: None,
    )


def refused(settings: SftpSettings, folder: Path) -> str:
    with pytest.raises(Upstream) as caught:
        fetch(settings, folder)
    assert caught.value.permanent
    return caught.value.message


@pytest.mark.parametrize(
    "methods", [INTERACTIVE, ("publickey", "keyboard-interactive"), ("password",)]
)
def test_the_password_is_given_the_way_the_server_takes_it(
    server: FakeSftp, tmp_path: Path, methods: tuple[str, ...]
) -> None:
    server.methods = methods

    assert fetch(settings_of(server), tmp_path) == 5
    assert server.sign_ins == 1


def test_a_wrong_password_is_called_wrong(server: FakeSftp, tmp_path: Path) -> None:
    server.methods = INTERACTIVE

    message = refused(replace(settings_of(server), password="wrong"), tmp_path)

    assert "was refused. Check the user name and the password" in message


@pytest.mark.parametrize(
    ("question", "shown", "fix"),
    [
        (("Verification code: ", False), "Verification code:", "password or key alone"),
        (("Enter PASSCODE: ", False), "Enter PASSCODE:", "password or key alone"),
        (("Favourite colour? ", True), "Favourite colour?", "password or key alone"),
        (("New password: ", False), "New password:", "The password has expired. Set a new one"),
    ],
)
@pytest.mark.parametrize("rounds", [1, 2])
def test_a_question_for_a_person_is_named_and_never_answered_with_the_password(
    server: FakeSftp, tmp_path: Path, question: tuple[str, bool], shown: str, fix: str, rounds: int
) -> None:
    server.methods = INTERACTIVE
    server.questions = (*server.questions[: rounds - 1], question)

    message = refused(settings_of(server), tmp_path)

    assert f"asks “{shown}”, which only a person can answer" in message
    assert fix in message
    assert server.heard == [PASSWORD] * (rounds - 1) + [""]


@pytest.mark.parametrize(
    ("methods", "has_key", "words"),
    [
        (
            ("publickey",),
            False,
            "does not take a password from this user. It offers: publickey. "
            "Ask its operator to allow a password, or enter a private key in the settings.",
        ),
        (
            ("password",),
            True,
            "does not take a key from this user. It offers: password. "
            "Ask its operator to allow a key, or enter the password in the settings.",
        ),
        (
            INTERACTIVE,
            True,
            "It offers: keyboard-interactive. Ask its operator to allow a key, "
            "or enter the password",
        ),
    ],
)
def test_a_method_that_is_not_taken_is_never_called_a_wrong_password(
    server: FakeSftp, tmp_path: Path, methods: tuple[str, ...], has_key: bool, words: str
) -> None:
    server.methods = methods
    settings = settings_of(server)
    if has_key:
        key = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
        settings = replace(settings, password=None, private_key=key)

    message = refused(settings, tmp_path)

    assert words in message
    assert "refused" not in message
    assert "Check the user name" not in message


@contextmanager
def openssh(folder: Path, *lines: str) -> Iterator[SftpSettings]:
    """A real OpenSSH server for whoever runs the tests, with these lines of configuration."""
    program = "/usr/sbin/sshd"
    if not os.access(program, os.X_OK):
        pytest.skip("OpenSSH's server (openssh-server) is not installed")
    host, own = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    host.write_private_key(folder / "host")
    (folder / "host").chmod(0o600)
    own.write_public_key(folder / "authorized")
    port = free_port()
    (folder / "config").write_text(
        "\n".join(
            (
                f"Port {port}",
                "ListenAddress 127.0.0.1",
                f"HostKey {folder}/host",
                "PidFile none",
                f"AuthorizedKeysFile {folder}/authorized",
                "StrictModes no",
                "PermitRootLogin yes",
                "UsePAM no",
                "Subsystem sftp internal-sftp",
                *lines,
                "",
            )
        )
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with subprocess.Popen(
        [program, "-D", "-e", "-f", str(folder / "config")], stderr=(folder / "log").open("wb")
    ) as process:
        try:
            _wait_for(port)
            yield SftpSettings(
                "127.0.0.1",
                getpass.getuser(),
                host.export_public_key().decode().strip(),
                port,
                private_key=own.export_private_key().decode(),
                first_pause_s=0.01,
            )
        finally:
            process.terminate()


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("sshd did not start")


def test_openssh_takes_the_key(tmp_path: Path) -> None:
    (tmp_path / "remote.csv").write_bytes(b"id\n1\n")
    with openssh(tmp_path) as settings:
        assert fetch(settings, tmp_path, str(tmp_path / "remote.csv")) == 5


def test_openssh_that_takes_keys_alone_says_so_to_a_password(tmp_path: Path) -> None:
    lines = ("PasswordAuthentication no", "KbdInteractiveAuthentication no")
    with openssh(tmp_path, *lines) as settings:
        message = refused(replace(settings, private_key=None, password="x"), tmp_path)

    assert "does not take a password from this user. It offers: publickey." in message


def test_openssh_that_wants_key_and_password_says_so(tmp_path: Path) -> None:
    with openssh(tmp_path, "AuthenticationMethods publickey,password") as settings:
        message = refused(settings, tmp_path)

    assert "took the key and asks for a further proof: password." in message
