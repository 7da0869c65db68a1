"""Marking a term: who may, what is asked for, what follows, and two people at once."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from typing import Any
from uuid import UUID

import pytest
import requests

from tests.page import Html, check_fragment, check_page
from tests.running import GUS, REP, VIEWER, Browser, Site
from tests.tasks.acting import post
from tests.tasks.shop_rows import DAYS, HTMX, SCRIPT, ada, loaded
from tests.tasks.task_rows import Superuser
from tests.tasks.test_terms_pages import LIST, rows_of, term_path

__all__ = ["ada", "loaded"]

MARK = f"/analytics/tasks/search-terms/term?{DAYS}"
VALVE = "valve 3in"


@pytest.fixture(autouse=True)
def unmarked(superuser: Superuser) -> Iterator[None]:
    """No term is marked before and after."""
    yield
    superuser.execute("delete from search_term")
    superuser.execute("update task set fixed_at = null")


def mark(browser: Browser, status: str, term: str = VALVE, **more: Any) -> requests.Response:
    """Post the form as htmx does."""
    is_htmx = more.pop("is_htmx", True)
    fields = {"term": term, "status": status, "seen_at": "", **more}
    return post(browser, MARK, fields, is_htmx=is_htmx)


def seen_at(browser: Browser, term: str = VALVE) -> str:
    """What the form says about the decision it replaces."""
    html = check_page(browser.open(term_path(term)))
    return next(e.get("value") or "" for e in html.all("input") if e.get("name") == "seen_at")


def stored(superuser: Superuser, tenant_id: UUID) -> list[tuple[object, ...]]:
    """The decisions of a tenant."""
    return superuser.execute(
        "select term, status, redirect_to, note, decided_by from search_term where tenant_id = %s",
        (tenant_id,),
    ).fetchall()


def fragment(response: requests.Response) -> Html:
    """The term's part of the answer, whatever its id."""
    root = response.text.partition('id="')[2].partition('"')[0]
    return check_fragment(response, root)


def test_a_marked_term_says_who_and_when_in_its_row_too(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    answer = mark(ada, "redirected", redirect_to="valve 3 inch", note="as agreed")
    assert answer.status_code == 200, answer.text
    html = fragment(answer)
    assert "as agreed" in html.text() and "Marked as redirected." in html.text()
    status = next(e for e in html.all("span") if (e.get("id") or "").startswith("status_"))
    assert (status.get("hx-swap-oob"), "by ada@acme.example" in html.text(status)) == ("true", True)
    assert stored(superuser, site.acme) == [
        (VALVE, "redirected", "valve 3 inch", "as agreed", "ada@acme.example"),
    ]
    row = rows_of(check_page(ada.open(LIST)))[VALVE]
    assert "Redirected to valve 3 inch today" in row
    assert "before the mark: no one searched for it" in html.text()


def test_without_javascript_it_leads_back_to_the_term(ada: Browser) -> None:
    page = mark(ada, "missing", is_htmx=False)
    text = check_page(page).text()
    assert "Marked as not sold." in text and "We do not sell it" in text


def test_all_terms_fixed_close_the_customer_s_task_and_unmarking_opens_it(
    ada: Browser, superuser: Superuser, site: Site
) -> None:
    def fixed() -> list[object]:
        rows = superuser.execute(
            "select fixed_at is not null from task where tenant_id = %s"
            " and task_type = 'no_results' and 'secret of three' = any(terms)",
            (site.acme,),
        ).fetchall()
        return [row[0] for row in rows]

    assert fixed() == [False]
    assert mark(ada, "fixed", "secret of three").status_code == 200
    assert fixed() == [True]
    seen = seen_at(ada, "secret of three")
    assert mark(ada, "none", "secret of three", seen_at=seen).status_code == 200
    assert (fixed(), stored(superuser, site.acme)) == ([False], [])


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"status": ""}, "Choose what was done about it."),
        ({"status": "bought"}, "Choose what was done about it."),
        ({"status": "redirected"}, "Enter where people are redirected"),
        ({"status": "fixed", "note": "x" * 2001}, "at most 2000 characters"),
        ({"status": "fixed", "seen_at": "yesterday"}, "The form is not complete"),
    ],
)
def test_a_wrong_form_is_shown_again_with_what_is_wrong(
    ada: Browser, site: Site, superuser: Superuser, form: dict[str, str], says: str
) -> None:
    answer = mark(ada, **form)
    assert answer.status_code == 422
    assert says in fragment(answer).text()
    assert stored(superuser, site.acme) == []


def test_what_was_typed_into_a_wrong_form_is_kept_and_is_no_markup(ada: Browser) -> None:
    answer = mark(ada, "redirected", redirect_to=" ", note=SCRIPT)
    assert SCRIPT not in answer.text and SCRIPT in unescape(answer.text)


def test_a_mark_somebody_else_made_meanwhile_is_not_overwritten(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    mark(ada, "fixed")
    answer = mark(ada, "missing")
    assert answer.status_code == 409
    assert "ada@acme.example marked it fixed" in fragment(answer).text()
    assert [row[1] for row in stored(superuser, site.acme)] == ["fixed"]
    assert mark(ada, "missing", seen_at=seen_at(ada)).status_code == 200


@pytest.mark.parametrize("member", [REP, VIEWER, GUS])
def test_only_admins_and_managers_of_the_tenant_mark(
    browser: Browser, superuser: Superuser, site: Site, member: Any
) -> None:
    browser.sign_in(member)
    assert mark(browser, "fixed").status_code == (404 if member is GUS else 403)
    assert (stored(superuser, site.acme), stored(superuser, site.globex)) == ([], [])


@pytest.mark.parametrize("term", ["never searched for", "x" * 600, "a\x01b"])
def test_a_term_nobody_searched_for_cannot_be_marked(ada: Browser, term: str) -> None:
    assert mark(ada, "fixed", term).status_code == 404


def test_a_post_without_the_form_s_token_is_refused(ada: Browser, site: Site) -> None:
    fields = {"term": VALVE, "status": "fixed"}
    headers = HTMX | {"Origin": site.base_url}
    assert ada.post(site.url(MARK), fields, headers=headers).status_code in (400, 403)
