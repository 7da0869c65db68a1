"""The demo's mail server and inbox, run by `dev/smtp.py` with a settings file."""

from __future__ import annotations

import hmac
import json
import ssl
import sys
from collections.abc import Callable
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from flask import Flask, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from dev.process import HOST
from dev.smtp import USER
from dev.smtp_mail import Mail, clear, find_mail, keep, list_mails
from dev.web import build_app, serve

REFUSALS = {
    "refused": "550 5.1.1 No such mailbox here",
    "later": "451 4.3.0 Please try again later",
}
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none';"
    " style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"
)


class Inbox:
    """What aiosmtpd calls for each recipient and mail."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Refuse the addresses made for it, accept all others."""
        refusal = REFUSALS.get(address.partition("@")[0].lower())
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the mail before saying so."""
        content = envelope.original_content or b""
        mail_id = keep(self._folder, str(envelope.mail_from), envelope.rcpt_tos, content)
        return f"250 OK kept as {mail_id}"


def build_controller(home: Path, port: int) -> Controller:
    """The mail server: nothing before STARTTLS and AUTH."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(home / "server.pem")
    password = (home / "password").read_bytes()

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        if not isinstance(given, LoginPassword) or given.login != USER.encode():
            return AuthResult(success=False, handled=False)
        success = hmac.compare_digest(given.password, password)
        return AuthResult(success=success, handled=success)

    return Controller(
        Inbox(home / "mail"),
        hostname=HOST,
        port=port,
        tls_context=context,
        require_starttls=True,
        authenticator=authenticate,
        auth_required=True,
        ident="Demo mail server",
    )


def create_app(folder: Path) -> Flask:
    """The inbox page."""
    app = build_app()

    def find(mail_id: str) -> Mail:
        return find_mail(folder, mail_id) or abort(404)

    @app.get("/")
    def inbox() -> str:
        return render_template("inbox.html", mails=list_mails(folder))

    @app.get("/mail/<mail_id>")
    def mail(mail_id: str) -> str:
        return render_template("mail.html", mail=find(mail_id))

    @app.get("/messages")
    def messages() -> list[dict[str, object]]:
        """Everything that arrived, the latest first, for programs."""
        return [
            {
                "id": mail.mail_id,
                "to": list(mail.to),
                "subject": mail.subject,
                "text": mail.text,
                "html": mail.html,
                "headers": {name: str(value) for name, value in mail.message.items()},
            }
            for mail in list_mails(folder)
        ]

    _add_parts(app, find)

    @app.post("/clear")
    def empty() -> AnyResponse:
        own = request.host_url.rstrip("/")
        if request.headers.get("Origin", own) == own:
            clear(folder)
        return redirect(url_for("inbox"), 303)

    return app


def _add_parts(app: Flask, find: Callable[[str], Mail]) -> None:
    @app.get("/mail/<mail_id>/html")
    def mail_html(mail_id: str) -> Response:
        """The HTML part as a document that can do nothing but be read; links open elsewhere."""
        page = Response(f'<base target="_blank">{find(mail_id).html}', mimetype="text/html")
        page.headers["Content-Security-Policy"] = MAIL_POLICY
        return page

    @app.get("/mail/<mail_id>/source")
    def source(mail_id: str) -> Response:
        return Response(find(mail_id).message.as_bytes(), mimetype="text/plain")


def main() -> None:
    """Serve until SIGTERM."""
    path = Path(sys.argv[1])
    settings = json.loads(path.read_text())
    build_controller(path.parent, settings["port"]).start()
    serve(create_app(path.parent / "mail"), settings["inbox_port"])


if __name__ == "__main__":
    main()
