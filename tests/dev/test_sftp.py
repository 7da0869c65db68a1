"""The demo's SFTP server, with paramiko as the peer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest

from dev import sftp
from dev.sftp import Account, Sftp


@contextmanager
def connection(server: Sftp, user: str, password: str) -> Iterator[paramiko.SFTPClient]:
    with socket.create_connection(("127.0.0.1", server.port)) as link:
        transport = paramiko.Transport(link)
        try:
            transport.connect(username=user, password=password)
            key = transport.get_remote_server_key()
            assert f"{key.get_name()} {key.get_base64()}" == server.host_key
            client = paramiko.SFTPClient.from_transport(transport)
            assert client is not None
            yield client
        finally:
            transport.close()


def test_account_reads_its_own_directory_only(tmp_path: Path) -> None:
    accounts = [Account(name, f"pw-{name}", tmp_path / name) for name in ("acme", "globex")]
    with sftp.start(tmp_path, accounts) as server:
        (tmp_path / "acme" / "users.csv").write_text("a;b")
        with connection(server, "acme", "pw-acme") as files:
            assert files.listdir("/") == ["users.csv"]
            assert files.open("/users.csv").read() == b"a;b"
            with pytest.raises(OSError, match="No such file"):
                files.open("/../globex/users.csv")
        with connection(server, "globex", "pw-globex") as files:
            assert files.listdir("/") == []


def test_wrong_password_and_unknown_account_are_refused(tmp_path: Path) -> None:
    with sftp.start(tmp_path, [Account("acme", "right", tmp_path / "acme")]) as server:
        for user, password in (("acme", "wrong"), ("nobody", ""), ("nobody", "right")):
            with (
                pytest.raises(paramiko.AuthenticationException),
                connection(server, user, password),
            ):
                pass


def test_host_key_is_kept_until_its_file_is_removed(tmp_path: Path) -> None:
    accounts = [Account("acme", "right", tmp_path / "acme")]
    with sftp.start(tmp_path, accounts) as first:
        port, host_key = first.port, first.host_key
    with sftp.start(tmp_path, accounts) as second:
        assert (second.port, second.host_key) == (port, host_key)
    (tmp_path / "sftp" / "host_key").unlink()
    with sftp.start(tmp_path, accounts) as third:
        assert third.port == port
        assert third.host_key != host_key
        with connection(third, "acme", "right"):
            pass
