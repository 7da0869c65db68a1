"""The page of API tokens, without JavaScript and with."""

from __future__ import annotations

import psycopg
import pytest
import requests

from tests.auth.test_api_tokens import call, made
from tests.page import check_fragment, check_page
from tests.running import ADA, REP, VIEWER, Browser, Site

Connection = psycopg.Connection[tuple[object, ...]]


def post(browser: Browser, path: str = "", htmx: bool = False, **form: object) -> requests.Response:
    headers = {"Origin": browser.site.base_url} | ({"HX-Request": "true"} if htmx else {})
    fields = {"csrf_token": browser.csrf_token(), **form}
    return browser.post(browser.site.url(f"/auth/tokens{path}"), fields, headers=headers)


def test_a_wrong_form_keeps_what_was_typed(browser: Browser) -> None:
    browser.sign_in(ADA)
    answer = post(browser, name="x" * 81, scopes=["work"], lifetime_days="180")
    html = check_page(answer)
    assert answer.status_code == 422
    assert html.by_id("token_name").get("value") == "x" * 81
    assert html.text(html.by_id("name_error")) == "Use at most 80 characters."
    assert [e.get("value") for e in html.all("input") if e.get("checked") is not None] == ["work"]
    assert 'value="180" selected' in answer.text


@pytest.mark.parametrize(
    "form",
    [
        {"name": "", "scopes": ["read"], "lifetime_days": "30"},
        {"name": "  ", "scopes": ["read"], "lifetime_days": "30"},
        {"name": "n", "scopes": [], "lifetime_days": "30"},
        {"name": "n", "scopes": ["everything"], "lifetime_days": "30"},
        {"name": "n", "scopes": ["read"], "lifetime_days": "3650"},
        {"name": "n", "scopes": ["read"], "lifetime_days": "soon"},
        {"name": "a\x01b", "scopes": ["read"], "lifetime_days": "30"},
    ],
)
def test_what_cannot_be_made_is_refused(browser: Browser, form: dict[str, object]) -> None:
    browser.sign_in(ADA)
    answer = post(browser, **form)
    assert answer.status_code == 422
    assert 'id="new_token"' not in answer.text


@pytest.mark.parametrize(
    ("member", "offered"),
    [
        (ADA, ["read", "work", "ingest", "admin"]),
        (REP, ["read", "work"]),
        (VIEWER, ["read"]),
    ],
    ids=["admin", "rep", "viewer"],
)
def test_a_role_offers_what_it_may_itself(
    browser: Browser, member: object, offered: list[str]
) -> None:
    browser.sign_in(member)  # type: ignore[arg-type]
    html = check_page(browser.open("/auth/tokens"))
    boxes = [e.get("value") for e in html.all("input") if e.get("name") == "scopes"]
    assert boxes == offered
    refused = post(browser, name="n", scopes=["read", "beyond"], lifetime_days="30")
    assert refused.status_code == 422


def test_a_fragment_shows_the_new_token_and_revoking_ends_it(
    browser: Browser, site: Site, superuser: Connection
) -> None:
    browser.sign_in(REP)
    answer = post(browser, htmx=True, name="Short", scopes=["read"], lifetime_days="30")
    html = check_fragment(answer, "api_tokens")
    token = str(html.by_id("new_token").get("value"))
    assert call(site, token).status_code == 200
    row = superuser.execute("select api_token_id from api_token where name = 'Short'").fetchone()
    assert row is not None
    ended = post(browser, f"/{row[0]}/revoke", htmx=True)
    assert "“Short” was revoked" in ended.text
    assert call(site, token).status_code == 401
    assert post(browser, f"/{row[0]}/revoke").status_code == 200, "twice is once"


def test_an_admin_ends_anybody_s_token_and_nobody_else_does(
    browser: Browser, site: Site, superuser: Connection
) -> None:
    token = made(site, VIEWER, ["read"], "Vic's")
    row = superuser.execute("select api_token_id from api_token where name = 'Vic''s'").fetchone()
    assert row is not None
    browser.sign_in(REP)
    assert "Vic&#39;s" not in browser.open("/auth/tokens").text
    assert post(browser, f"/{row[0]}/revoke").status_code == 404
    assert call(site, token).status_code == 200
    with Browser(site) as admin:
        admin.sign_in(ADA)
        assert "Vic&#39;s" in admin.open("/auth/tokens").text
        assert post(admin, f"/{row[0]}/revoke").status_code == 200
    assert call(site, token).status_code == 401


def test_nobody_has_tokens_without_end(browser: Browser, superuser: Connection) -> None:
    browser.sign_in(VIEWER)
    statuses = {
        post(browser, name="n", scopes=["read"], lifetime_days="30").status_code for _ in range(26)
    }
    superuser.execute("delete from api_token where name = 'n'")
    assert statuses == {200, 409}


def test_signing_out_with_a_token_revokes_it(site: Site) -> None:
    token = made(site, VIEWER, ["read"], "Leaving")
    headers = {"Authorization": f"Bearer {token}"}
    assert requests.post(site.url("/auth/api/v1/logout"), headers=headers).status_code == 200
    assert call(site, token).status_code == 401
