"""The audit log's page and files: filters, pages, formulas, and who may see them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from app import audit
from app.audit import Actor
from app.auth.audit_log.queries import AuditQuestion, all_audit_entries
from app.database.engine import tenant_transaction
from tests.auth.audit_log import Superuser
from tests.page import Html, check_fragment, check_page
from tests.running import ADA, GUS, REP, Browser, Site

PAGE = "/auth/audit"
EVE = Actor("eve@acme.example", "api", address="192.0.2.1", request_id="abcdef0123456789")
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def ada(site: Site) -> Iterator[Browser]:
    with Browser(site) as opened:
        opened.sign_in(ADA)
        yield opened


@pytest.fixture(scope="module", autouse=True)
def entries(site: Site, superuser: Superuser) -> None:
    """120 deeds of Eve, one of globex, and one of three days ago around midnight in New York."""
    with tenant_transaction(site.acme) as conn:
        for number in range(120):
            audit.record(conn, site.acme, EVE, "term.marked", f"term {number:03}", status="fixed")
        audit.record(conn, site.acme, EVE, "settings.changed", "=1+1|'<b>'", after={"host": "@x"})
    with tenant_transaction(site.globex) as conn:
        audit.record(conn, site.globex, EVE, "term.marked", "globex only")
    superuser.execute(
        """
        insert into audit_entry (tenant_id, happened_at, member_email, action, subject, via)
        values (%s, '2026-03-08 04:30+00', 'eve@acme.example', 'member.invited', 'late', 'page')
        """,
        (site.acme,),
    )


def subjects(html: Html) -> list[str]:
    return [html.text(cell) for cell in html.all("td") if cell.get("data-label") == "Subject"]


def older(html: Html) -> str:
    return next(a.get("href") or "" for a in html.all("a") if html.text(a) == "Older")


def test_pages_are_complete_and_each_entry_stands_once(ada: Browser) -> None:
    html = check_page(ada.open(f"{PAGE}?action=term"))
    seen = subjects(html)
    while len(seen) < 120:
        html = check_fragment(ada.open(older(html), headers=HTMX), "audit")
        seen += subjects(html)
    assert seen == [f"term {number:03}" for number in reversed(range(120))]
    assert not [a for a in html.all("a") if html.text(a) == "Older"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("query=TERM+007", ["term 007"]),
        ("action=settings.changed", ["=1+1|'<b>'"]),
        ("action=settings&email=eve@acme.example", ["=1+1|'<b>'"]),
        ("action=settings&email=ada@acme.example", []),
        ("start_date=2026-03-07&end_date=2026-03-07", ["late"]),
        ("start_date=2026-03-08&end_date=2026-03-08", []),
        ("query=globex+only", []),
    ],
)
def test_filters_leave_what_they_say(ada: Browser, filters: str, expected: list[str]) -> None:
    assert subjects(check_page(ada.open(f"{PAGE}?{filters}"))) == expected


def test_an_entry_says_through_what_and_from_where(ada: Browser) -> None:
    text = check_page(ada.open(f"{PAGE}?query=term+007")).text()
    assert "eve@acme.example Marked a search term term 007 status: fixed API 192.0.2.1" in text
    assert "ref abcdef01" in text


@pytest.mark.parametrize(
    "filters", ["start_date=soon", "end_date=9999-12-31", "before=x", "before=99999999999999999999"]
)
def test_an_address_that_cannot_be_read_says_so(ada: Browser, filters: str) -> None:
    answer = ada.open(f"{PAGE}?{filters}")
    assert answer.status_code == 422
    check_page(answer)


def test_a_foreign_place_in_the_log_shows_nothing(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    row = superuser.execute(
        "select entry_id from audit_entry where tenant_id = %s order by entry_id desc limit 1",
        (site.globex,),
    ).fetchone()
    assert row is not None
    assert subjects(check_page(ada.open(f"{PAGE}?before={row[0]}"))) == []


def test_the_file_has_every_entry_and_no_formula(ada: Browser) -> None:
    answer = ada.open(f"{PAGE}/export.csv?email=eve@acme.example")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 122
    assert rows[0]["subject"] == "'=1+1|'<b>'"
    assert rows[0]["detail"] == '{"after": {"host": "@x"}}'
    assert rows[-1]["at"] == "2026-03-07T23:30:00-05:00"
    book = ada.open(f"{PAGE}/export.xlsx?email=eve@acme.example")
    assert book.content.startswith(b"PK")


def test_a_long_log_is_read_in_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.auth.audit_log.queries._EXPORT_ROWS", 7)
    found = list(all_audit_entries(site.acme, AuditQuestion(action="term")))
    assert [entry.subject for entry in found] == [f"term {n:03}" for n in reversed(range(120))]


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}/export.csv"])
def test_only_admins_see_the_log(browser: Browser, path: str) -> None:
    browser.sign_in(REP)
    assert browser.open(path).status_code == 403


def test_another_tenant_s_admin_sees_the_own_log(browser: Browser) -> None:
    browser.sign_in(GUS)
    assert "globex only" in browser.open(PAGE).text
    assert "term 007" not in browser.open(f"{PAGE}/export.csv").text
