"""Recipients: added, changed, deleted, imported whole or not at all, and what is amiss said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.email.recipients.csv_import import judge_file
from app.errors import Invalid
from tests.page import Html, check_page
from tests.running import Browser, Site, port, provider, site
from tests.tasks.queue_page import ada

__all__ = ["ada", "port", "provider", "site"]
PAGE = "/analytics/email/recipients"
Superuser = psycopg.Connection[Any]


@pytest.fixture(autouse=True)
def fresh(site: Site, superuser: Superuser) -> Iterator[None]:
    superuser.execute("delete from branch_email_mappings")
    superuser.execute("delete from locations")
    superuser.execute("delete from email_suppression")
    superuser.execute(
        "insert into locations (tenant_id, location_id, name) values (%s, 'D01', 'Harbour'),"
        " (%s, 'D02', 'Up <town>')",
        (site.acme, site.acme),
    )
    yield


def stored(superuser: Superuser) -> list[tuple[str, str, str, bool]]:
    return superuser.execute(
        "select branch_id, email, name, is_enabled from branch_email_mappings order by 1, 2"
    ).fetchall()


def notices(html: Html) -> list[str]:
    return [html.text(e) for e in html.all("p") if "notice--warn" in (e.get("class") or "")]


def test_somebody_is_added_changed_and_deleted(ada: Browser, superuser: Superuser) -> None:
    page = check_page(ada.open(PAGE))
    assert "No recipients yet" in page.text()
    assert notices(page) == ["No one gets the report for D01 Harbour, D02 Up <town>."]
    fields = {"branch_id": "D01", "email": " Ana@Acme.Example ", "name": "Ana <b>"}
    page = check_page(ada.submit(PAGE, **fields, is_enabled="yes"))
    assert "ana@acme.example gets the report for D01 from now on." in page.text()
    assert stored(superuser) == [("D01", "ana@acme.example", "Ana <b>", True)]
    twice = ada.submit(PAGE, **fields, is_enabled="yes")
    assert twice.status_code == 409 and "already" in check_page(twice).text()
    (mapping_id,) = superuser.execute("select mapping_id from branch_email_mappings").fetchone()  # type: ignore[misc]
    page = check_page(
        ada.submit(f"{PAGE}/{mapping_id}", branch_id="D02", email="ann@acme.example", name="")
    )
    assert stored(superuser) == [("D02", "ann@acme.example", "", False)]
    superuser.execute("delete from locations where location_id = 'D02'")
    page = check_page(ada.open(PAGE))
    assert "Not in the branch file, so no report is made: D02." in notices(page)
    page = check_page(ada.submit(f"{PAGE}/{mapping_id}/delete"))
    assert "no longer gets the report for D02" in page.text() and not stored(superuser)


def test_who_unsubscribed_stays_out_until_an_admin_says_otherwise(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    fields = {"branch_id": "D01", "email": "ana@acme.example", "is_enabled": "yes"}
    ada.submit(PAGE, **fields)
    superuser.execute(
        "insert into email_suppression values (%s, 'ana@acme.example', 'refused')", (site.acme,)
    )
    page = check_page(ada.open(PAGE))
    assert "The mail server permanently refused ana@acme.example." in notices(page)
    assert "No one gets the report for D01 Harbour, D02 Up <town>." in notices(page)
    (mapping_id,) = superuser.execute("select mapping_id from branch_email_mappings").fetchone()  # type: ignore[misc]
    ada.submit(f"{PAGE}/{mapping_id}/delete")
    page = check_page(ada.submit(PAGE, **fields))
    assert "Refused" in page.text(), "adding an address anew does not bring it back"
    (mapping_id,) = superuser.execute("select mapping_id from branch_email_mappings").fetchone()  # type: ignore[misc]
    page = check_page(ada.submit(f"{PAGE}/{mapping_id}/resume"))
    assert "Reports go to ana@acme.example again." in page.text()
    assert not superuser.execute("select from email_suppression").fetchall()


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"email": "a@b.example"}, "branch_id"),
        ({"branch_id": "D01", "email": "ana"}, "email"),
        ({"branch_id": "D01", "email": "a@b.example\r\nBcc: x@y.example"}, "email"),
        ({"branch_id": "D01", "email": "a@b.example", "name": "x" * 121}, "name"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    ada: Browser, superuser: Superuser, fields: dict[str, str], wrong: str
) -> None:
    answer = ada.submit(PAGE, **fields)
    assert answer.status_code == 422
    page = check_page(answer)
    assert page.by_id(wrong).get("aria-invalid") == "true"
    assert page.text(page.by_id(f"{wrong}_error"))
    assert not stored(superuser)


FILE = "\ufeffEmail;Branch_ID;Name;Enabled\nana@acme.example;D01;Ana;no\nBO@acme.example;D02;;\n"


def test_a_file_is_shown_before_it_is_stored(ada: Browser, superuser: Superuser) -> None:
    ada.submit(PAGE, branch_id="D01", email="ana@acme.example", name="Ana", is_enabled="yes")
    preview = upload(ada, FILE)
    assert "1 new · 1 update · 0 unchanged · 0 error" in preview.text()
    assert len(stored(superuser)) == 1
    content = (
        preview.text(next(iter(preview.root.iter("textarea"))))
        and next(iter(preview.root.iter("textarea"))).text
    )
    page = check_page(ada.submit(f"{PAGE}/import", apply="yes", content=content or ""))
    assert "Imported: 2 recipients added or changed." in page.text()
    assert stored(superuser) == [
        ("D01", "ana@acme.example", "Ana", False),
        ("D02", "bo@acme.example", "", True),
    ]
    again = upload(ada, FILE)
    assert "0 new · 0 update · 2 unchanged" in again.text()


def test_one_wrong_row_stops_all(ada: Browser, superuser: Superuser) -> None:
    content = "branch_id,email,enabled\nD01,a@b.example,yes\nD01,A@b.example,yes\nD02,x,maybe\n"
    preview = upload(ada, content)
    assert "2 rows are wrong" in preview.text() and "Row 2 says the same" in preview.text()
    answer = ada.submit(f"{PAGE}/import", apply="yes", content=content)
    assert answer.status_code == 422 and not stored(superuser)


@pytest.mark.parametrize(
    "content",
    [b"", b"a,b\n1,2\n", b"branch_id,email\n", b"\xff\xfe\x00", b"branch_id,email\n\x00,x"],
)
def test_a_file_that_is_none_is_refused(ada: Browser, content: bytes) -> None:
    answer = ada.post(
        ada.site.url(f"{PAGE}/import"),
        {"csrf_token": ada.csrf_token()},
        files={"file": ("x.csv", content)},
        headers={"Origin": ada.site.base_url},
    )
    assert answer.status_code == 422
    assert check_page(answer).by_id("problems") is not None


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "cp1252"])
def test_a_file_is_read_as_customer_files_are(
    ada: Browser, superuser: Superuser, encoding: str
) -> None:
    """Separator line, title, wrappers, words for nothing, two addresses in a cell."""
    content = (
        "sep=;\nRecipients\nBranch_ID;Email;Name;Enabled\n"
        '"=""D01""";b@x.example; NULL;0\n\'D02;c@x.example, d@x.example;Müller;\n'
    )

    preview = upload(ada, content.encode(encoding))

    assert "3 new · 0 update · 0 unchanged · 0 error" in preview.text()
    area = next(iter(preview.root.iter("textarea"))).text
    ada.submit(f"{PAGE}/import", apply="yes", content=area or "", is_outside_confirmed="yes")
    assert stored(superuser) == [
        ("D01", "b@x.example", "", False),
        ("D02", "c@x.example", "Müller", True),
        ("D02", "d@x.example", "Müller", True),
    ]


def test_a_damaged_row_is_an_error_of_its_own(ada: Browser, superuser: Superuser) -> None:
    preview = upload(ada, 'branch_id,email,name\nD01,"a@x.example,A\nD02,b@x.example,B\nD02,c@x')

    assert "1 new · 0 update · 0 unchanged · 2 error" in preview.text()
    assert "a quotation mark in the row is not closed" in preview.text()
    assert "the file ends in the middle of the row" in preview.text()


@given(st.text(max_size=400))
def test_any_text_is_judged_or_refused(content: str) -> None:
    try:
        rows = judge_file(f"branch_id,email\n{content}", [])
    except Invalid:
        return
    assert all(row.verdict in ("new", "error") for row in rows)


def upload(ada: Browser, content: str | bytes) -> Html:
    raw = content if isinstance(content, bytes) else content.encode()
    answer = ada.post(
        ada.site.url(f"{PAGE}/import"),
        {"csrf_token": ada.csrf_token()},
        files={"file": ("recipients.csv", raw)},
        headers={"Origin": ada.site.base_url},
    )
    assert answer.status_code == 200, answer.text
    return check_page(answer)
