"""Where a tenant's host may lead, and where not."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network

import pytest

from app import net
from app.errors import Invalid, Upstream
from app.net import NetPolicy

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "192.88.99.1",
        "240.0.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "::127.0.0.1",
        "::ffff:8.8.8.8",
    ],
)
def test_private_and_translated_addresses_are_refused(address: str) -> None:
    assert not net.is_allowed(ip_address(address), ())


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::5"])
def test_public_addresses_are_allowed(address: str) -> None:
    assert net.is_allowed(ip_address(address), ())


def test_a_named_network_is_allowed_and_its_neighbours_are_not() -> None:
    allowed = (ip_network("10.1.0.0/16"),)

    assert net.is_allowed(ip_address("10.1.2.3"), allowed)
    assert not net.is_allowed(ip_address("10.2.0.1"), allowed)
    assert not net.is_allowed(ip_address("::ffff:10.1.2.3"), allowed)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1"])
def test_every_spelling_of_loopback_is_refused(host: str) -> None:
    with pytest.raises(Invalid, match="private or reserved network"):
        net.connect(host, 22, NetPolicy())


@pytest.mark.parametrize("host", ["", " ", "a b", "user@host", "host/path", "x" * 300])
def test_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(Invalid, match="is not a host name"):
        net.connect(host, 22, NetPolicy())


@pytest.mark.parametrize("port", [0, -1, 70_000, 5432, 6379])
def test_ports_outside_the_list_are_refused(port: int) -> None:
    with pytest.raises(Invalid, match=r"not a port|not allowed here"):
        net.connect("127.0.0.1", port, NetPolicy(LOOPBACK))


def test_one_forbidden_address_of_several_refuses_the_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 22))
        for address in ("8.8.8.8", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(Invalid, match=r"10\.0\.0\.1"):
        net.connect("two-faced.example", 22, NetPolicy())


def test_an_allowed_host_is_connected_by_the_checked_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with net.connect("127.0.0.1", port, NetPolicy(LOOPBACK, ports=None)) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)


def test_a_closed_port_names_host_and_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(Upstream, match=f"127.0.0.1 refused on port {port}") as caught:
        net.connect("127.0.0.1", port, NetPolicy(LOOPBACK, ports=None))

    assert not caught.value.permanent


@pytest.mark.parametrize(
    ("text", "ports"), [("any", None), ("", net.USUAL_PORTS), ("8022", net.USUAL_PORTS | {8022})]
)
def test_port_lists(text: str, ports: frozenset[int] | None) -> None:
    assert net.parse_ports(text) == ports


@pytest.mark.parametrize("text", ["0", "ssh", "22,99999"])
def test_a_port_list_with_no_port_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        net.parse_ports(text)
