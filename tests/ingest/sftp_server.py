"""An SFTP server in a thread, with any host key and faults while a file is read."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncssh

from tests.planted import SECRETS

PASSWORD = SECRETS["file password"]


@dataclass
class FakeSftp:
    """The running server. `on_read(offset)` is asked before each part of a file is sent.

    `closes_at_sign_in` lets it hang up when it has heard the password. `methods` are the ways to
    sign in that it takes; `questions` are those of keyboard-interactive, a round each, and whether
    the answer may be seen.
    """

    directory: Path
    port: int = 0
    host_key: str = ""
    accepted_keys: list[str] = field(default_factory=list)
    on_read: Callable[[int], str] = lambda offset: ""
    sign_ins: int = 0
    closes_at_sign_in: bool = False
    methods: tuple[str, ...] = ("password", "publickey")
    questions: tuple[tuple[str, bool], ...] = (("Password: ", False),)
    heard: list[str] = field(default_factory=list)


@contextmanager
def running(directory: Path, key_type: str = "ssh-ed25519") -> Iterator[FakeSftp]:
    """A server over `directory` on a free loopback port until the end of the block."""
    key = asyncssh.generate_private_key(key_type)
    fake = FakeSftp(directory, host_key=key.export_public_key().decode().strip())
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = _in(loop, _listen(fake, key)).result()
    fake.port = server.get_port()
    try:
        yield fake
    finally:
        _in(loop, _close(server)).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _in(loop: asyncio.AbstractEventLoop, work: Any) -> Future[Any]:
    return asyncio.run_coroutine_threadsafe(work, loop)


async def _listen(fake: FakeSftp, key: asyncssh.SSHKey) -> asyncssh.SSHAcceptor:
    return await asyncssh.create_server(
        lambda: _Logins(fake),
        "127.0.0.1",
        0,
        server_host_keys=[key],
        sftp_factory=lambda channel: _Files(fake, channel),
    )


async def _close(server: asyncssh.SSHAcceptor) -> None:
    server.close()
    await server.wait_closed()
    current = asyncio.current_task()
    for task in asyncio.all_tasks():
        if task is not current:
            task.cancel()


class _Logins(asyncssh.SSHServer):
    def __init__(self, fake: FakeSftp) -> None:
        self._fake = fake

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._wire = conn

    def begin_auth(self, username: str) -> bool:
        self._fake.sign_ins += 1
        return True

    def password_auth_supported(self) -> bool:
        return "password" in self._fake.methods

    def validate_password(self, username: str, password: str) -> bool:
        if self._fake.closes_at_sign_in:
            self._wire.abort()
        return (username, password) == ("acme", PASSWORD)

    def public_key_auth_supported(self) -> bool:
        return "publickey" in self._fake.methods

    def kbdint_auth_supported(self) -> bool:
        return "keyboard-interactive" in self._fake.methods

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        self._round = 0
        return ("", "", "", [self._fake.questions[0]])

    def validate_kbdint_response(self, username: str, responses: Any) -> Any:
        self._fake.heard += responses
        self._round += 1
        if self._round < len(self._fake.questions):
            return ("", "", "", [self._fake.questions[self._round]])
        return set(self._fake.heard) == {PASSWORD}

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        shown = key.export_public_key().decode().split()[:2]
        return any(line.split()[:2] == shown for line in self._fake.accepted_keys)


class _Files(asyncssh.SFTPServer):
    """Serves the directory; each read first asks the test what to do."""

    def __init__(self, fake: FakeSftp, channel: asyncssh.SSHServerChannel[bytes]) -> None:
        super().__init__(channel, chroot=os.fsencode(fake.directory))
        self._fake = fake
        self._wire = channel

    async def read(self, file_obj: Any, offset: int, size: int) -> bytes:
        manner = self._fake.on_read(offset)
        if manner == "drop":
            self._wire.get_connection().abort()
        if manner == "stall":
            await asyncio.Event().wait()
        if manner == "end":
            return b""
        return bytes(super().read(file_obj, offset, size))


@contextmanager
def mute() -> Iterator[int]:
    """The port of a server that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
