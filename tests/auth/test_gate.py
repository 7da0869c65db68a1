"""Who may go on: pages, tenants, deactivation, other sites' forms."""

from __future__ import annotations

import json

import psycopg
import pytest
import requests

from app.settings import provision
from tests.running import ADA, REP, VIEWER, Browser, Site, path_of

Connection = psycopg.Connection[tuple[object, ...]]


def test_whoever_is_not_signed_in_is_asked_to_and_brought_back(browser: Browser) -> None:
    answer = browser.open("/analytics/overview?range=30d", follow=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/auth/login?next=/analytics/overview?range%3D30d"


def test_a_fragment_asks_the_whole_page_to_sign_in(browser: Browser) -> None:
    answer = browser.open("/analytics/overview", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/auth/login")


def test_every_page_is_closed_to_whoever_is_not_signed_in(site: Site) -> None:
    open_to_all = {
        "static",
        "auth.sign_in",
        "auth.signed_out",
        "auth.start",
        "auth.callback",
        "auth_api.login",
        "status.health",
        "status.live",
        "status.ready",
        "status.docs",
        "status.metrics",
        "status.openapi_json",
        "links.report",
        "links.way_out",
    }
    reached = set()
    for rule in site.app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()):
            continue
        path = site.app.url_map.bind("").build(
            rule.endpoint, {name: _sample(rule, name) for name in rule.arguments}
        )
        answer = requests.get(site.url(path), allow_redirects=False)
        goes_to_sign_in = answer.headers.get("Location", "").startswith("/auth/login")
        if answer.status_code != 401 and not goes_to_sign_in:
            reached.add(rule.endpoint)
    assert reached == open_to_all


def _sample(rule: object, name: str) -> str:
    converter = rule._converters[name]  # type: ignore[attr-defined]
    if type(converter).__name__ == "AnyConverter":
        return str(min(converter.items))
    is_uuid = type(converter).__name__ == "UUIDConverter"
    return "00000000-0000-0000-0000-000000000000" if is_uuid else "1"


def test_a_member_of_two_tenants_chooses(browser: Browser, site: Site) -> None:
    browser.sign_in(ADA)
    assert "<strong>Acme</strong>" in browser.open("/docs").text
    answer = browser.submit("/auth/tenant", tenant_id=str(site.globex), next="/docs")
    assert path_of(answer) == "/docs"
    assert "<strong>Globex</strong>" in answer.text


@pytest.mark.parametrize("tenant", ["globex", "unknown", "nonsense"])
def test_nobody_switches_to_a_tenant_that_is_not_theirs(
    browser: Browser, site: Site, tenant: str
) -> None:
    browser.sign_in(VIEWER)
    ids = {"globex": str(site.globex), "unknown": "00000000-0000-0000-0000-000000000000"}
    answer = browser.submit("/auth/tenant", tenant_id=ids.get(tenant, tenant))
    assert answer.status_code == (422 if tenant == "nonsense" else 403)
    assert "<strong>Acme</strong>" in browser.open("/docs").text


def test_a_deactivated_member_is_out_at_once(browser: Browser, superuser: Connection) -> None:
    browser.sign_in(REP)
    superuser.execute("update membership set is_active = false where email = %s", (REP.email,))
    answer = browser.open("/analytics/overview")
    assert answer.status_code == 403
    assert "Your account has no access yet" in answer.text
    superuser.execute("update membership set is_active = true where email = %s", (REP.email,))
    assert browser.open("/analytics/overview", follow=False).status_code == 200


def test_a_suspended_tenant_is_closed_and_nothing_is_done_in_another(
    browser: Browser, site: Site, superuser: Connection
) -> None:
    browser.sign_in(ADA)
    superuser.execute("update tenant set is_suspended = true where slug = 'acme'")
    refused = browser.open("/analytics/overview")
    superuser.execute("update tenant set is_suspended = false where slug = 'acme'")
    assert refused.status_code == 403
    assert "Continue in Globex" in refused.text
    assert "<strong>Globex</strong>" in browser.open("/docs").text


def test_a_deleted_session_is_signed_out(browser: Browser, site: Site) -> None:
    browser.sign_in(ADA)
    site.app.extensions["redis_client"].delete(f"signed-in:{browser.cookie()}")
    assert path_of(browser.open("/analytics/overview")) == "/auth/login"


def test_a_sign_in_ends_after_twelve_hours_however_busy(browser: Browser, site: Site) -> None:
    browser.sign_in(ADA)
    client, key = site.app.extensions["redis_client"], f"signed-in:{browser.cookie()}"
    kept = json.loads(client.get(key))
    for hours, page in ((11.9, "/analytics/overview"), (12.1, "/auth/login")):
        began = kept["signed_in_at"] - hours * 3600
        client.set(key, json.dumps({**kept, "signed_in_at": began}))
        assert path_of(browser.open("/analytics/overview")) == page


def test_a_change_needs_the_csrf_token(browser: Browser, site: Site) -> None:
    browser.sign_in(ADA)
    answer = browser.submit("/auth/tenant", csrf_token="wrong", tenant_id=str(site.globex))
    assert answer.status_code == 400
    assert "<strong>Acme</strong>" in browser.open("/docs").text


@pytest.mark.parametrize("origin", ["https://evil.test", "null", "http://127.0.0.1:1"])
def test_a_change_must_come_from_our_own_pages(browser: Browser, site: Site, origin: str) -> None:
    browser.sign_in(ADA)
    answer = browser.submit("/auth/tenant", origin=origin, tenant_id=str(site.globex))
    assert answer.status_code == 403
    assert "another site" in answer.text


def test_a_change_without_any_origin_is_refused(browser: Browser, site: Site) -> None:
    browser.sign_in(ADA)
    form = {"csrf_token": browser.csrf_token(), "tenant_id": str(site.globex)}
    assert browser.post(site.url("/auth/tenant"), form).status_code == 403


def test_the_referrer_stands_in_for_a_missing_origin(browser: Browser, site: Site) -> None:
    browser.sign_in(ADA)
    form = {"csrf_token": browser.csrf_token(), "tenant_id": str(site.globex), "next": "/docs"}
    headers = {"Referer": site.url("/docs")}
    assert browser.post(site.url("/auth/tenant"), form, headers=headers).status_code == 200


def test_a_member_added_again_is_changed_not_doubled(site: Site, superuser: Connection) -> None:
    first = provision.add_member(site.acme, "Zoe@Acme.example", "viewer")
    again = provision.add_member(site.acme, "zoe@acme.example", "manager", ["D01"])
    assert first == again
    row = superuser.execute(
        "select email, role, location_ids from membership where membership_id = %s", (first,)
    ).fetchone()
    assert row == ("zoe@acme.example", "manager", ["D01"])
