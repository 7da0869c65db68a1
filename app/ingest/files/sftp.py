"""Fetches a tenant's customer files by SFTP, completely or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko

from app.errors import Upstream
from app.ingest.attempts import Limits, retry
from app.ingest.files.sftp_connection import PinnedConnection, SftpSettings, host_key, session
from app.ingest.files.ssh_keys import HostKey
from app.net import NetPolicy

__all__ = ["HostKey", "SftpSettings", "fetch", "host_key"]

_ATTEMPTS = 3
_CHUNK_BYTES = 256 * 1024 - 1024  # the most that OpenSSH returns per request


def fetch(
    settings: SftpSettings,
    path: str,
    destination: Path,
    *,
    policy: NetPolicy,
    limits: Limits,
    max_bytes: int,
    progress: Callable[[int, int], None],
) -> int:
    """Copy the file at `path` to `destination`; returns its size in bytes.

    `destination` exists afterwards only if the whole file was read and did not change during that;
    it keeps the server's modification time. Passing faults are retried. `progress` is called with
    bytes read and total bytes.

    Raises:
        Invalid: the host, port or key is not allowed or cannot be read.
        Upstream: sign-in, host key, path or transfer; the message has cause and fix.
        Cancelled: the job was cancelled during this.
    """

    def once() -> int:
        return _fetch_once(settings, path, destination, policy, limits, max_bytes, progress)

    return retry(once, limits, first_pause_s=settings.first_pause_s, attempts=_ATTEMPTS)


def _fetch_once(
    settings: SftpSettings,
    path: str,
    destination: Path,
    policy: NetPolicy,
    limits: Limits,
    max_bytes: int,
    progress: Callable[[int, int], None],
) -> int:
    partial = destination.with_name(f"{destination.name}.partial")
    try:
        with session(settings, policy, limits) as server, _about_path(path):
            announced, before = _find_size(server, path, max_bytes)
            size = _copy(server, path, partial, announced, limits, progress)
            after = server.stat(path)
        _check_whole(path, size, before, after)
        if after.st_mtime:
            os.utime(partial, (after.st_mtime, after.st_mtime))
        partial.replace(destination)
        return size
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _about_path(path: str) -> Iterator[None]:
    """The server's faults about the path, in plain words."""
    try:
        yield
    except FileNotFoundError as error:
        raise _unreadable(path, "does not exist on the SFTP server") from error
    except PermissionError as error:
        raise _unreadable(path, "may not be read by this user of the SFTP server") from error


def _unreadable(path: str, what: str) -> Upstream:
    return Upstream(
        f"The file {path} {what}. Check the path in the settings, and its permissions.",
        permanent=True,
        kind="permanent",
    )


def _find_size(
    server: PinnedConnection, path: str, max_bytes: int
) -> tuple[int, paramiko.SFTPAttributes]:
    """The file's size and attributes, if it is a file within the limit."""
    attributes = server.stat(path)
    size = attributes.st_size
    if size is None or not stat.S_ISREG(attributes.st_mode or stat.S_IFREG):
        raise Upstream(
            f"{path} on the SFTP server is not a file. Correct the path in the settings.",
            permanent=True,
            kind="permanent",
        )
    if size > max_bytes:
        raise Upstream(
            f"{path} has {size:,} bytes; at most {max_bytes:,} are read. Export fewer columns, "
            "or as csv.",
            permanent=True,
            kind="permanent",
        )
    return size, attributes


def _copy(
    server: PinnedConnection,
    path: str,
    destination: Path,
    size: int,
    limits: Limits,
    progress: Callable[[int, int], None],
) -> int:
    """Returns the bytes copied. Requests one byte more than `size` to detect a file that grew."""
    copied = 0
    with server.open(path, "rb") as remote, destination.open("wb") as local:
        # Large requests instead of prefetch(), whose own thread dies loudly with the connection.
        remote.MAX_REQUEST_SIZE = _CHUNK_BYTES
        while copied <= size and (chunk := remote.read(min(_CHUNK_BYTES, size + 1 - copied))):
            limits.check()
            local.write(chunk)
            copied += len(chunk)
            progress(copied, size)
    return copied


def _check_whole(
    path: str, copied: int, before: paramiko.SFTPAttributes, after: paramiko.SFTPAttributes
) -> None:
    changed = (before.st_size, before.st_mtime) != (after.st_size, after.st_mtime)
    if changed or copied != before.st_size:
        raise Upstream(
            f"{path} changed on the SFTP server while it was read, or broke off after {copied:,} "
            f"of {before.st_size:,} bytes. Nothing of it is used. Let the "
            "export write to another name and rename it when it is complete.",
            kind="transient",
        )
