"""A message as it goes over the wire."""

from __future__ import annotations

from email.utils import formataddr

from flask import Flask
from flask_mail import Mail, Message

# Flask-Mail writes messages in an application's context only; a worker has no other use for one.
_writer = Flask(__name__)
Mail(_writer)


def write_mail(
    *, sender: tuple[str, str], recipient: str, subject: str, html: str, text: str,
    message_header: str, unsubscribe_address: str | None,
) -> bytes:  # fmt: skip
    """The bytes of one message: text and HTML side by side.

    `sender` is a name and an address, `message_header` the Message-ID. With an unsubscribe address
    it carries the two headers of one-click unsubscribing (RFC 8058).
    """
    headers = {"Auto-Submitted": "auto-generated"}
    if unsubscribe_address:
        headers |= {
            "List-Unsubscribe": f"<{unsubscribe_address}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    with _writer.app_context():
        message = Message(
            subject, recipients=[recipient], body=text, html=html, sender=formataddr(sender),
            extra_headers=headers,
        )  # fmt: skip
        message.msgId = message_header
        return message.as_bytes()
