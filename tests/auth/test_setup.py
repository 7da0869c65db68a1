"""The set-up checklist, and where each role lands."""

from __future__ import annotations

import pytest

from tests.auth.audit_log import Superuser
from tests.email.mail_world import switch_on
from tests.page import Html, check_page
from tests.running import ADA, GUS, REP, VIEWER, Browser, Member, Site, path_of

PAGE = "/auth/setup"


def states(html: Html) -> dict[str, str]:
    """Done, To do or Later by the step's title."""
    found = {}
    for step in html.all("li"):
        if step.get("class") == "setup__step":
            title = next(html.text(e) for e in step.iter("h2"))
            found[title] = next(html.text(e) for e in step.iter("span"))
    return found


def test_a_new_tenant_is_told_what_is_missing_and_where_to_do_it(
    browser: Browser, site: Site, superuser: Superuser
) -> None:
    browser.sign_in(ADA)
    html = check_page(browser.open("/"))
    assert path_of(html.response) == PAGE
    assert states(html) == {
        "BigQuery": "To do",
        "First load": "To do",
        "Customers and branches": "To do",
        "Branches loaded": "To do",
        "Members": "Done",
        "Mail server": "To do",
        "Recipients": "To do",
        "Schedule": "To do",
        "Sending": "To do",
        "Reports": "To do",
    }
    assert "No day of the export is loaded yet." in html.text()
    first = browser.open(html.links(html.by_id("setup"))[0])
    assert path_of(first) == "/auth/settings/bigquery"


def test_every_step_links_to_a_page_that_is_there(browser: Browser) -> None:
    browser.sign_in(ADA)
    html = check_page(browser.open(PAGE))
    for link in html.links(html.by_id("setup")):
        assert browser.open(link).status_code == 200


def test_the_checklist_leaves_the_way_once_nothing_is_open(
    browser: Browser, site: Site, superuser: Superuser
) -> None:
    superuser.execute(
        "insert into locations (tenant_id, location_id, name) values (%s, 'D01', 'Harbour')",
        (site.acme,),
    )
    browser.sign_in(ADA)
    assert path_of(browser.open("/")) == PAGE
    superuser.execute(
        "insert into day_load (tenant_id, event_date, event_type, source_kind, row_count, load_id)"
        " values (%s, '2025-04-30', 'purchase', 'daily', 1, 1)",
        (site.acme,),
    )
    assert path_of(browser.open("/")) == PAGE
    superuser.execute(
        "update tenant_config set bigquery = %(set)s, sftp = %(set)s, smtp = %(set)s,"
        " bigquery_credentials = 'x', sftp_credentials = 'x' where tenant_id = %(acme)s",
        {"set": '{"host": "x", "host_key": ""}', "acme": site.acme},
    )
    superuser.execute(
        "insert into ingest_schedule (tenant_id, cron, time_zone) values (%s, '0 2 * * *', 'UTC')",
        (site.acme,),
    )
    superuser.execute(
        "insert into branch_email_mappings (tenant_id, branch_id, email)"
        " values (%s, 'D01', 'a@b.c')",
        (site.acme,),
    )
    switch_on(superuser, site.acme)
    assert path_of(browser.open("/")) == PAGE
    superuser.execute(
        "insert into email_schedule (tenant_id, kind, cron, time_zone)"
        " values (%s, 'report', '0 6 * * *', 'UTC')",
        (site.acme,),
    )
    assert path_of(browser.open("/")) == "/analytics/overview"
    html = check_page(browser.open(PAGE))
    assert "Setup is complete." in html.text()
    linked = [
        "/analytics/overview",
        "/auth/settings/bigquery",
        "/data",
        "/auth/settings/sftp",
        "/data",
        "/auth/members",
        "/auth/settings/smtp",
        "/analytics/email/recipients",
        "/data/schedule",
        "/analytics/email/send",
        "/analytics/email/schedule",
    ]
    assert html.links(html.by_id("setup")) == linked
    for table in (
        "day_load",
        "locations",
        "ingest_schedule",
        "branch_email_mappings",
        "email_schedule",
        "email_switch",
    ):
        superuser.execute(f"delete from {table}")
    superuser.execute("update tenant_config set bigquery = '{}', sftp = '{}', smtp = '{}'")


def test_a_tenant_s_set_up_is_its_own(browser: Browser, site: Site, superuser: Superuser) -> None:
    superuser.execute(
        "insert into locations (tenant_id, location_id, name) values (%s, 'D01', 'Harbour')",
        (site.acme,),
    )
    browser.sign_in(GUS)
    assert states(check_page(browser.open(PAGE)))["Branches loaded"] == "To do"
    superuser.execute("delete from locations")


@pytest.mark.parametrize(
    ("member", "path"), [(REP, "/analytics/queue"), (VIEWER, "/analytics/overview")]
)
def test_others_land_on_their_work(browser: Browser, member: Member, path: str) -> None:
    browser.sign_in(member)
    assert path_of(browser.open("/")) == path
    assert browser.open(PAGE).status_code == 403
