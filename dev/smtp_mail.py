"""Mails as the demo's mail server keeps them: one file each, named by arrival."""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

ENVELOPE_HEADER = b"X-Demo-Envelope: "


@dataclass(frozen=True)
class Mail:
    """A mail that arrived. `to`: the envelope's recipients; `html` and `text` may be empty."""

    mail_id: str
    arrived_at: datetime
    sender: str
    to: tuple[str, ...]
    subject: str
    text: str
    html: str
    message: EmailMessage


def keep(folder: Path, sender: str, recipients: list[str], content: bytes) -> str:
    """Write a mail wholly or not at all; its id."""
    mail_id = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
    envelope = json.dumps({"from": sender, "to": recipients}).encode()
    fresh = folder / f"{mail_id}.new"
    fresh.write_bytes(ENVELOPE_HEADER + envelope + b"\r\n" + content)
    fresh.rename(folder / f"{mail_id}.eml")
    return mail_id


def list_mails(folder: Path) -> list[Mail]:
    """Every mail, the latest first."""
    return [_read(path) for path in sorted(folder.glob("*.eml"), reverse=True)]


def find_mail(folder: Path, mail_id: str) -> Mail | None:
    """The mail of this id."""
    path = folder / f"{mail_id}.eml"
    return _read(path) if path.parent == folder and path.exists() else None


def clear(folder: Path) -> None:
    """Throw every mail away."""
    for path in folder.glob("*.eml"):
        path.unlink(missing_ok=True)


def _read(path: Path) -> Mail:
    first, _, content = path.read_bytes().partition(b"\r\n")
    envelope = json.loads(first.removeprefix(ENVELOPE_HEADER))
    message = message_from_bytes(content, policy=policy.default)
    return Mail(
        path.stem,
        datetime.fromtimestamp(int(path.stem.partition("-")[0]) / 1e9, UTC),
        str(message.get("From", envelope["from"])),
        tuple(envelope["to"]),
        str(message.get("Subject", "")),
        _part(message, "plain"),
        _part(message, "html"),
        message,
    )


def _part(message: EmailMessage, kind: str) -> str:
    """The body of one kind, whatever its encoding claims."""
    body = message.get_body((kind,))
    if body is None:
        return ""
    raw = body.get_payload(decode=True)
    charset = body.get_content_charset("utf-8")
    if not isinstance(raw, bytes):
        return ""
    try:
        return raw.decode(charset, "replace")
    except LookupError:
        return raw.decode("utf-8", "replace")
