"""What a form or a body does not say, it does not grant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import requests

from tests.page import check_page
from tests.running import ADA, REP, Browser, Site, port, provider, site
from tests.tasks.queue_page import ada

__all__ = ["ada", "port", "provider", "site"]

Superuser = psycopg.Connection[Any]
MEMBERS, RECIPIENTS = "/auth/members", "/analytics/email/recipients"
AT = {"kind": "days", "days": "mon", "at": "05:00", "time_zone": "UTC"}
TOKEN = {"name": "Nightly", "scopes": "read", "lifetime_days": "30"}


@pytest.fixture(autouse=True)
def granted(site: Site, superuser: Superuser) -> Iterator[None]:
    """Rae is a rep of D01 and D02, Ana's report and both schedules are off."""
    for table in ("branch_email_mappings", "email_schedule", "ingest_schedule", "locations"):
        superuser.execute(f"delete from {table}")
    statements = (
        "insert into locations (tenant_id, location_id, name) values (%s, 'D01', 'Harbour')",
        "insert into branch_email_mappings (tenant_id, branch_id, email, is_enabled)"
        " values (%s, 'D01', 'ana@acme.example', false)",
        "insert into email_schedule (tenant_id, kind, cron, time_zone, is_paused)"
        " values (%s, 'report', '0 7 * * 1', 'UTC', true)",
        "insert into ingest_schedule (tenant_id, cron, time_zone, days_back, is_paused)"
        " values (%s, '0 7 * * 1', 'UTC', 4, true)",
    )
    for statement in statements:
        superuser.execute(statement, (site.acme,))
    yield


def state(superuser: Superuser) -> list[tuple[Any, ...]]:
    """What is granted, to whom."""
    return superuser.execute(
        "select email, role, location_ids::text from membership"
        " union all select name, token_start, '' from api_token"
        " union all select branch_id, email, is_enabled::text from branch_email_mappings"
        " union all select 'mail', kind, is_paused::text from email_schedule"
        " union all select 'ingest', '', is_paused::text from ingest_schedule order by 1, 2"
    ).fetchall()


# Where a form goes, and what it says.
REFUSED = [
    (MEMBERS, {"email": "new@acme.example", "role": "rep"}),
    (MEMBERS, {"email": "new@acme.example", "role": "manager"}),
    (MEMBERS, {"email": "new@acme.example", "role": "viewer", "scope": ""}),
    (MEMBERS, {"email": "new@acme.example", "role": "rep", "scope": "some"}),
    (MEMBERS, {"email": "new@acme.example", "scope": "all"}),
    (f"{MEMBERS}/{{rae}}", {"role": "rep"}),
    (f"{MEMBERS}/{{rae}}", {"role": "viewer"}),
    ("/auth/tokens", {name: TOKEN[name] for name in ("name", "lifetime_days")}),
    ("/auth/tokens", {name: TOKEN[name] for name in ("name", "scopes")}),
    ("/analytics/email/send/switch", {}),
]


@pytest.mark.parametrize(("path", "form"), REFUSED)
def test_a_form_that_does_not_say_it_is_refused(
    ada: Browser, site: Site, superuser: Superuser, path: str, form: dict[str, str]
) -> None:
    (rae,) = superuser.execute(
        "select membership_id from membership where tenant_id = %s and email = %s",
        (site.acme, REP.email),
    ).fetchone() or ("",)
    before = state(superuser)
    answer = ada.submit(path.format(rae=rae), **form)
    assert (answer.status_code, state(superuser)) == (422, before)


def test_what_is_off_stays_off_when_nothing_is_said_about_it(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    (mapping,) = superuser.execute("select mapping_id from branch_email_mappings").fetchone() or ()
    before, cron = state(superuser), {"cron": "0 7 * * 1", "time_zone": "UTC"}
    ana = {"branch_id": "D01", "email": "ana@acme.example"}
    answers = [
        ada.submit("/analytics/email/schedule/report", **AT),
        ada.submit("/data/schedule", **AT, days_back="4"),
        ada.submit(f"{RECIPIENTS}/{mapping}", **ana),
        ada.submit(
            f"{RECIPIENTS}/import",
            apply="yes",
            content="branch_id,email,name\nD01,ana@acme.example,Ana\n",
        ),
        put(site, "/analytics/api/v1/email/schedule?kind=report", cron),
        put(site, "/data/api/v1/schedule", cron),
        put(
            site,
            f"/analytics/api/v1/email/mappings/{mapping}",
            {"location_id": "D01", "email": "ana@acme.example"},
        ),
    ]
    assert [answer.status_code for answer in answers] == [200] * 7
    assert state(superuser) == before


def put(site: Site, path: str, body: dict[str, str]) -> requests.Response:
    """Change something through the API."""
    return requests.put(site.url(path), json=body, headers=site.headers(ADA))


def test_a_new_recipient_whose_switch_is_not_sent_is_off(
    ada: Browser, superuser: Superuser
) -> None:
    ada.submit(RECIPIENTS, branch_id="D01", email="bo@acme.example")
    assert ("D01", "bo@acme.example", "false") in state(superuser)


def test_the_form_that_invites_a_rep_asks_for_branches(ada: Browser) -> None:
    page = check_page(ada.open(MEMBERS))
    chosen = [
        e.get("value")
        for e in page.all("input")
        if e.get("name") in ("role", "scope") and "checked" in e.attrib
    ]
    assert chosen == ["rep", "some"]


@pytest.mark.parametrize("more", [[], ["--all-branches", "--location-id", "D01"]])
def test_the_command_line_asks_for_branches(
    site: Site, superuser: Superuser, more: list[str]
) -> None:
    before = state(superuser)
    args = ["member", "invite", "acme", "new@acme.example", "--role", "rep", *more]
    done = site.app.test_cli_runner().invoke(args=args)
    assert (done.exit_code, state(superuser)) == (1, before)
    assert "--all-branches" in done.output
