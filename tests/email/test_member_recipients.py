"""A member who may no longer see a branch no longer gets its reports, nor works its tasks."""

from __future__ import annotations

import re

import pytest
import requests

from app.settings import provision
from tests.email.mail_world import MailWorld
from tests.email.site_world import world
from tests.running import OLA, Site, port, provider, site

__all__ = ["port", "provider", "site", "world"]

# What became of Ola, who got the report of D01.
ENDS = [
    "update membership set location_ids = '{D02}' where email = %s",
    "update membership set location_ids = '{}' where email = %s",
    "update membership set is_active = false where email = %s",
    "update membership set role = 'viewer', location_ids = null where email = %s",
]


@pytest.fixture
def ola(site: Site, world: MailWorld) -> str:
    """The address of the link in Ola's report of D01."""
    provision.add_member(site.acme, OLA.email, "rep", ["D01"])
    world.superuser.execute(
        "update membership set location_ids = '{D01}', is_active = true, role = 'rep'"
        " where email = %s",
        (OLA.email,),
    )
    world.recipient("D01", OLA.email)
    world.plan_and_send("for ola")
    mail = next(m for m in reversed(world.server.deliveries) if m.recipient == OLA.email)
    found = re.search(r"/r/[A-Za-z0-9_-]{64}", mail.part("plain"))
    assert found is not None
    return site.url(found[0])


@pytest.mark.parametrize("end", ENDS)
def test_neither_the_link_nor_the_next_report_is_there(
    world: MailWorld, ola: str, end: str
) -> None:
    assert requests.get(ola).status_code == 200
    world.cart("K7")
    with world.as_worker():
        world.plan(key="planned before")
        world.superuser.execute(end, (OLA.email,))
        world.send()
        world.cart("K8")
        world.plan(key="planned after")
        world.send()

    assert requests.get(ola).status_code == 410
    rows = world.messages("schedule_key, recipient, status, reason")
    assert [(key, *more) for key, email, *more in rows if email == OLA.email] == [
        ("for ola", "sent", None),
        ("planned before", "skipped", "The recipient no longer gets the report for D01."),
    ]


def test_a_member_who_still_sees_the_branch_still_gets_it(world: MailWorld, ola: str) -> None:
    world.cart("K7")
    world.plan_and_send("next")
    rows = world.messages("schedule_key, recipient, status")
    assert ("next", OLA.email, "sent") in rows
    assert requests.get(ola).status_code == 200


def test_a_test_does_not_go_to_who_no_longer_sees_its_branches(world: MailWorld, ola: str) -> None:
    world.superuser.execute("update membership set role = 'manager' where email = %s", (OLA.email,))
    with world.as_worker():
        world.plan("test", "test", started_by=OLA.email, recipient=OLA.email)
        world.superuser.execute(
            "update membership set location_ids = '{D02}' where email = %s", (OLA.email,)
        )
        world.send()
    rows = world.messages("schedule_key, status, reason")
    assert [row[1:] for row in rows if row[0].startswith("test ")] == [
        ("skipped", "The recipient no longer sees D01.")
    ]
