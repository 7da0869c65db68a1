"""Seventy ways to write an address of our own network: nobody there ever hears from us."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app import net
from app.errors import AppError
from app.ingest.attempts import Limits
from app.ingest.files.sftp import SftpSettings, fetch, host_key
from app.net import NetPolicy
from app.smtp import SmtpLink, SmtpSettings

SPELLINGS = (
    "127.0.0.1",
    "127.0.0.2",
    "127.255.255.254",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "0x7F.1",
    "0177.0.0.1",
    "017700000001",
    "0177.1",
    "0",
    "0.0.0.0",
    "0x0",
    "127.0.0.1.",
    "::1",
    "[::1]",
    "0:0:0:0:0:0:0:1",
    "::0001",
    "::1%lo",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fe80::1",
    "fe80::1%lo",
    "fc00::1",
    "fd12:3456::1",
    "ff02::1",
    "ff01::1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "LocalHost..",
    "ip6-localhost",
    "localhost.localdomain",
    "１２７.０.０.１",
    "127。0。0。1",
    "①②⑦.0.0.1",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "ｌｏｃａｌｈｏｓｔ",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.192",
    "198.18.0.1",
    "203.0.113.1",
    "240.0.0.1",
    "255.255.255.255",
    "224.0.0.1",
    "user@127.0.0.1",
    "127.0.0.1:22",
    "127.0.0.1/x",
    "http://127.0.0.1",
    "127.0.0.1#x",
    "127.0.0.1 x",
    "127.0.0.1\n",
    "127.0.0.1\x00",
    "%31%32%37.0.0.1",
    "localhost%00.example.com",
    "inside.example",
    "two-faced.example",
    "six.example",
)
BANNER = "SSH-2.0-inside-canary"
_NAMES = {
    "inside.example": ["127.0.0.1"],
    "two-faced.example": ["8.8.8.8", "127.0.0.1"],
    "six.example": ["::ffff:127.0.0.1"],
}
POLICY = NetPolicy(ports=None, timeout_s=2)


class Ear:
    """Listens on every address of this machine, greets, and counts."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        self.port: int = self.socket.getsockname()[1]
        self.heard = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.heard += 1
            connection.sendall(f"{BANNER}\r\n".encode())
            connection.close()


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.socket.close()


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name service that an attacker runs, beside the machine's own."""
    known = socket.getaddrinfo

    def answer(host: str, port: int, *more: Any, **options: Any) -> Any:
        found = _NAMES.get(host)
        if found is None:
            return known(host, port, *more, **options)
        family = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(family[":" in a], socket.SOCK_STREAM, 6, "", (a, port)) for a in found]

    monkeypatch.setattr(socket, "getaddrinfo", answer)


def by_sftp_key(host: str, port: int, _: Path) -> None:
    host_key(host, port, POLICY)


def by_sftp(host: str, port: int, folder: Path) -> None:
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEkCXqUw0wVUBEXVnXkSMNfSbNEQmxXHLUOuDwSMdTfc"
    settings = SftpSettings(host=host, port=port, username="u", password="p", host_key=key)
    limits = Limits(deadline=1e12, cancelled=lambda: False)
    fetch(
        settings,
        "/x",
        folder / "x",
        policy=POLICY,
        limits=limits,
        max_bytes=10,
        progress=lambda done, total: None,
    )


def by_smtp(host: str, port: int, _: Path) -> None:
    settings = SmtpSettings(host, port, "tls", "u", "a@example.com", "p")
    with SmtpLink(settings, POLICY) as link:
        link.connect()
        link.secure()


def by_name(host: str, port: int, _: Path) -> None:
    net.connect(host, port, POLICY)


@pytest.mark.parametrize("way", [by_name, by_sftp_key, by_sftp, by_smtp], ids=lambda w: w.__name__)
def test_nobody_inside_is_called_and_nothing_is_told(
    ear: Ear, tmp_path: Path, way: Callable[[str, int, Path], None]
) -> None:
    assert len(SPELLINGS) >= 60
    for host in SPELLINGS:
        with pytest.raises(AppError) as caught:
            way(host, ear.port, tmp_path)
        assert BANNER not in f"{caught.value.message} {caught.value.extra}", host
        assert ear.heard == 0, host


def test_a_name_that_changes_after_the_check_leads_nowhere_else(
    ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name service of the attacker answers a public address once, and ours from then on."""
    known, asked = socket.getaddrinfo, list[str]()

    def answer(host: str, port: int, *more: Any, **options: Any) -> Any:
        if host != "changing.example":
            return known(host, port, *more, **options)
        asked.append(host)
        address = "8.8.8.8" if len(asked) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    with pytest.raises(AppError):
        net.connect("changing.example", ear.port, POLICY)
    assert len(asked) == 1 and ear.heard == 0


def test_the_ear_hears_who_is_let_through(ear: Ear) -> None:
    loopback = net.ip_network("127.0.0.0/8")
    with net.connect("127.0.0.1", ear.port, NetPolicy((loopback,), ports=None)) as connection:
        assert connection.recv(100).decode().startswith(BANNER)
    assert ear.heard == 1
