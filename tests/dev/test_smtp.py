"""The demo's mail server and inbox, with smtplib as the peer."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import requests

from dev import smtp
from dev.smtp import Smtp


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Smtp]:
    with smtp.start(tmp_path_factory.mktemp("smtp")) as running:
        yield running


def connect(server: Smtp) -> smtplib.SMTP:
    """A verified, signed-in connection."""
    link = smtplib.SMTP(server.host, server.port)
    link.starttls(context=ssl.create_default_context(cafile=str(server.ca_file)))
    link.login(server.user, server.password)
    return link


def report(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Shop <a@acme.example>", "b@x.y", subject
    message.set_content("Grüße, <all>")
    message.add_alternative(
        '<p style="color:red">Hi</p><script>alert(1)</script><a href="http://127.0.0.1/">t</a>',
        subtype="html",
    )
    return message


def test_mail_arrives_with_envelope_text_and_html(server: Smtp) -> None:
    with connect(server) as link:
        link.send_message(report("Täglich <b>"), to_addrs=["b@x.y", "c@x.y"])
    mail = server.mails()[0]
    assert (mail.sender, mail.to, mail.subject, mail.text.strip()) == (
        "Shop <a@acme.example>",
        ("b@x.y", "c@x.y"),
        "Täglich <b>",
        "Grüße, <all>",
    )
    assert "alert(1)" in mail.html


def test_inbox_page_shows_mail_as_text_and_sandboxed_html(server: Smtp) -> None:
    with connect(server) as link:
        link.send_message(report("Weekly <i>"))
    page = requests.get(server.inbox_url).text
    assert "Weekly &lt;i&gt;" in page
    path = re.findall(r'href="(/mail/[^"]+)"', page)[0]
    detail = requests.get(f"{server.inbox_url.rstrip('/')}{path}")
    assert "Grüße, &lt;all&gt;" in detail.text
    assert "alert(1)" not in detail.text
    assert re.search(r'<iframe[^>]* sandbox="allow-popups [^"]*"', detail.text)
    assert "allow-scripts" not in detail.text
    html = requests.get(f"{server.inbox_url.rstrip('/')}{path}/html")
    assert html.headers["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert "default-src 'none'" in html.headers["Content-Security-Policy"]
    assert "alert(1)" in html.text


def test_nothing_is_accepted_before_tls_and_sign_in(server: Smtp) -> None:
    with smtplib.SMTP(server.host, server.port) as link:
        assert link.ehlo()[0] == 250
        assert link.mail("a@acme.example") == (530, b"Must issue a STARTTLS command first")
        assert not link.has_extn("auth")
        link.starttls(context=ssl.create_default_context(cafile=str(server.ca_file)))
        link.ehlo()
        assert link.mail("a@acme.example")[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError):
            link.login(server.user, "guess")


def test_certificate_is_not_trusted_without_its_authority(server: Smtp) -> None:
    with (
        smtplib.SMTP(server.host, server.port) as link,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        link.starttls(context=ssl.create_default_context())


def test_scripted_addresses_are_refused_others_get_the_mail(server: Smtp) -> None:
    recipients = ["refused@x.y", "later@x.y", "kept@x.y"]
    with connect(server) as link:
        refused = link.send_message(report("Partly"), to_addrs=recipients)
    assert {address: code for address, (code, _) in refused.items()} == {
        "refused@x.y": 550,
        "later@x.y": 451,
    }
    assert server.mails()[0].to == ("kept@x.y",)


def test_mails_survive_a_restart_until_the_inbox_is_emptied(tmp_path: Path) -> None:
    with smtp.start(tmp_path) as first, connect(first) as link:
        link.send_message(report("Kept"))
    with smtp.start(tmp_path) as second:
        assert [mail.subject for mail in second.mails()] == ["Kept"]
        forged = {"Origin": "http://elsewhere.example"}
        requests.post(f"{second.inbox_url}clear", headers=forged)
        assert len(second.mails()) == 1
        requests.post(f"{second.inbox_url}clear")
        assert second.mails() == []


def test_programs_read_the_inbox_as_json(server: Smtp) -> None:
    with connect(server) as link:
        link.send_message(report("For programs"))
    answer = requests.get(f"{server.inbox_url}messages")
    assert answer.headers["Content-Type"] == "application/json"
    found = next(mail for mail in answer.json() if mail["subject"] == "For programs")
    assert found["to"] == ["b@x.y"] and "From" in found["headers"]
    assert "Grüße, <all>" in found["text"] and "<p" in found["html"] and found["id"]
