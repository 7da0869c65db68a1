"""Every answer of a mail server at every step: what becomes of the message, and of the address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.config import Config
from app.email.sending.jobs import start_tenant
from tests.email import mail_world
from tests.email.mail_server import AFTER_DOT, FAULTS, STEPS
from tests.email.mail_world import MailWorld

Superuser = psycopg.Connection[Any]
ANA = "ana@acme.example"
EARLY = ("connect", "ehlo", "starttls", "auth", "mail")
SCENES = [(step, fault) for step in STEPS if step != "dot" for fault in FAULTS]
SCENES += [("dot", fault) for fault in AFTER_DOT]


@pytest.fixture
def world(config: Config, superuser: Superuser, tmp_path: Path) -> Iterator[MailWorld]:
    with mail_world.running(config, superuser, tmp_path) as made:
        made.recipient("D01", ANA)
        made.cart("K1")
        yield made


def expected(step: str, fault: str) -> str:
    if fault == "slow" or step == "quit":
        return "sent"
    if step == "dot":
        return {"refuse4": "planned", "refuse5": "failed"}.get(fault, "unknown")
    if fault == "refuse5" and step in ("rcpt", "data"):
        return "failed"
    return "planned"


@pytest.mark.parametrize(("step", "fault"), SCENES)
def test_one_fault_at_one_step(
    world: MailWorld, monkeypatch: pytest.MonkeyPatch, step: str, fault: str
) -> None:
    monkeypatch.setattr("app.smtp._CALL_TIMEOUT_S", 0.5)
    monkeypatch.setattr("app.smtp._QUIT_TIMEOUT_S", 0.3)
    world.server.script = lambda at, _: fault if at == step else None
    world.server.hang_s = 3
    world.plan()
    world.send()
    ((status, reason, attempts),) = world.messages("status, reason, attempts")
    assert status == expected(step, fault), reason
    assert (status == "sent") == (reason is None)
    assert attempts >= 1
    deliveries = len(world.server.deliveries)
    if status != "unknown":
        assert deliveries == (status == "sent")
    world.server.script = lambda _step, _recipient: None
    world.hurry()
    world.send()
    ((after,),) = world.messages("status")
    assert after == ("sent" if status in ("sent", "planned") else status)
    assert len(world.server.deliveries) == (1 if after == "sent" else deliveries)


def test_what_a_server_says_is_kept_readable(world: MailWorld) -> None:
    world.server.script = lambda step, _: "refuse5" if step == "rcpt" else None
    world.plan()
    world.send()
    assert world.messages("server_answer") == [("5.1.1 nobody <here>",)]


def test_one_conversation_serves_many(world: MailWorld) -> None:
    for n in range(20):
        world.recipient("D01", f"r{n:02}@acme.example")
    world.plan()
    world.send()
    assert set(world.statuses().values()) == {"sent"}
    assert len(world.server.deliveries) == 21 and world.server.connections == 1


def test_a_recipient_that_breaks_the_line_stops_nobody_else(world: MailWorld) -> None:
    for n in range(5):
        world.recipient("D01", f"r{n}@acme.example")
    world.server.script = lambda step, to: "drop" if step == "rcpt" and to == ANA else None
    world.plan()
    for _ in range(3):
        world.hurry()
        world.send()
    assert world.statuses() == {ANA: "planned"} | {f"r{n}@acme.example": "sent" for n in range(5)}


def test_a_tenant_has_one_sending_job_at_a_time(world: MailWorld) -> None:
    world.plan()
    world.superuser.execute("delete from processing_jobs where kind = 'send_mail'")
    job_id = start_tenant(world.tenant_id)
    assert job_id is not None and start_tenant(world.tenant_id) is None
    world.superuser.execute(
        "update processing_jobs set status = 'processing' where job_id = %s", (job_id,)
    )
    assert start_tenant(world.tenant_id) is None


def test_what_a_dead_worker_left_is_said_also_while_sending_is_off(world: MailWorld) -> None:
    world.plan()
    world.superuser.execute(
        "update email_send_history set status = 'sending', lease_id = gen_random_uuid(),"
        " leased_until = now() - interval '1 second' where tenant_id = %s",
        (world.tenant_id,),
    )
    world.superuser.execute("update email_switch set database_oid = 1")
    assert start_tenant(world.tenant_id) is None
    assert world.statuses() == {ANA: "unknown"}


def test_it_is_not_tried_for_ever(world: MailWorld) -> None:
    world.server.script = lambda step, _: "refuse4" if step == "rcpt" else None
    world.plan()
    world.superuser.execute("update email_send_history set attempts = 15")
    world.send()
    status, reason = world.messages("status, reason")[0]
    assert status == "failed" and reason.startswith("It was tried 16 times. The mail server")
