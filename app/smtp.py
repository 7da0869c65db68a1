"""The edge to a tenant's mail server: a checked address, verified TLS, timeouts, plain faults.

    with SmtpLink(settings, policy) as link:
        link.connect(); link.secure(); link.sign_in(); link.try_sender()
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal, Self

from app import net
from app.errors import Upstream
from app.net import NetPolicy

_CALL_TIMEOUT_S = 15.0


@dataclass(frozen=True)
class SmtpSettings:
    """How a tenant's mail server is reached. `ca_file` comes from the deployment alone."""

    host: str
    port: int
    security: Literal["starttls", "tls"]
    username: str
    from_address: str
    password: str = field(repr=False)
    ca_file: str | None = None


class _CheckedSmtp(smtplib.SMTP):
    """smtplib's client over a socket that was connected, and perhaps encrypted, before."""

    def __init__(self, checked: socket.socket, host: str, name: str) -> None:
        self._checked = checked
        super().__init__(local_hostname=name, timeout=_CALL_TIMEOUT_S)
        self._host = host  # whom the certificate must name

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        del host, port, timeout
        return self._checked


class SmtpLink:
    """One conversation with a mail server, closed at the end of the block, `longest_s` at most.

    A server that drips its answers keeps every single timeout; so the whole has one too.
    """

    def __init__(
        self, settings: SmtpSettings, policy: NetPolicy, longest_s: float = 60.0
    ) -> None:
        self._settings, self._policy = settings, policy
        self._socket: socket.socket | None = None
        self._client: _CheckedSmtp | None = None
        self._watch = threading.Timer(longest_s, self._cut)
        self._watch.daemon = True

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._watch.cancel()
        if self._client is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._client.quit()
            self._client.close()
        if self._socket is not None:
            self._socket.close()

    def connect(self) -> None:
        """Open the connection; nothing is said yet.

        Raises:
            Invalid: the host or port is not allowed.
            Upstream: the name is unknown, or nobody answers.
        """
        self._socket = net.connect(self._settings.host, self._settings.port, self._policy)
        self._socket.settimeout(_CALL_TIMEOUT_S)

    def secure(self) -> str:
        """Greet and encrypt, with the certificate verified; answers the version of TLS.

        Raises:
            Upstream: it is no mail server, offers no encryption, or shows a bad certificate.
        """
        context = ssl.create_default_context()
        if self._settings.ca_file:
            context.load_verify_locations(self._settings.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with self._faults():
            if self._socket is None:
                raise RuntimeError("connect() comes first")
            if self._settings.security == "tls":
                self._socket = context.wrap_socket(
                    self._socket, server_hostname=self._settings.host
                )
            domain = self._settings.from_address.rpartition("@")[2]
            self._client = _CheckedSmtp(self._socket, self._settings.host, domain)
            self._client.connect(self._settings.host, self._settings.port)
            self._client.ehlo()
            if self._settings.security == "starttls":
                self._client.starttls(context=context)
                self._client.ehlo()
            return str(getattr(self._client.sock, "version", lambda: "TLS")())

    def sign_in(self) -> None:
        """Sign in with the stored user name and password.

        Raises:
            Upstream: they are refused, or the server takes no sign-in.
        """
        with self._faults():
            self._ready.login(self._settings.username, self._settings.password)

    def try_sender(self) -> None:
        """Announce a mail from the sender's address, and take it back: nothing is sent.

        Raises:
            Upstream: the server does not take mail from that address.
        """
        with self._faults():
            code, words = self._ready.mail(self._settings.from_address)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, words, self._settings.from_address)
            self._ready.rset()

    @property
    def _ready(self) -> _CheckedSmtp:
        if self._client is None:
            raise RuntimeError("secure() comes first")
        return self._client

    def _cut(self) -> None:
        wire = self._client.sock if self._client is not None else self._socket
        with suppress(OSError):
            if wire is not None:
                wire.shutdown(socket.SHUT_RDWR)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """What went wrong, in plain words with the fix; never what the server said."""
        place = f"the mail server {self._settings.host}:{self._settings.port}"
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise _permanent(
                f"The certificate of {place} is not good: {error.verify_message}. Enter the host "
                "name that stands in its certificate, or have its operator renew it."
            ) from error
        except ssl.SSLError as error:
            raise _permanent(
                f"{place} did not encrypt. Port 465 is for TLS, port 587 for STARTTLS."
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            raise _permanent(
                f"Sign-in at {place} was refused ({error.smtp_code}). Check the user name and the "
                "password; many providers want an app password."
            ) from error
        except smtplib.SMTPSenderRefused as error:
            raise _permanent(
                f"{place} takes no mail from {self._settings.from_address} ({error.smtp_code}). "
                "Enter an address that this user may send from."
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise _permanent(
                f"{place} offers no STARTTLS or no sign-in here. Try TLS on port 465, or port 587."
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Upstream(
                f"The conversation with {place} broke off or stood still. Check host, port and "
                "encryption: port 465 is for TLS, port 587 for STARTTLS.",
                kind="transient", detail=type(error).__name__,
            ) from error


def _permanent(text: str) -> Upstream:
    return Upstream(f"{text[0].upper()}{text[1:]}", permanent=True, kind="permanent")
