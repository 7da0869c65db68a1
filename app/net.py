"""Connections to hosts named by tenants: resolved once, checked, then used by address.

A tenant's host must not reach the network this runs in. Refuses private, loopback, link-local,
multicast and reserved addresses, and ranges that embed such an address in a public-looking one
(NAT64, 6to4, Teredo, IPv4-mapped), unless the deployment allows the network by name.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from app.errors import Invalid, Upstream

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

USUAL_PORTS = frozenset({22, 25, 465, 587, 2222, 2525})  # SFTP and mail, usual alternatives too
_HOST_CHARACTERS = 253
_MOST_ADDRESSES = 8

# Passes is_global although it may lead back inside.
_TRANSLATED = tuple(
    ip_network(text)
    for text in (
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64 of a single network
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated
        "192.88.99.0/24",  # 6to4 relays
        "192.0.0.0/24",  # protocol assignments
        "100.64.0.0/10",  # carrier-grade NAT
    )
)


@dataclass(frozen=True)
class NetPolicy:
    """What a deployment allows for tenants' hosts: private networks by name, and ports.

    `ports` None means any.
    """

    allowed_networks: tuple[Network, ...] = ()
    ports: frozenset[int] | None = USUAL_PORTS
    timeout_s: float = 10.0


def parse_ports(text: str) -> frozenset[int] | None:
    """The usual ports and those in a comma-separated list; "any" is None.

    Raises:
        ValueError: an entry is not a port.
    """
    if text.strip().lower() == "any":
        return None
    extra = frozenset(int(part) for part in text.split(",") if part.strip())
    if any(not 0 < port < 65_536 for port in extra):
        raise ValueError(f"“{text}” is not a comma list of ports")
    return USUAL_PORTS | extra


def connect(host: str, port: int, policy: NetPolicy) -> socket.socket:
    """A TCP connection to `host`, at exactly the address that was checked.

    Raises:
        Invalid: the host, its address or the port is not allowed.
        Upstream: the name is unknown, or nothing responds there.
    """
    check_port(port, policy)
    addresses = resolve(host, port, policy)
    fault: OSError | None = None
    for address in addresses[:_MOST_ADDRESSES]:
        try:
            return socket.create_connection((str(address), port), timeout=policy.timeout_s)
        except OSError as error:
            fault = error
    reason = "did not answer in time" if isinstance(fault, TimeoutError) else "refused"
    raise Upstream(
        f"{host} {reason} on port {port}. Check the host name and the port, and that its "
        "firewall lets this server in.",
        kind="transient",
        detail=str(fault),
    )


def check_port(port: int, policy: NetPolicy) -> None:
    """Refuse ports that this deployment does not allow.

    Raises:
        Invalid: the port is not allowed.
    """
    if not 0 < port < 65_536:
        raise Invalid(f"{port} is not a port. Ports are 1 to 65535.")
    if policy.ports is not None and port not in policy.ports:
        listed = ", ".join(str(p) for p in sorted(policy.ports))
        raise Invalid(f"Port {port} is not allowed here. Allowed are {listed}.")


def check_host(host: str) -> str:
    """The host name without a trailing dot, if it is well-formed; resolves nothing.

    Raises:
        Invalid: the text is not a host name.
    """
    name = host.strip().rstrip(".")
    if not name or len(name) > _HOST_CHARACTERS or any(c.isspace() or c in "/@" for c in name):
        raise Invalid(f"“{host[:80]}” is not a host name.")
    return name


def resolve(host: str, port: int, policy: NetPolicy) -> list[Address]:
    """The addresses of `host`, if all of them are allowed.

    Raises:
        Invalid: the text is not a host name, or one of its addresses is not allowed.
        Upstream: the name is unknown, or the name server does not respond.
    """
    name = check_host(host)
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        is_passing = getattr(error, "errno", None) == socket.EAI_AGAIN
        raise Upstream(
            f"There is no host named {name}. Check the spelling in the settings.",
            permanent=not is_passing,
            kind="transient" if is_passing else "permanent",
        ) from error
    addresses = list(dict.fromkeys(_parse(entry[4][0]) for entry in found))
    for address in addresses:
        if not is_allowed(address, policy.allowed_networks):
            raise Invalid(
                f"{name} leads to {address}, which is in a private or reserved network. "
                "Use a public host, or have the operator allow that network."
            )
    return addresses


def _parse(text: str | int) -> Address:
    return ip_address(str(text).partition("%")[0])


def is_allowed(address: Address, allowed_networks: Sequence[Network]) -> bool:
    """Whether a tenant's host may have this address."""
    if any(address.version == n.version and address in n for n in allowed_networks):
        return True
    if any(address.version == n.version and address in n for n in _TRANSLATED):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )
