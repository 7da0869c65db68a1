"""Signs in at an SSH server by a method it accepts; errors name the methods.

Some servers accept a password only as the response to a question (keyboard-interactive). The same
method asks for one-time codes and new passwords, which no program can give.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence

import paramiko
from paramiko.auth_handler import AuthHandler

from app.errors import Upstream

_INTERACTIVE = "keyboard-interactive"
_NEW_PASSWORD = re.compile(r"new password|change .*password|expired|retype", re.IGNORECASE)
_CODE = re.compile(
    r"code|token|\botp\b|one.?time|verif|factor|passcode|\bpin\b|response|duo", re.IGNORECASE
)
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_SHOWN_CHARACTERS = 80

Fields = Sequence[tuple[str, bool]]


def sign_in(
    transport: paramiko.Transport,
    place: str,
    username: str,
    password: str | None,
    private_key: paramiko.PKey | None,
) -> None:
    """Sign in with the key, else with the password.

    Raises:
        Upstream: the server requires another method, or an input that only a person can give.
        paramiko.AuthenticationException: it refused the key or password itself.
    """
    what = "key" if private_key is not None else "password"
    try:
        if private_key is not None:
            further = transport.auth_publickey(username, private_key)
        else:
            further = _with_password(transport, place, username, str(password))
    except paramiko.BadAuthenticationType as error:
        raise _other_method(place, what, error.allowed_types) from error
    if further and _INTERACTIVE in further and password and private_key is None:
        further = _interactively(transport, place, username, password)
    if further:
        raise Upstream(
            f"{_capital(place)} took the {what} and asks for a further proof: "
            f"{', '.join(further)}. Only one can be stored: ask its operator to let this user "
            "in with one.",
            permanent=True,
            kind="permanent",
        )


def _with_password(
    transport: paramiko.Transport, place: str, username: str, password: str
) -> list[str]:
    """Sign in with the password, directly or as a response; returns what is still missing."""
    try:
        return list(transport.auth_password(username, password, fallback=False))
    except paramiko.BadAuthenticationType as error:
        if _INTERACTIVE not in error.allowed_types:
            raise
    return _interactively(transport, place, username, password)


def _interactively(
    transport: paramiko.Transport, place: str, username: str, password: str
) -> list[str]:
    """Give the password to the server's questions; returns what is still missing."""
    unanswered: list[str] = []
    try:
        event, handler = threading.Event(), _FurtherTry(transport)
        transport.auth_handler = handler
        handler.auth_interactive(username, _answering(password, unanswered), event)
        return list(handler.wait_for_response(event))
    except paramiko.AuthenticationException as error:
        if not unanswered:
            raise
        raise _unanswerable(place, unanswered[0]) from error


class _FurtherTry(AuthHandler):  # type: ignore[misc] # paramiko is untyped
    """A second method on the same connection; the library's class requests the service again.

    Some servers hang up at that, as the standard allows.
    """

    def _request_auth(self) -> None:
        accepted = paramiko.Message()
        accepted.add_string("ssh-userauth")
        accepted.rewind()
        self._parse_service_accept(accepted)


def _answering(password: str, unanswered: list[str]) -> Callable[[str, str, Fields], list[str]]:
    """Give the password to each hidden question for it, and record every other question."""

    def answer(title: str, instructions: str, fields: Fields) -> list[str]:
        is_new = _NEW_PASSWORD.search(" ".join((title, instructions, *(f[0] for f in fields))))
        return [answer_one(prompt, is_echoed or bool(is_new)) for prompt, is_echoed in fields]

    def answer_one(prompt: str, is_other: bool) -> str:
        if is_other or _CODE.search(prompt):
            unanswered.append(prompt)
            return ""
        return password

    return answer


def _unanswerable(place: str, prompt: str) -> Upstream:
    shown = _CONTROLS.sub(" ", prompt).strip()[:_SHOWN_CHARACTERS]
    if _NEW_PASSWORD.search(prompt):
        fix = "The password has expired. Set a new one there, and enter it in the settings."
    else:
        fix = "Ask its operator to let this user in with a password or key alone."
    return Upstream(
        f"{_capital(place)} asks “{shown}”, which only a person can answer. {fix}",
        permanent=True,
        kind="permanent",
    )


def _other_method(place: str, what: str, offered: Sequence[str]) -> Upstream:
    """The server never checked the key or password; the fix is another method."""
    names = ", ".join(name for name in offered if name) or "none"
    fix = f"Ask its operator to allow a {what}"
    if what == "password" and "publickey" in offered:
        fix += ", or enter a private key in the settings"
    if what == "key" and {"password", _INTERACTIVE} & set(offered):
        fix += ", or enter the password in the settings"
    return Upstream(
        f"{_capital(place)} does not take a {what} from this user. It offers: {names}. {fix}.",
        permanent=True,
        kind="permanent",
    )


def _capital(place: str) -> str:
    return place[0].upper() + place[1:]
