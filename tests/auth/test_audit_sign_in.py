"""Signing in and out, joining, switching and being refused enter the log of the right tenants."""

from __future__ import annotations

import requests

from tests.auth.audit_log import Superuser, entries_since, last_entry_id
from tests.running import ADA, REP, STRANGER, Browser, Site


def test_a_sign_in_and_a_sign_out_are_told_to_every_tenant_of_the_member(
    browser: Browser, site: Site, superuser: Superuser
) -> None:
    with Browser(site) as first:
        first.sign_in(ADA)  # joins: later sign-ins are plain ones
    since = last_entry_id(superuser)
    browser.sign_in(ADA)
    browser.submit("/auth/logout")
    for tenant_id in (site.acme, site.globex):
        assert entries_since(superuser, tenant_id, since) == [
            (ADA.email, "auth.signed_in", "", "page"),
            (ADA.email, "auth.signed_out", "", "page"),
        ]


def test_the_first_sign_in_says_who_joined(
    browser: Browser, site: Site, superuser: Superuser
) -> None:
    since = last_entry_id(superuser)
    browser.sign_in(REP)
    assert [entry[1:3] for entry in entries_since(superuser, site.acme, since)] == [
        ("member.joined", REP.email),
        ("auth.signed_in", ""),
    ]
    assert entries_since(superuser, site.globex, since) == []


def test_an_entry_names_address_and_request(
    browser: Browser, site: Site, superuser: Superuser
) -> None:
    browser.sign_in(ADA)
    answer = browser.submit("/auth/tenant", tenant_id=str(site.globex), next="/docs", follow=False)
    row = superuser.execute(
        "select tenant_id, action, address, request_id, member_id is not null from audit_entry"
        " order by entry_id desc limit 1"
    ).fetchone()
    request_id = answer.headers["X-Request-Id"]
    assert row == (site.globex, "auth.tenant_chosen", "127.0.0.1", request_id, True)


def test_a_deactivated_member_s_sign_in_is_told_as_refused(
    browser: Browser, site: Site, superuser: Superuser
) -> None:
    with Browser(site) as first:
        first.sign_in(REP)
    superuser.execute("update membership set is_active = false where email = %s", (REP.email,))
    since = last_entry_id(superuser)
    browser.sign_in(REP)
    superuser.execute("update membership set is_active = true where email = %s", (REP.email,))
    assert entries_since(superuser, site.acme, since) == [
        (REP.email, "auth.sign_in_refused", "", "page"),
    ]


def test_a_stranger_leaves_no_entry(browser: Browser, superuser: Superuser) -> None:
    since = last_entry_id(superuser)
    browser.sign_in(STRANGER)
    assert last_entry_id(superuser) == since


def test_signing_out_through_the_api_is_told_too(
    browser: Browser, site: Site, superuser: Superuser
) -> None:
    browser.sign_in(ADA)
    since = last_entry_id(superuser)
    origin = {"Origin": site.base_url}
    assert browser.post(site.url("/auth/api/v1/logout"), headers=origin).status_code == 200
    assert entries_since(superuser, site.acme, since) == [
        (ADA.email, "auth.signed_out", "", "api"),
    ]
    anonymous = requests.post(site.url("/auth/api/v1/logout"), headers=origin)
    assert anonymous.status_code == 200
    assert len(entries_since(superuser, site.acme, since)) == 1


def test_the_command_line_is_told_without_any_secret(site: Site, superuser: Superuser) -> None:
    since = last_entry_id(superuser)
    run = site.app.test_cli_runner().invoke
    run(args=["member", "invite", "acme", "zed@acme.example", "--role", "rep", "--all-branches"])
    assert entries_since(superuser, site.acme, since) == [
        ("", "member.provisioned", "zed@acme.example", "command"),
    ]
