"""Who decides who receives sees it himself: a manager of one branch, at every door."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import requests

from app.settings import provision
from tests.email.mail_world import MailWorld
from tests.email.site_world import ANA, world
from tests.page import check_page
from tests.running import ADA, MEG, OLA, VIEWER, Browser, Site, port, provider, site

__all__ = ["port", "provider", "site", "world"]
PAGE = "/analytics/email/recipients"
API = "/analytics/api/v1/email"
BO, EVE = "bo@acme.example", "eve@elsewhere.example"
YES = {"is_outside_confirmed": "yes"}


@pytest.fixture
def meg(site: Site, world: MailWorld) -> Iterator[Browser]:
    """A manager of D01; Ola is a rep of D02, and Bo gets the report of D02."""
    provision.add_member(site.acme, MEG.email, "manager", ["D01"])
    provision.add_member(site.acme, OLA.email, "rep", ["D02"])
    world.recipient("D02", BO)
    world.superuser.execute("delete from email_schedule")
    world.superuser.execute(
        "insert into email_schedule (tenant_id, kind, cron, time_zone)"
        " values (%s, 'report', '0 7 * * 1', 'UTC')",
        (site.acme,),
    )
    with Browser(site) as opened:
        opened.sign_in(MEG)
        yield opened


def state(world: MailWorld) -> list[tuple[Any, ...]]:
    """Who receives what, and when it is sent."""
    return world.superuser.execute(
        "select branch_id, email, is_enabled::text from branch_email_mappings"
        " union all select kind, cron, is_paused::text from email_schedule order by 1, 2"
    ).fetchall()


def mapping(world: MailWorld, email: str) -> UUID:
    """The recipient's id."""
    row = world.superuser.execute(
        "select mapping_id from branch_email_mappings where email = %s", (email,)
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


# Why it is refused, branch, address.
REFUSED = [
    ("another branch", "D02", MEG.email),
    ("another branch", "D02", EVE),
    ("an unknown branch", "X9", ANA),
    ("a member of another branch", "D01", OLA.email),
    ("a viewer", "D01", VIEWER.email),
    ("an outside address", "D01", EVE),
    ("a public provider", "D01", "acme@gmail.com"),
    ("a look-alike", "D01", "a@acme.example.com"),
]


@pytest.mark.parametrize("door", ["page", "change", "import", "post", "put"])
def test_no_door_makes_a_recipient_of_what_the_manager_may_not_hand_out(
    world: MailWorld, site: Site, meg: Browser, door: str
) -> None:
    world.superuser.execute(
        "update branch_email_mappings set email = 'pat@gmail.com' where email = %s", (ANA,)
    )
    world.recipient("D01", ANA)
    before = state(world)
    passed = [
        (why, branch, email)
        for why, branch, email in REFUSED
        if enter(world, site, meg, door, branch, email).status_code != 422
    ]
    assert (passed, state(world)) == ([], before)


def enter(
    world: MailWorld, site: Site, meg: Browser, door: str, branch: str, email: str
) -> requests.Response:
    """Make that address a recipient of that branch at one door."""
    form = {"branch_id": branch, "email": email, "is_enabled": "yes"}
    json = {"location_id": branch, "email": email}
    if door == "page":
        return meg.submit(PAGE, **form)
    if door == "change":
        return meg.submit(f"{PAGE}/{mapping(world, ANA)}", **form)
    if door == "import":
        content = f"branch_id,email\n{branch},{email}\n"
        return meg.submit(f"{PAGE}/import", apply="yes", content=content)
    if door == "post":
        return requests.post(site.url(f"{API}/mappings"), json=json, headers=site.headers(MEG))
    address = site.url(f"{API}/mappings/{mapping(world, ANA)}")
    return requests.put(address, json=json, headers=site.headers(MEG))


@pytest.mark.parametrize("confirmation", [{}, YES])
def test_an_outside_address_is_confirmed_and_audited(
    world: MailWorld, site: Site, meg: Browser, confirmation: dict[str, str]
) -> None:
    answer = meg.submit(PAGE, branch_id="D01", email=EVE, is_enabled="yes", **confirmation)
    answered = requests.post(
        site.url(f"{API}/mappings"),
        headers=site.headers(MEG),
        json={"location_id": "D01", "email": f"x{EVE}"}
        | ({"is_outside_confirmed": True} if confirmation else {}),
    )
    content = f"branch_id,email\nD01,y{EVE}\n"
    imported = meg.submit(f"{PAGE}/import", apply="yes", content=content, **confirmation)

    if not confirmation:
        assert "is not an address of your company" in check_page(answer).text()
        assert [answer.status_code, answered.status_code, imported.status_code] == [422] * 3
        return
    assert [answer.status_code, answered.status_code, imported.status_code] == [200, 201, 200]
    audited = world.superuser.execute(
        "select detail ->> 'is_outside', detail ->> 'outside' from audit_entry"
        " where tenant_id = %s and action like 'email.recipient%%' order by happened_at desc"
        " limit 3",
        (site.acme,),
    ).fetchall()
    assert audited == [(None, f'["y{EVE}"]'), ("true", None), ("true", None)]


def test_an_import_says_what_is_wrong_and_who_is_outside(meg: Browser) -> None:
    content = f"branch_id,email\nD02,{ANA}\nX9,{ANA}\nD01,{OLA.email}\nD01,{EVE}\n"
    page = check_page(meg.submit(f"{PAGE}/import", content=content)).text()
    assert "D02 is not one of your branches." in page
    assert "X9 is not one of your branches." in page
    assert f"{OLA.email} is a member who may not get reports of D01." in page
    assert "Outside the company" in page and "1 new · 0 update · 0 unchanged · 3 error" in page


def test_what_is_outside_the_scope_is_neither_seen_nor_changed(
    world: MailWorld, site: Site, meg: Browser
) -> None:
    before, bo, bearer = state(world), mapping(world, BO), site.headers(MEG)
    form = {"branch_id": "D01", "email": BO, "is_enabled": "yes"}
    json = {"location_id": "D01", "email": BO}
    cron = {"cron": "0 5 * * *", "time_zone": "UTC"}
    address, schedule = f"{API}/mappings/{bo}", f"{API}/schedule?kind=report"

    assert meg.submit(f"{PAGE}/{bo}", **form).status_code == 404
    assert "already deleted" in meg.submit(f"{PAGE}/{bo}/delete").text
    assert requests.put(site.url(address), json=json, headers=bearer).status_code == 404
    assert requests.delete(site.url(address), headers=bearer).json() == {"was_there": False}
    assert requests.put(site.url(schedule), json=cron, headers=bearer).status_code == 403
    assert requests.delete(site.url(schedule), headers=bearer).status_code == 403
    at = {"kind": "days", "days": "mon", "at": "05:00", "time_zone": "UTC"}
    assert meg.submit("/analytics/email/schedule/report", **at).status_code == 403
    assert meg.submit("/analytics/email/schedule/report/delete").status_code == 403

    assert state(world) == before
    page = check_page(meg.open(PAGE)).text()
    assert ANA in page and BO not in page and "D02" not in page
    assert [row["email"] for row in site.api(f"{API}/mappings", MEG).json()["data"]] == [ANA]
    assert "sees every branch can change them" in meg.open("/analytics/email/schedule").text
    assert not check_page(meg.open("/analytics/email/schedule")).all("fieldset")


def test_a_digest_sent_by_hand_goes_to_those_whose_branches_the_manager_sees(
    world: MailWorld, meg: Browser
) -> None:
    meg.submit("/analytics/email/send/digest")
    with world.as_worker():
        world.run_queued("plan_mail")
        world.send()
    rows = world.messages("recipient, branch_ids, status")
    assert [row for row in rows if row[0] in (MEG.email, ADA.email)] == [
        (MEG.email, ["D01"], "sent")
    ]


def test_an_api_change_without_the_switch_switches_nobody_on(world: MailWorld, site: Site) -> None:
    world.superuser.execute("update branch_email_mappings set is_enabled = false")
    address = site.url(f"{API}/mappings/{mapping(world, ANA)}")
    json = {"location_id": "D01", "email": ANA, "name": "Ana"}
    answer = requests.put(address, json=json, headers=site.headers())
    assert (answer.status_code, answer.json()["is_enabled"]) == (200, False)
