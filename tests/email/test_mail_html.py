"""Mails as they look: golden files, what mail programs support, and an enemy's words inert."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest

from app.email.message.mime import write_mail
from app.email.message.render import Rendered, defuse, render_digest, render_link, render_report
from app.tasks.contacts import Contact
from tests.email import mails
from tests.email.mails import FRAME, HOSTILE

GOLDEN = Path(__file__).parent / "golden"
SUPPORT = tomllib.loads((Path(__file__).parent / "support.toml").read_text())
MAILS = {
    "report": lambda: render_report(mails.report(), FRAME),
    "digest": lambda: render_digest(mails.digest(), FRAME),
    "link": lambda: render_link(mails.PERIOD, "rep@acme.example", FRAME),
    "hostile": lambda: render_report(mails.hostile_report(), FRAME),
}


@pytest.fixture(params=MAILS)
def mail(request: pytest.FixtureRequest) -> tuple[str, Rendered]:
    return request.param, MAILS[request.param]()


def elements(html: str) -> Iterator[Element]:
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(html)
    assert not parser.errors, [(place, name) for place, name, _ in parser.errors]
    return root.iter()


def test_golden_files(mail: tuple[str, Rendered]) -> None:
    """`GOLDEN=write` writes them anew; look at the difference before it is committed."""
    name, rendered = mail
    for kind in ("html", "text", "subject"):
        path = GOLDEN / f"{name}.{kind}"
        made = getattr(rendered, kind)
        if os.environ.get("GOLDEN") == "write":
            path.write_text(made)
        assert path.read_text() == made, f"{path.name} differs"


def test_only_what_mail_programs_support(mail: tuple[str, Rendered]) -> None:
    html = mail[1].html
    known = {*SUPPORT["properties"]["yes"], *SUPPORT["properties"]["ignored"]}
    for element in elements(html):
        assert element.tag in SUPPORT["tags"]["yes"], element.tag
        for name, value in declarations(element.get("style") or ""):
            assert name in known, name
            assert name != "display" or value in SUPPORT["displays"]["yes"], value
            assert "url(" not in value and "var(" not in value
    (sheet,) = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert re.findall(r"@[^{]+", sheet) == [f"{SUPPORT['at_rules']['ignored'][0]} "]
    inner = re.findall(r"([a-z-]+):\s*([^;}]+)", sheet.partition("{")[2])
    assert {name for name, _ in inner} <= known


def declarations(style: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, (one.strip() for one in style.split(";"))):
        name, _, value = part.partition(":")
        yield name.strip(), value.strip()


def test_size_pictures_and_targets(mail: tuple[str, Rendered]) -> None:
    rendered = mail[1]
    assert len(rendered.html.encode()) < 100 * 1024
    for element in elements(rendered.html):
        assert element.tag not in ("img", "form", "script", "link", "iframe", "input")
        assert not [attribute for attribute in element.attrib if attribute.startswith("on")]
        if element.tag == "a":
            assert re.match(r"(https://sales\.example/|tel:\+?\d+$)", element.get("href") or "")


def test_the_text_stands_alone(mail: tuple[str, Rendered]) -> None:
    text = mail[1].text
    assert "<" not in text or mail[0] == "hostile"
    assert "None" not in re.findall(r"\w+", text) and "https://sales.example/r/" in text
    assert "Unsubscribe: https://" in text or mail[0] == "link"


def test_an_enemy_s_words_stay_words() -> None:
    rendered = MAILS["hostile"]()
    assert not re.search(r"[\r\n\x00-\x1f\u202e\u2028]", rendered.subject)
    texts = [element.text or "" for element in elements(rendered.html)]
    said = " ".join(texts)
    assert "<script>alert(1)</script>" in said and "{{ 7*7 }}${7*7}" in said
    for part in (rendered.text, said):
        assert "\u202e" not in part and "\x1b" not in part
        assert not re.search(r"evil\.example|@evil|javascript://|https?://evil", part)
    assert "\nBcc:" not in rendered.text
    content = write_mail(
        sender=("Acme\r\nBcc: x@evil.example", "reports@acme.example"),
        recipient="rep@acme.example",
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        message_header="<1@acme.example>",
        unsubscribe_address="https://sales.example/r/x/unsubscribe",
    )
    message = message_from_bytes(content, policy=policy.default)
    assert not message["Bcc"] and message["To"] == "rep@acme.example"
    assert max(map(len, content.splitlines())) <= 998
    assert content.count(b"\n") == content.count(b"\r\n")


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_is_left_to_make_a_link_of(words: str) -> None:
    assert not re.search(r"\w\.[a-z]|\w@\w|\w://\w", defuse(words))


def test_ordinary_words_are_left_alone() -> None:
    for words in ("Valve 1/2 in. brass", "Grün & Söhne", "2,340.50 USD", "3.5 mm", "a – b"):
        assert defuse(words) == words


@pytest.mark.parametrize("letter", ["W", '"', "&", "\U0001f600"])
def test_the_worst_report_is_small_enough(letter: str) -> None:
    long = letter * 3000
    many = tuple(
        mails.lead(
            *(
                mails.task(
                    100 * n + k,
                    "no_results",
                    customer_name=long,
                    contact_name=long,
                    detail={"terms": [{"term": long, "searches": 2}]},
                )
                for k in range(12)
            ),
            people=(Contact("c", long, None, long),) * 3,
        )
        for n in range(10)
    )
    cards = tuple(one.card for one in many) * 2
    closed = tuple(
        mails.task(5000 + n, "cart", customer_name=long, state="closed", closed_reason="recovered")
        for n in range(200)
    )
    rendered = render_report(
        mails.report(new=many, open=cards, closed=closed, branches=(long,) * 500), FRAME
    )
    assert len(rendered.html.encode()) < 100 * 1024
