"""Sends mail through a tenant's server: checked address, verified TLS, timeouts, plain errors.

    with SmtpLink(settings, policy) as link:
        link.connect(); link.secure(); link.sign_in(); link.try_sender()
        link.offer("ana@example.com"); link.deliver(content)

Nothing is sent between offer() and deliver(). An unknown outcome of deliver() is Unanswered.
"""

from __future__ import annotations

import re
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
_QUIT_TIMEOUT_S = 3.0
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True)
class SmtpSettings:
    """The access to a tenant's mail server. `ca_file` comes only from the deployment."""

    host: str
    port: int
    security: Literal["starttls", "tls"]
    username: str
    from_address: str
    password: str = field(repr=False)
    ca_file: str | None = None


class Refused(Exception):
    """The server refused the recipient or the mail: it was not delivered.

    `code` 500 and above is permanent, 400 to 499 temporary; `words` are the server's, to be
    encoded.
    """

    def __init__(self, code: int, words: bytes | str) -> None:
        self.code, self.words = code, _readable(words)
        super().__init__(code)

    @property
    def is_permanent(self) -> bool:
        """Whether a retry is useless."""
        return self.code >= 500


class Unanswered(Exception):
    """The mail was sent without a final response: it may or may not have been delivered."""


class _CheckedSmtp(smtplib.SMTP):
    """smtplib's client over a socket that is already connected, and possibly encrypted."""

    def __init__(self, checked: socket.socket, host: str, name: str) -> None:
        self._checked = checked
        super().__init__(local_hostname=name, timeout=_CALL_TIMEOUT_S)
        self._host = host  # the name that the certificate must have

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        del host, port, timeout
        return self._checked


class SmtpLink:
    """One session with a mail server, closed after the block, at most `longest_s` long.

    The total limit is needed because a server that responds byte by byte never exceeds a single
    timeout.
    """

    def __init__(self, settings: SmtpSettings, policy: NetPolicy, longest_s: float = 60.0) -> None:
        self._settings, self._policy = settings, policy
        self._socket: socket.socket | None = None
        self._client: _CheckedSmtp | None = None
        self._watch = self._new_watch(longest_s)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.extend(_QUIT_TIMEOUT_S)
        if self._client is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._wire.settimeout(_QUIT_TIMEOUT_S)
                self._client.quit()
        self._watch.cancel()
        if self._client is not None:
            self._client.close()
        if self._socket is not None:
            self._socket.close()

    def connect(self) -> None:
        """Open the connection without sending anything.

        Raises:
            Invalid: the host or port is not allowed.
            Upstream: the name is unknown, or nothing responds.
        """
        self._socket = net.connect(self._settings.host, self._settings.port, self._policy)
        self._socket.settimeout(_CALL_TIMEOUT_S)

    def secure(self) -> str:
        """Greet and encrypt, verifying the certificate; returns the TLS version.

        Raises:
            Upstream: it is not a mail server, offers no encryption, or has an invalid certificate.
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
            _expect(220, self._client.connect(self._settings.host, self._settings.port))
            _expect(250, self._client.ehlo())
            if self._settings.security == "starttls":
                _expect(220, self._client.starttls(context=context))
                _expect(250, self._client.ehlo())
            return str(getattr(self._client.sock, "version", lambda: "TLS")())

    def sign_in(self) -> None:
        """Sign in with the stored user name and password.

        Raises:
            Upstream: they are refused, or the server has no sign-in.
        """
        with self._faults():
            self._ready.login(self._settings.username, self._settings.password)

    def try_sender(self) -> None:
        """Announce a mail from the sender's address and cancel it: nothing is sent.

        Raises:
            Upstream: the server refuses mail from that address.
        """
        with self._faults():
            code, words = self._ready.mail(self._settings.from_address)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, words, self._settings.from_address)
            self._ready.rset()

    def extend(self, longest_s: float) -> None:
        """Extend the session to this long from now."""
        self._watch.cancel()
        self._watch = self._new_watch(longest_s)
        self._watch.start()

    def offer(self, recipient: str) -> None:
        """Announce a mail to one recipient, cancelling an earlier announcement.

        Raises:
            Refused: the server refuses mail for this recipient.
            Upstream: it refuses the sender, or the connection broke.
        """
        with self._faults():
            code, words = self._ready.rset()
            if code == 250:
                code, words = self._ready.mail(self._settings.from_address)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, words, self._settings.from_address)
            code, words = self._ready.rcpt(recipient)
            if 400 <= code < 600:
                raise Refused(code, words)
            if not 200 <= code < 300:
                raise smtplib.SMTPServerDisconnected("no answer that SMTP knows")

    def deliver(self, content: bytes, answer_s: float) -> tuple[int, str]:
        """Send the announced mail and return the response, waiting at most `answer_s` for it.

        Raises:
            Refused: the server refused; the mail was not delivered.
            Upstream: the connection broke before the first byte of the mail.
            Unanswered: it broke later.
        """
        with self._faults():
            code, words = self._ready.docmd("data")
            if 400 <= code < 600:
                raise Refused(code, words)
            if code != 354:
                raise smtplib.SMTPServerDisconnected("no answer that SMTP knows")
        lines = _LEADING_DOT.sub(b"..", _LINE_END.sub(b"\r\n", content).removesuffix(b"\r\n"))
        try:
            self._wire.settimeout(answer_s)
            self._ready.send(lines + b"\r\n.\r\n")
            code, words = self._ready.getreply()
            self._wire.settimeout(_CALL_TIMEOUT_S)
        except (smtplib.SMTPException, OSError) as error:
            raise Unanswered from error
        if 200 <= code < 300:
            return code, _readable(words)
        if 400 <= code < 600:
            raise Refused(code, words)
        raise Unanswered

    @property
    def _wire(self) -> socket.socket:
        wire = self._ready.sock
        if wire is None:
            raise smtplib.SMTPServerDisconnected("closed")
        return wire

    def _new_watch(self, longest_s: float) -> threading.Timer:
        watch = threading.Timer(longest_s, self._cut)
        watch.daemon = True
        return watch

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
        """Raise faults in plain words with the fix; never with the server's words."""
        place = f"the mail server {self._settings.host}:{self._settings.port}"
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise _refusal(
                f"The certificate of {place} is not good: {error.verify_message}. Enter the host "
                "name that stands in its certificate, or have its operator renew it."
            ) from error
        except ssl.SSLError as error:
            raise _refusal(
                f"{place} did not encrypt. Port 465 is for TLS, port 587 for STARTTLS."
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            raise _refusal(
                f"Sign-in at {place} was refused ({error.smtp_code}). Check the user name and the "
                "password; many providers want an app password.",
                error.smtp_code,
            ) from error
        except smtplib.SMTPSenderRefused as error:
            raise _refusal(
                f"{place} takes no mail from {self._settings.from_address} ({error.smtp_code}). "
                "Enter an address that this user may send from.",
                error.smtp_code,
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise _refusal(
                f"{place} offers no STARTTLS or no sign-in here. Try TLS on port 465, or port 587."
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Upstream(
                f"The conversation with {place} broke off or stood still. Check host, port and "
                "encryption: port 465 is for TLS, port 587 for STARTTLS.",
                kind="transient",
                detail=type(error).__name__,
            ) from error


def _expect(code: int, answer: tuple[int, bytes]) -> None:
    """Raise refusals of the greeting, which smtplib returns like successes."""
    if answer[0] != code:
        raise smtplib.SMTPResponseException(*answer)


def _readable(words: bytes | str) -> str:
    """A server's words, without unprintable characters, at most 500 characters."""
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return "".join(c if c.isprintable() else " " for c in said)[:500].strip()


def _refusal(text: str, code: int = 500) -> Upstream:
    """A fault that the settings can fix. A code below 500 is temporary, and they are right."""
    if code < 500:
        return Upstream(f"The mail server is not ready for mail ({code}).", kind="transient")
    return Upstream(f"{text[0].upper()}{text[1:]}", permanent=True, kind="permanent")
