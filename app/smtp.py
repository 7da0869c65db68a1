"""Sends mail through a tenant's server: Flask-Mail's connection with a checked address, verified
TLS, timeouts and plain errors.

    with SmtpLink(settings, policy) as link:
        link.configure_host()  # or step by step: connect(), secure(), sign_in()
        link.offer("ana@example.com"); link.deliver(content)

Nothing is sent between offer() and deliver(). An unknown outcome of deliver() is Unanswered.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Literal, NoReturn, Self

from flask_mail import Connection, Mail

from app import net
from app.net import NetPolicy
from app.smtp_faults import plain_faults

_CALL_TIMEOUT_S = 15.0
_QUIT_TIMEOUT_S = 3.0
_LINE_END = re.compile(rb"\r\n|\r|\n")
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


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


class Refused(Exception):
    """The server said no, to the recipient or to the mail: it was not delivered.

    `code` from 500 on is for good, from 400 on for now; `words` are the server's, to be encoded.
    """

    def __init__(self, code: int, words: bytes | str) -> None:
        self.code, self.words = code, _readable(words)
        super().__init__(code)

    @property
    def is_permanent(self) -> bool:
        """Whether asking again is of no use."""
        return self.code >= 500


class Unanswered(Exception):
    """The mail went out, and what became of it was not said: perhaps delivered, perhaps not."""


class _CheckedSmtp(smtplib.SMTP):
    """smtplib's client over a socket that was connected, and perhaps encrypted, before."""

    def __init__(self, checked: socket.socket, host: str, name: str) -> None:
        self._checked = checked
        super().__init__(local_hostname=name, timeout=_CALL_TIMEOUT_S)
        self._host = host  # whom the certificate must name

    def _get_socket(self, host: str, port: int, timeout: float | None) -> socket.socket:
        del host, port, timeout
        return self._checked


class SmtpLink(Connection):
    """One session with a mail server, closed after the block, at most `longest_s` long.

    `mail` holds the tenant's settings under Flask-Mail's names, `host` the client once connected.
    The total limit is needed because a server that responds byte by byte never exceeds a single
    timeout.
    """

    host: _CheckedSmtp | None

    def __init__(self, settings: SmtpSettings, policy: NetPolicy, longest_s: float = 60.0) -> None:
        super().__init__(_mail_of(settings))
        self._policy, self._ca_file = policy, settings.ca_file
        self._socket: socket.socket | None = None
        self._watch = self._new_watch(longest_s)

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.extend(_QUIT_TIMEOUT_S)
        if self.host is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._wire.settimeout(_QUIT_TIMEOUT_S)
                self.host.quit()
        self._watch.cancel()
        if self.host is not None:
            self.host.close()
        if self._socket is not None:
            self._socket.close()

    def configure_host(self) -> _CheckedSmtp:
        """Connect, encrypt and sign in; the client is ready for mail.

        Raises:
            Invalid, Upstream: as the three steps do.
        """
        self.connect()
        self.secure()
        self.sign_in()
        return self._ready

    def connect(self) -> None:
        """Open the connection; nothing is said yet.

        Raises:
            Invalid: the host or port is not allowed.
            Upstream: the name is unknown, or nobody answers.
        """
        self._socket = net.connect(self.mail.server, self.mail.port, self._policy)
        self._socket.settimeout(_CALL_TIMEOUT_S)

    def secure(self) -> str:
        """Greet and encrypt, with the certificate verified; answers the version of TLS.

        Raises:
            Upstream: it is no mail server, offers no encryption, or shows a bad certificate.
        """
        context = ssl.create_default_context()
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with self._faults():
            if self._socket is None:
                raise RuntimeError("connect() comes first")
            if self.mail.use_ssl:
                self._socket = context.wrap_socket(self._socket, server_hostname=self.mail.server)
            domain = self.mail.default_sender.rpartition("@")[2]
            self.host = _CheckedSmtp(self._socket, self.mail.server, domain)
            _expect(220, self.host.connect(self.mail.server, self.mail.port))
            _expect(250, self.host.ehlo())
            if self.mail.use_tls:
                _expect(220, self.host.starttls(context=context))
                _expect(250, self.host.ehlo())
            return str(getattr(self.host.sock, "version", lambda: "TLS")())

    def sign_in(self) -> None:
        """Sign in with the stored user name and password.

        Raises:
            Upstream: they are refused, or the server takes no sign-in.
        """
        with self._faults():
            self._ready.login(self.mail.username, self.mail.password)

    def try_sender(self) -> None:
        """Announce a mail from the sender's address, and take it back: nothing is sent.

        Raises:
            Upstream: the server does not take mail from that address.
        """
        with self._faults():
            code, words = self._ready.mail(self.mail.default_sender)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, words, self.mail.default_sender)
            self._ready.rset()

    def extend(self, longest_s: float) -> None:
        """Give the conversation so long from now on."""
        self._watch.cancel()
        self._watch = self._new_watch(longest_s)
        self._watch.start()

    def offer(self, recipient: str) -> None:
        """Announce a mail to one recipient; what was announced before is forgotten.

        Raises:
            Refused: the server does not take mail for this recipient.
            Upstream: it takes none from the sender at all, or the conversation broke off.
        """
        with self._faults():
            code, words = self._ready.rset()
            if code == 250:
                code, words = self._ready.mail(self.mail.default_sender)
            if code != 250:
                raise smtplib.SMTPSenderRefused(code, words, self.mail.default_sender)
            code, words = self._ready.rcpt(recipient)
            if 400 <= code < 600:
                raise Refused(code, words)
            if not 200 <= code < 300:
                raise smtplib.SMTPServerDisconnected("no answer that SMTP knows")

    def deliver(self, content: bytes, answer_s: float) -> tuple[int, str]:
        """Send what was announced and wait so long for the answer, which is returned.

        Raises:
            Refused: the server said no; the mail was not delivered.
            Upstream: the conversation broke off before the first byte of the mail.
            Unanswered: it broke off later.
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

    def send(self, *_: object, **__: object) -> NoReturn:
        """Flask-Mail's own way is closed: it hides refused recipients, and cannot tell a mail that
        was never sent from one that may have arrived.
        """
        raise NotImplementedError("offer() and deliver() send a mail")

    @property
    def _wire(self) -> socket.socket:
        wire = self._ready.sock
        if wire is None:
            raise smtplib.SMTPServerDisconnected("closed")
        return wire

    def _faults(self) -> AbstractContextManager[None]:
        return plain_faults(
            f"the mail server {self.mail.server}:{self.mail.port}", self.mail.default_sender
        )

    def _new_watch(self, longest_s: float) -> threading.Timer:
        watch = threading.Timer(longest_s, self._cut)
        watch.daemon = True
        return watch

    @property
    def _ready(self) -> _CheckedSmtp:
        if self.host is None:
            raise RuntimeError("secure() comes first")
        return self.host

    def _cut(self) -> None:
        wire = self.host.sock if self.host is not None else self._socket
        with suppress(OSError):
            if wire is not None:
                wire.shutdown(socket.SHUT_RDWR)


def _expect(code: int, answer: tuple[int, bytes]) -> None:
    """smtplib hands over refusals of the greeting as if they were none."""
    if answer[0] != code:
        raise smtplib.SMTPResponseException(*answer)


def _readable(words: bytes | str) -> str:
    """What a server said, without what does not print, in at most 500 characters."""
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return "".join(c if c.isprintable() else " " for c in said)[:500].strip()


def _mail_of(settings: SmtpSettings) -> Mail:
    """Flask-Mail's settings of one tenant; its usual ones are those of the whole application."""
    mail = Mail()
    mail.state = mail.init_mail(
        {
            "MAIL_SERVER": settings.host,
            "MAIL_PORT": settings.port,
            "MAIL_USE_TLS": settings.security == "starttls",
            "MAIL_USE_SSL": settings.security == "tls",
            "MAIL_USERNAME": settings.username,
            "MAIL_PASSWORD": settings.password,
            "MAIL_DEFAULT_SENDER": settings.from_address,
        }
    )
    return mail
