"""One step, one door: page, card, mail link, bulk, board and JSON accept and refuse the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from app.email.links.tokens import find_token
from app.settings import provision
from tests.email.mail_world import MailWorld
from tests.email.site_world import ANA, world
from tests.email.test_links import form_of
from tests.running import ADA, MEG, REP, Browser, Site, port, provider, site
from tests.tasks.step_cases import CASES, day

__all__ = ["port", "provider", "site", "world"]

DOORS = {
    "page": ("call", "done", "snooze", "assign", "note"),
    "card": ("call", "done", "snooze", "assign", "note"),
    "link": ("done", "snooze"),
    "list": ("snooze", "assign"),
    "queue": ("snooze", "assign"),
    "board": ("assign",),
    "json": ("done", "snooze", "assign", "note"),
}
"""Each door and the steps that can be taken there."""
NOBODYS = "D05"
"""A branch without a rep: only what belongs to nobody is given away on the board."""


@dataclass
class Doors:
    """Meg, a manager of D01 and D05, and Ana's link, in front of tasks of acme and globex."""

    site: Site
    world: MailWorld
    meg: Browser
    link: str
    message_id: UUID
    made: int = field(default=0)

    def task(self, branch: str = "D01", **more: Any) -> UUID:
        """A task that nobody touched; Ana's report told of it."""
        self.made += 1
        task_id = self.world.cart(f"X{self.made}", branch, **more)
        self.world.insert(
            "email_told_task", message_id=self.message_id, task_id=task_id, told_as="new"
        )
        return task_id

    def take(
        self, door: str, task_id: UUID, action: str, fields: dict[str, str], branch: str = "D01"
    ) -> int:
        """Ask for a step at a door; how often it was taken."""
        key = f"k:X{self.made}"
        answer = self._ask(door, task_id, action, fields, key, branch)
        assert answer.status_code < 500, (door, action, fields, answer.text[:500])
        (taken,) = self.world.superuser.execute(
            "select count(*) from task_history where task_id = %s", (task_id,)
        ).fetchone() or (0,)
        return int(taken)

    def _ask(
        self, door: str, task_id: UUID, action: str, fields: dict[str, str], key: str, branch: str
    ) -> requests.Response:
        on_page = {"snoozed_until" if k == "until" else k: v for k, v in fields.items()}
        versions = {"task_id": str(task_id), f"version_{task_id}": "0"}
        chosen = {"task": f"{task_id}~0", "action": action}
        match door:
            case "page":
                path = f"/analytics/tasks/{task_id}/{action}"
                return self.meg.submit(path, version="0", **on_page)
            case "card":
                return self.meg.submit(f"/analytics/queue/{key}/{action}", **versions, **fields)
            case "list":
                path = "/analytics/tasks/cart-abandonment/bulk"
                return self.meg.submit(path, **chosen, **on_page)
            case "queue":
                return self.meg.submit("/analytics/queue/bulk", **chosen, **on_page)
            case "board":
                path = "/analytics/team-board/assign"
                return self.meg.submit(path, holder=f"-{branch}", **fields)
            case "link":
                hidden = form_of(requests.get(self.link), "done") | versions
                return requests.post(
                    f"{self.link}/{action}",
                    hidden | fields,
                    headers={"Origin": self.site.base_url},
                )
        return self._patch(task_id, action, fields)

    def _patch(self, task_id: UUID, action: str, fields: dict[str, str]) -> requests.Response:
        body: dict[str, object] = {"version": 0, **fields}
        if "until" in body:
            until = str(body.pop("until"))
            body["snoozed_until"] = f"{until}T08:00:00Z"
        if action in ("done", "snooze"):
            body["state"] = {"done": "done", "snooze": "snoozed"}[action]
        path = self.site.url(f"/analytics/api/v1/tasks/{task_id}")
        return requests.patch(path, json=body, headers=self.site.headers(MEG))


@pytest.fixture
def doors(site: Site, world: MailWorld) -> Iterator[Doors]:
    provision.add_member(site.acme, MEG.email, "manager", ["D01", NOBODYS])
    mail = next(m for m in reversed(world.server.deliveries) if m.recipient == ANA)
    letters = mail.part("plain").partition("/r/")[2][:64]
    assert find_token(letters) is not None
    (message_id,) = world.superuser.execute(
        "select message_id from email_send_history where recipient = %s", (ANA,)
    ).fetchone() or (uuid4(),)
    with Browser(site) as meg:
        meg.sign_in(MEG)
        yield Doors(site, world, meg, site.url(f"/r/{letters}"), message_id)


@pytest.mark.parametrize("door", DOORS)
def test_every_door_accepts_and_refuses_the_same(doors: Doors, door: str) -> None:
    wrong = []
    for action, fields, is_good in CASES:
        if action not in DOORS[door]:
            continue
        branch = NOBODYS if door == "board" else "D01"
        taken = doors.take(door, doors.task(branch), action, fields, branch)
        if taken != int(is_good):
            wrong.append((action, {k: v[:40] for k, v in fields.items()}, taken))
    assert not wrong


@pytest.mark.parametrize("door", DOORS)
def test_no_door_takes_a_step_on_what_is_not_seen(doors: Doors, door: str) -> None:
    fields = {"owner": REP.email, "until": day(1), "outcome": "won", "note": "n"}
    action = DOORS[door][-1]
    asked = {
        "assign": {"owner": fields["owner"]},
        "snooze": {"until": fields["until"]},
        "note": {"note": "n"},
        "call": {},
        "done": {"outcome": "won"},
    }[action]
    far = doors.task("D02")
    assert doors.take(door, far, action, asked, "D02") == 0
    if door in ("link", "board"):
        return
    own = doors.task("D02", owner=MEG.email)
    doors.world.superuser.execute(
        "update task_work set owner = %s where task_id = %s", (MEG.email, own)
    )
    assert doors.take(door, own, action, asked, "D02") == 1, "a task of one's own is seen"


@pytest.mark.parametrize("door", [door for door, steps in DOORS.items() if "assign" in steps])
def test_a_form_without_an_owner_takes_nobody_s_task_away(doors: Doors, door: str) -> None:
    assert doors.take(door, doors.task(owner=ADA.email), "assign", {}) == 0
