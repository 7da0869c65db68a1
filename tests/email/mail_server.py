"""A scripted mail server: it takes what it is sent, or does at one step what a script says.

    with MailServer(folder) as server:
        server.script = lambda step, recipient: "drop" if step == "dot" else None
        server.delivered      # Message-IDs, as often as each was delivered

Steps: connect, ehlo, starttls, auth, mail, rcpt, data, dot, quit. What a step can do: `refuse4`,
`refuse5`, `hang`, `drop`, `slow`, `garbage`; at `dot` also `taken_drop` and `taken_hang`: the mail
is delivered, and the answer never comes. `say 550 no` refuses with these words at any step.
"""

from __future__ import annotations

import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email import policy as policies
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from dev.certificate import ensure_certificate
from tests.planted import SECRETS

STEPS = ("connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "dot", "quit")
FAULTS = ("refuse4", "refuse5", "hang", "drop", "slow", "garbage")
AFTER_DOT = (*FAULTS, "taken_drop", "taken_hang")
USER, PASSWORD = "reports", SECRETS["mail password"]
SLOW_S = 0.15
LONGEST_LINE = 998  # RFC 5321
Script = Callable[[str, str], str | None]


class _Cut(Exception):
    """The connection ends here."""


@dataclass
class Delivery:
    """A mail that was taken."""

    recipient: str
    sender: str
    content: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def message(self) -> EmailMessage:
        """The mail, parsed."""
        return message_from_bytes(self.content, policy=policies.default)

    @property
    def message_header(self) -> str:
        """Its Message-ID."""
        return str(self.message["Message-ID"])

    def part(self, kind: str) -> str:
        """The body of this kind, plain or html."""
        body = self.message.get_body((kind,))
        assert body is not None
        return str(body.get_content())


class MailServer:
    """A server on a free port; `hang_s` is how long a hanging step takes."""

    def __init__(self, folder: Path, hang_s: float = 30.0) -> None:
        ensure_certificate(folder)
        self.ca_file = folder / "ca.pem"
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(folder / "server.pem")
        self.script: Script = lambda _step, _recipient: None
        self.hang_s = hang_s
        self.deliveries: list[Delivery] = []
        self.faults: list[tuple[str, str]] = []
        self.connections = 0
        self.lock = threading.Lock()
        self.is_over = threading.Event()
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _Talk(server, self.request).run()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address, daemon_threads, block_on_close = True, True, False
            request_queue_size = 64

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> MailServer:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def delivered(self) -> list[str]:
        """The Message-ID of each delivery."""
        with self.lock:
            return [one.message_header for one in self.deliveries]


class _Talk:
    """One connection."""

    def __init__(self, server: MailServer, wire: socket.socket) -> None:
        self._server, self._wire = server, wire
        self._buffer = b""
        self._recipient = ""
        self._sender = ""

    def run(self) -> None:
        with self._server.lock:
            self._server.connections += 1
        with suppress(_Cut, OSError):
            self._step("connect", "220 here")
            while self._command():
                pass
        self._close()

    def _close(self) -> None:
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)
        self._wire.close()

    def _command(self) -> bool:
        line = self._line()
        word = line[:4].upper()
        match word:
            case b"EHLO" | b"HELO":
                is_safe = isinstance(self._wire, ssl.SSLSocket)
                offer = "AUTH PLAIN LOGIN" if is_safe else "STARTTLS"
                self._step("ehlo", f"250-here\r\n250 {offer}")
            case b"STAR":
                self._step("starttls", "220 go")
                self._wire = self._server.context.wrap_socket(self._wire, server_side=True)
                self._buffer = b""
            case b"AUTH":
                self._step("auth", "235 welcome")
            case b"RSET":
                self._say("250 forgotten")
            case b"MAIL":
                self._sender = line[10:].decode().split(">")[0].strip("<> ")
                self._step("mail", "250 go on")
            case b"RCPT":
                self._recipient = line[8:].decode().split(">")[0].strip("<> ")
                self._step("rcpt", "250 go on", self._recipient)
            case b"DATA":
                if self._step("data", "354 go on", self._recipient):
                    self._content()
            case b"QUIT":
                self._step("quit", "221 bye")
                return False
            case _:
                self._say("502 what?")
        return True

    def _content(self) -> None:
        lines = []
        while (line := self._line()) != b".":
            if len(line) > LONGEST_LINE:
                self._say("500 5.6.0 line too long")
                raise _Cut
            lines.append(line.removeprefix(b"."))
        content = b"\r\n".join(lines) + b"\r\n"
        fault = self._fault("dot", self._recipient)
        if fault in (None, "slow", "garbage", "taken_drop", "taken_hang"):
            with self._server.lock:
                self._server.deliveries.append(Delivery(self._recipient, self._sender, content))
        self._do("250 taken", fault)

    def _step(self, step: str, answer: str, recipient: str = "") -> bool:
        return self._do(answer, self._fault(step, recipient))

    def _fault(self, step: str, recipient: str) -> str | None:
        fault = self._server.script(step, recipient)
        if fault:
            with self._server.lock:
                self._server.faults.append((step, fault))
        return fault

    def _do(self, answer: str, fault: str | None) -> bool:
        """Answer as the script says; False when the step was refused."""
        if fault in ("drop", "taken_drop"):
            raise _Cut
        if fault in ("hang", "taken_hang"):
            self._server.is_over.wait(self._server.hang_s)
            raise _Cut
        if fault and fault.startswith("say "):
            self._say(fault.removeprefix("say "))
            return False
        if fault == "slow":
            time.sleep(SLOW_S)
        if fault == "garbage":
            self._say("what a lovely day")
            return False
        if fault == "refuse4":
            self._say("451 4.3.0 later")
            return False
        if fault == "refuse5":
            self._say("550 5.1.1 nobody <here>\x1b")
            return False
        self._say(answer)
        return True

    def _say(self, words: str) -> None:
        self._wire.sendall(words.encode() + b"\r\n")

    def _line(self) -> bytes:
        while b"\r\n" not in self._buffer:
            more: Any = self._wire.recv(65536)
            if not more:
                raise _Cut
            self._buffer += more
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        return line
