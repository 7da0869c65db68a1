"""SSH with a pinned host key: pysftp on a checked socket, with timeouts and plain faults.

The one module that imports pysftp, and with it the shim it needs.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import paramiko

from app import net
from app.errors import Invalid, Upstream
from app.ingest.attempts import Limits
from app.ingest.files.ssh_keys import HostKey, described, parse_host_key, parse_private_key
from app.ingest.files.ssh_sign_in import sign_in
from app.net import NetPolicy


class _NoDss(paramiko.PKey):  # type: ignore[misc] # paramiko is untyped
    """pysftp imports paramiko's DSS keys, which are gone with good reason; this one refuses."""

    def __init__(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - takes anything, gives nothing
        raise paramiko.SSHException("DSS keys are not supported")


paramiko.DSSKey = _NoDss  # before the next import, which fails without it
import pysftp  # noqa: E402

_BANNER_TIMEOUT_S = 10.0
_HANDSHAKE_TIMEOUT_S = 15.0
_AUTH_TIMEOUT_S = 20.0
_CHANNEL_TIMEOUT_S = 20.0


@dataclass(frozen=True)
class SftpSettings:
    """Where a tenant's customer files lie. Either `password` or `private_key` is needed.

    `host_key` is the pinned key, as OpenSSH writes it: "ssh-ed25519 AAAA…".
    """

    host: str
    username: str
    host_key: str
    port: int = 22
    password: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)
    first_pause_s: float = 2.0


def host_key(host: str, port: int, policy: NetPolicy) -> HostKey:
    """The key a server shows, for a person to compare and accept. Nobody signs in.

    Raises:
        Invalid: the host or port is not allowed.
        Upstream: it is no SFTP server, or it does not answer.
    """
    connection = net.connect(host, port, policy)
    with _faults(host, port), connection, _transport(connection, None) as transport:
        transport.start_client(timeout=_HANDSHAKE_TIMEOUT_S)
        return described(transport.get_remote_server_key())


@contextmanager
def session(
    settings: SftpSettings, policy: NetPolicy, limits: Limits
) -> Iterator[PinnedConnection]:
    """A signed-in connection to a tenant's server, closed at the end.

    Faults of SSH inside the block leave it as Upstream with cause and fix.

    Raises:
        Invalid: the host, port or key is not allowed or cannot be read.
        Upstream: nobody answers, another host key, or the sign-in is refused.
    """
    pinned = parse_host_key(settings.host_key)
    private_key = _private_key(settings)
    limits.check()
    connection = net.connect(settings.host, settings.port, policy)
    with (
        _faults(settings.host, settings.port),
        connection,
        PinnedConnection(settings, connection, pinned, private_key) as server,
    ):
        server.timeout = limits.within(_CHANNEL_TIMEOUT_S)
        yield server


def _private_key(settings: SftpSettings) -> paramiko.PKey | None:
    if settings.private_key:
        return parse_private_key(settings.private_key, settings.passphrase)
    if not settings.password:
        raise Invalid("The SFTP settings need a password or a private key.")
    return None


class _PinnedOptions(pysftp.CnOpts):  # type: ignore[misc] # pysftp is untyped
    """pysftp's options with one pinned key; the stock class reads the process's own files."""

    def __init__(self, host: str, pinned: paramiko.PKey) -> None:
        self.log = False
        self.compression = False
        self.ciphers = None
        self.hostkeys = paramiko.hostkeys.HostKeys()
        self.hostkeys.add(host, pinned.get_name(), pinned)


class PinnedConnection(pysftp.Connection):  # type: ignore[misc] # pysftp is untyped
    """pysftp's connection over a checked socket, with timeouts, any key kind and a pinned key.

    The stock class resolves the host itself, waits without end, takes RSA keys only and falls
    back on the keys of whoever runs the process.
    """

    def __init__(
        self,
        settings: SftpSettings,
        connection: socket.socket,
        pinned: paramiko.PKey,
        private_key: paramiko.PKey | None,
    ) -> None:
        self._socket = connection
        self._place = _place(settings.host, settings.port)
        self._pinned = pinned
        super().__init__(
            settings.host,
            settings.username,
            password=None if private_key else settings.password,
            private_key=private_key,
            port=settings.port,
            cnopts=_PinnedOptions(settings.host, pinned),
        )

    def _start_transport(self, host: str, port: int) -> None:
        self._transport = _transport(self._socket, self._pinned)
        try:
            self._transport.start_client(timeout=_HANDSHAKE_TIMEOUT_S)
        except paramiko.ssh_exception.IncompatiblePeer as error:
            _refuse_key(host, port, self._pinned, None, error)
        shown = self._transport.get_remote_server_key()
        if shown.asbytes() != self._pinned.asbytes():
            _refuse_key(host, port, self._pinned, shown)
        # connect() would start the transport a second time.
        self._transport.connect = self._authenticate

    def _authenticate(
        self, hostkey: paramiko.PKey, username: str, password: str | None, pkey: paramiko.PKey
    ) -> None:
        sign_in(self._transport, self._place, username, password, pkey)

    def _set_authentication(
        self, password: str | None, private_key: paramiko.PKey | None, _: str | None
    ) -> None:
        self._tconnect["pkey"] = private_key


def _transport(connection: socket.socket, pinned: paramiko.PKey | None) -> paramiko.Transport:
    """An SSH transport that waits for nothing without end and asks for the pinned kind of key."""
    transport = paramiko.Transport(connection)
    transport.banner_timeout = _BANNER_TIMEOUT_S
    transport.handshake_timeout = _HANDSHAKE_TIMEOUT_S
    transport.auth_timeout = _AUTH_TIMEOUT_S
    transport.channel_timeout = _CHANNEL_TIMEOUT_S
    if pinned is not None:
        kind = pinned.get_name()
        kinds = ("rsa-sha2-512", "rsa-sha2-256") if kind == "ssh-rsa" else (kind,)
        transport.get_security_options().key_types = kinds
    return transport


def _refuse_key(
    host: str,
    port: int,
    pinned: paramiko.PKey,
    shown: paramiko.PKey | None,
    cause: Exception | None = None,
) -> NoReturn:
    now = described(shown).fingerprint if shown else f"no key of the kind {pinned.get_name()}"
    raise Upstream(
        f"The SFTP server {host}:{port} shows another host key than the one accepted before. "
        f"Accepted: {described(pinned).fingerprint}. Now: {now}. If its operator confirms "
        "the change, accept the new key in the settings; otherwise do not connect.",
        permanent=True,
        kind="permanent",
    ) from cause


@contextmanager
def _faults(host: str, port: int) -> Iterator[None]:
    """Faults of SSH and its socket, in plain words."""
    place = _place(host, port)
    try:
        yield
    except paramiko.AuthenticationException as error:
        if "timeout" in str(error).lower():
            raise _passing(f"{place} did not answer the sign-in in time", error) from error
        if "saw EOF" in str(error):
            raise _passing(f"{place} closed the connection during the sign-in", error) from error
        raise Upstream(
            f"Sign-in at {place} was refused. Check the user name and the password or key in "
            "the settings.",
            permanent=True,
            kind="permanent",
            detail=_short(error),
        ) from error
    except paramiko.SSHException as error:
        if "banner" in str(error).lower():
            raise _passing(f"{place} did not greet as an SFTP server does", error) from error
        raise _passing(f"The connection to {place} broke off", error) from error
    except (OSError, EOFError) as error:
        raise _passing(f"The connection to {place} broke off or stood still", error) from error


def _place(host: str, port: int) -> str:
    return f"the SFTP server {host}:{port}"


def _passing(cause: str, error: Exception) -> Upstream:
    text = f"{cause[0].upper()}{cause[1:]}. If it stays so, check the host and its "
    return Upstream(f"{text}firewall.", kind="transient", detail=_short(error))


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
