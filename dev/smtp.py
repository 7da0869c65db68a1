"""A mail server that delivers nowhere but to its inbox page, for the demo and the tests.

    with start(Path(".demo")) as smtp:
        smtp.port, smtp.user, smtp.password, smtp.ca_file, smtp.inbox_url

It demands STARTTLS and then AUTH. Its certificate, for 127.0.0.1 and localhost, is signed by the
authority in `ca_file`. Recipients named `refused@…` get 550, `later@…` 451. Mails survive a
restart.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from dev.certificate import ensure_certificate
from dev.private_files import kept_secret
from dev.process import (
    HOST,
    Plan,
    Process,
    Service,
    choose_port,
    is_listening,
    python_module,
    start_on_port,
)
from dev.smtp_mail import Mail, list_mails

__all__ = ["Mail", "Smtp", "start"]

USER = "reports"


@dataclass(frozen=True)
class _Place:
    home: Path
    inbox_port: int
    password: str


class Smtp(Service):
    """A running server and its inbox page."""

    def __init__(self, process: Process, port: int, place: _Place) -> None:
        super().__init__(process, port)
        self.host = HOST
        self.user = USER
        self.password = place.password
        self.ca_file = place.home / "ca.pem"
        self.inbox_port = place.inbox_port
        self._mails = place.home / "mail"

    @property
    def inbox_url(self) -> str:
        """The page that lists what arrived."""
        return f"http://{HOST}:{self.inbox_port}/"

    def mails(self) -> list[Mail]:
        """Everything that arrived, the latest first."""
        return list_mails(self._mails)


def start(state: Path, port: int | None = None) -> Smtp:
    """Start the server over `state`/smtp.

    Raises:
        StackError: it does not start.
    """
    home = (state / "smtp").resolve()
    (home / "mail").mkdir(parents=True, exist_ok=True)
    ensure_certificate(home)

    def attempt(choice: int) -> Smtp:
        place = _Place(home, choose_port(home / "inbox"), kept_secret(home / "password"))
        settings = home / "settings.json"
        settings.write_text(json.dumps({"port": choice, "inbox_port": place.inbox_port}))
        plan = Plan(python_module("dev.smtp_server", str(settings)))
        process = Process("The mail server", plan, home / "smtp.log")
        process.wait_until(lambda: is_listening(choice) and is_listening(place.inbox_port))
        return Smtp(process, choice, place)

    return start_on_port(home, port, attempt)
