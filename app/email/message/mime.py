"""A message as it goes over the wire."""

from __future__ import annotations

from email.charset import QP, Charset
from email.mime.text import MIMEText
from email.utils import formataddr

from flask import Flask
from flask_mail import Mail, Message

# Flask-Mail writes messages in an application's context only; a worker has no other use for one.
_writer = Flask(__name__)
Mail(_writer)
_CHARSET = Charset("utf-8")
_CHARSET.body_encoding = QP


class _ShortLines(Message):
    """Flask-Mail sends lines as they are; a mail server refuses those of more than 998 bytes."""

    def _mimetext(self, text: str | None, subtype: str = "plain") -> MIMEText:
        return MIMEText(text or "", subtype, _charset=_CHARSET)  # type: ignore[arg-type]


def write_mail(
    *,
    sender: tuple[str, str],
    recipient: str,
    subject: str,
    html: str,
    text: str,
    message_header: str,
    unsubscribe_address: str | None,
) -> bytes:
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
        message = _ShortLines(
            subject,
            recipients=[recipient],
            body=text,
            html=html,
            sender=formataddr(sender),
            extra_headers=headers,
        )
        message.msgId = message_header
        return message.as_bytes()
