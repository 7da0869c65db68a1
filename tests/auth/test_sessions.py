"""How long a sign-in lasts, when its id changes, and coming back to the page after it ended."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
import requests
from flask import session

from app.factory import create_app
from tests.running import ADA, REP, Browser, Site, path_of

Connection = psycopg.Connection[tuple[object, ...]]
PAGE = "/analytics/overview?range=30d"


def key_of(browser: Browser) -> str:
    return f"signed-in:{browser.cookie()}"


def test_a_sign_in_ends_when_nobody_asks_for_two_hours(browser: Browser, site: Site) -> None:
    browser.sign_in(ADA)
    redis = site.app.extensions["redis_client"]
    assert 7190 < redis.ttl(key_of(browser)) <= 7200
    redis.expire(key_of(browser), 100)
    assert path_of(browser.open(PAGE)) == "/analytics/overview"
    assert 7190 < redis.ttl(key_of(browser)) <= 7200, "every request keeps it alive"
    redis.pexpire(key_of(browser), 1)
    assert path_of(browser.open(PAGE)) == "/auth/login"


@pytest.mark.parametrize(
    ("shown", "back"),
    [
        (
            "{site}/analytics/overview?range=30d&location_id=D%2001",
            "/analytics/overview?range=30d&location_id=D%2001",
        ),
        ("https://evil.test/analytics", "/"),
        ("{site}//evil.test/", "/"),
        ("{site}.evil.test/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_an_expired_fragment_leads_back_to_the_page(
    browser: Browser, site: Site, shown: str, back: str
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": shown.format(site=site.base_url)}
    answer = browser.open("/analytics/overview/branches", headers=headers)
    assert answer.status_code == 401
    link = browser.open(answer.headers["HX-Redirect"])
    assert path_of(link) == "/auth/login"
    signed_in = browser.get(
        site.url("/auth/start"),
        params={"login_hint": ADA.email, "next": next_of(answer)},
        allow_redirects=False,
    )
    while "/auth/callback" not in signed_in.url:
        signed_in = browser.get(signed_in.headers["Location"], allow_redirects=False)
    assert signed_in.headers["Location"] == back


def next_of(answer: requests.Response) -> str:
    """The page that a redirect to the sign-in carries."""
    query = urlsplit(answer.headers["HX-Redirect"]).query
    return parse_qs(query)["next"][0]


def test_a_form_that_came_too_late_leads_back_to_its_page(browser: Browser, site: Site) -> None:
    answer = browser.post(
        site.url("/auth/tokens"),
        headers={"Referer": site.url(PAGE), "Origin": site.base_url},
        allow_redirects=False,
    )
    assert answer.headers.get("Location", "").startswith("/auth/login?next=/analytics/overview")


@pytest.mark.parametrize(
    "change",
    [
        "role = 'viewer'",
        "location_ids = '{D01}'",
        "location_ids = null",
    ],
)
def test_a_change_of_authority_gives_the_session_a_new_id(
    browser: Browser, site: Site, superuser: Connection, change: str
) -> None:
    browser.sign_in(REP)
    browser.open(PAGE)
    before = browser.cookie()
    browser.open(PAGE)
    assert browser.cookie() == before
    superuser.execute(f"update membership set {change} where email = %s", (REP.email,))
    fragment = browser.open("/analytics/overview", headers={"HX-Request": "true"})
    assert (fragment.status_code, browser.cookie()) == (200, before), "not in mid-page"
    assert path_of(browser.open(PAGE)) == "/analytics/overview"
    superuser.execute(
        "update membership set role = 'rep', location_ids = '{D01,D02}' where email = %s",
        (REP.email,),
    )
    assert browser.cookie() != before
    with Browser(site) as thief:
        thief.cookies.set("signed-in", str(before))
        assert path_of(thief.open(PAGE)) == "/auth/login"


def test_switching_the_tenant_gives_a_new_id_and_makes_old_forms_stale(
    browser: Browser, site: Site
) -> None:
    browser.sign_in(ADA)
    browser.open(PAGE)
    before, old_form = browser.cookie(), browser.csrf_token()
    browser.submit("/auth/tenant", tenant_id=str(site.globex), next="/docs")
    assert browser.cookie() != before
    late = browser.submit("/auth/tenant", csrf_token=old_form, tenant_id=str(site.acme))
    assert late.status_code == 400
    assert "<strong>Globex</strong>" in browser.open("/docs").text


def test_a_request_that_ends_after_the_sign_out_does_not_bring_it_back(
    browser: Browser, site: Site
) -> None:
    """It read the session before, changed it, and writes it after."""
    browser.sign_in(ADA)
    app, redis = site.app, site.app.extensions["redis_client"]
    kept = key_of(browser)
    with app.test_request_context("/docs", headers={"Cookie": f"signed-in={browser.cookie()}"}):
        assert session["_user_id"]
        browser.submit("/auth/logout", follow=False)
        session["late"] = True
        app.session_interface.save_session(app, session, app.make_response(""))
    assert redis.get(kept) is None


def test_the_idle_time_is_a_setting(site: Site) -> None:
    app = create_app(site.config.model_copy(update={"session_idle_s": 900}))
    with app.test_client() as client:
        client.get("/auth/start", base_url=site.base_url)
        cookie = client.get_cookie("signed-in", domain="127.0.0.1")
        assert cookie is not None
        redis = app.extensions["redis_client"]
        assert 890 < redis.ttl(f"signed-in:{cookie.value}") <= 900
        assert "pending" in json.loads(redis.get(f"signed-in:{cookie.value}"))
