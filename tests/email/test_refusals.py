"""The mail server's fault is never the address's: who is suppressed, what stops, what goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.config import Config
from app.email.sending.outcomes import MOST_ATTEMPTS
from app.email.sending.verdicts import judge
from tests.email import mail_world
from tests.email.mail_world import MailWorld

Superuser = psycopg.Connection[Any]
ANA = "ana@acme.example"
OTHERS = [f"r{n}@acme.example" for n in range(5)]

STOPS = [
    "550 relay not permitted",
    "554 Relay access denied",
    "550 5.7.1 Unable to relay",
    "550 5.7.1 not from you",
    "554 5.7.1 blocked by policy",
    "550 5.7.60 no right to send as",
    "550 5.7.26 unauthenticated sender",
    "530 5.7.0 Authentication required",
    "550 5.3.0 out of order",
    "554 5.3.5 configuration error",
    "552 5.3.4 too big for the system",
    "503 5.5.1 bad sequence",
    "503 what?",
    "530 Must issue a STARTTLS command first",
    "553 sorry, that domain isn't in my list of allowed rcpthosts",
    "550 5.1.8 bad sender domain",
    "550 5.1.7 bad sender syntax",
    "550 blocked, see 185.5.1.1",
    "550 sender not allowed here",
    "550 Administrative prohibition",
    "554 listed on a blocklist",
]
SUPPRESSES = [
    "550 5.1.1 nobody",
    "550 5.1.10 null MX",
    "553 5.1.3 what",
    "550 5.1.6 moved",
    "550 5.2.1 disabled",
    "550 #5.1.0 rejected",
    "550 nobody",
    "550 User unknown",
    "550 <ana@acme.example>: Recipient address rejected: User unknown in relay recipient table",
    "550 No such user - block list of nobody",
    "551 not local",
    "554 mailbox unavailable",
]
FAILS = ["552 5.2.2 full", "550 5.6.0 content", "554 no", "550 no", "552 mailbox full"]


@pytest.fixture
def world(config: Config, superuser: Superuser, tmp_path: Path) -> Iterator[MailWorld]:
    with mail_world.running(config, superuser, tmp_path) as made:
        made.recipient("D01", ANA)
        made.cart("K1")
        yield made


@pytest.fixture
def patient(config: Config, superuser: Superuser, tmp_path: Path) -> Iterator[MailWorld]:
    """A world whose stops last a minute."""
    with mail_world.running(config, superuser, tmp_path, mail_retry_s=60.0) as made:
        made.recipient("D01", ANA)
        made.cart("K1")
        yield made


def refuse(world: MailWorld, answer: str, step: str = "rcpt", *recipients: str) -> None:
    """Let the server say this to these recipients, or to everybody."""
    world.server.script = lambda at, to: (
        f"say {answer}" if at == step and (not recipients or to in recipients) else None
    )


def send_last(world: MailWorld, recipient: str) -> None:
    """Let this recipient's message follow the others of its plan, which have no order."""
    world.superuser.execute(
        "update email_send_history set created_at = created_at + interval '1 second'"
        " where tenant_id = %s and recipient = %s",
        (world.tenant_id, recipient),
    )


def suppressed(world: MailWorld) -> list[str]:
    rows = world.superuser.execute(
        "select email from email_suppression where tenant_id = %s order by email",
        (world.tenant_id,),
    ).fetchall()
    return [email for (email,) in rows]


def stop_of(world: MailWorld) -> tuple[Any, ...] | None:
    return world.superuser.execute(
        "select reason, server_code, server_answer from email_stop where tenant_id = %s",
        (world.tenant_id,),
    ).fetchone()


@pytest.mark.parametrize(
    ("answers", "fault"),
    [(STOPS, {"server"}), (SUPPRESSES, {"address"}), (FAILS, {"message", "unclear"})],
    ids=["server", "address", "message"],
)
def test_whose_fault_each_answer_is(answers: list[str], fault: set[str]) -> None:
    seen = {answer: judge(int(answer[:3]), answer[4:]).fault for answer in answers}
    assert {answer: found for answer, found in seen.items() if found not in fault} == {}


@pytest.mark.parametrize(
    ("step", "answer", "status", "is_suppressed"),
    [
        ("rcpt", "550 relay not permitted", "planned", False),
        ("data", "550 5.7.1 not from you", "planned", False),
        ("dot", "554 5.3.0 out of order", "planned", False),
        ("rcpt", "503 5.5.1 bad sequence", "planned", False),
        ("rcpt", "550 5.1.1 nobody", "failed", True),
        ("dot", "550 5.2.1 disabled", "failed", True),
        ("rcpt", "550 user unknown", "failed", True),
        ("rcpt", "552 5.2.2 full", "failed", False),
        ("dot", "550 5.6.0 content", "failed", False),
        ("rcpt", "550 no", "failed", False),
    ],
)
def test_what_an_answer_does(
    world: MailWorld, step: str, answer: str, status: str, is_suppressed: bool
) -> None:
    refuse(world, answer, step)
    world.plan()
    world.send()
    (found,) = world.messages("status, server_code || ' ' || server_answer")
    assert found == (status, answer)
    assert suppressed(world) == ([ANA] if is_suppressed else [])
    assert (stop_of(world) is not None) == (status == "planned")


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("rcpt", "550 relay not permitted"),
        ("dot", "554 5.7.1 rejected by policy"),
        ("mail", "550 5.7.1 not your address"),
        ("auth", "535 5.7.8 no"),
        ("connect", "554 go away"),
        ("auth", "454 4.7.0 later"),
        ("ehlo", "421 4.3.2 closing"),
    ],
)
def test_a_server_that_refuses_all_stops_and_goes_on_by_itself(
    world: MailWorld, step: str, answer: str
) -> None:
    for email in OTHERS:
        world.recipient("D01", email)
    refuse(world, answer, step)
    world.plan()
    for _ in range(2):
        world.superuser.execute("update email_send_history set attempts = %s", (MOST_ATTEMPTS,))
        world.superuser.execute("update email_stop set retry_at = now()")
        world.hurry()
        connections, faults = world.server.connections, len(world.server.faults)
        job_id = world.send()
        assert world.server.connections == connections + 1
        # A client tries two ways to sign in.
        assert len(world.server.faults) - faults == (2 if step == "auth" else 1), "the others wait"
    assert set(world.statuses().values()) == {"planned"} and suppressed(world) == []
    assert job_id is not None
    status, warnings = world.superuser.execute(
        "select status, warnings from processing_jobs where job_id = %s", (job_id,)
    ).fetchone() or ("", [])
    assert status == "completed_with_warnings"
    assert stop_of(world) is not None and stop_of(world)[0] in warnings  # type: ignore[index]
    world.server.script = lambda _step, _to: None
    world.superuser.execute("update email_stop set retry_at = now()")
    world.hurry()
    world.send()
    assert set(world.statuses().values()) == {"sent"} and stop_of(world) is None
    assert len(world.server.deliveries) == len(OTHERS) + 1


def test_nothing_is_tried_while_a_stop_lasts_and_new_settings_end_it(patient: MailWorld) -> None:
    refuse(patient, "550 relay not permitted")
    patient.plan()
    patient.send()
    patient.recipient("D01", OTHERS[0])
    patient.plan(key="another")
    connections = patient.server.connections
    patient.server.script = lambda _step, _to: None
    patient.send()
    assert patient.server.connections == connections and patient.server.deliveries == []
    patient.superuser.execute(
        'update tenant_config set smtp = smtp || \'{"from_name": "Acme"}\' where tenant_id = %s',
        (patient.tenant_id,),
    )
    assert stop_of(patient) is None
    patient.send()
    assert set(patient.statuses().values()) == {"sent"}


@pytest.mark.parametrize("words", ["550 Zugriff verweigert {}", "550 user unknown: {}"])
def test_the_same_words_to_one_after_the_other_are_the_server_s(
    world: MailWorld, words: str
) -> None:
    for email in OTHERS:
        world.recipient("D01", email)
    world.server.script = lambda at, to: f"say {words.format(to)}" if at == "rcpt" else None
    world.plan()
    world.send()
    assert set(world.statuses().values()) == {"planned"} and suppressed(world) == []
    assert len(world.server.faults) == 3
    reason, code, said = stop_of(world) or ("", 0, "")
    assert "refuses one recipient after the other" in reason and "@" not in reason + str(said)
    world.server.script = lambda _step, _to: None
    world.superuser.execute("update email_stop set retry_at = now()")
    world.hurry()
    world.send()
    assert set(world.statuses().values()) == {"sent"} and code == 550


def test_unclear_words_are_the_address_s_where_others_of_its_domain_get_mail(
    world: MailWorld,
) -> None:
    world.recipient("D01", "eve@far.example")
    world.recipient("D01", OTHERS[0])
    refuse(world, "550 no", "rcpt", ANA, "eve@far.example")
    world.plan()
    send_last(world, OTHERS[0])
    world.send()
    assert world.statuses() == {ANA: "failed", "eve@far.example": "failed", OTHERS[0]: "sent"}
    assert suppressed(world) == [], "nobody else had got anything when they were tried"
    world.plan(key="again")
    world.superuser.execute(
        "update email_send_history set changed_at = now() - interval '2 days'"
        " where status = 'failed'"
    )
    world.send()
    assert suppressed(world) == [ANA]
    assert stop_of(world) is None


def test_a_recipient_whom_a_rule_refuses_holds_up_nobody_for_ever(world: MailWorld) -> None:
    for email in OTHERS:
        world.recipient("D01", email)
    refuse(world, "550 5.7.1 not for you", "rcpt", ANA)
    world.plan()
    for attempts in (0, 0, MOST_ATTEMPTS - 1):
        world.superuser.execute(
            "update email_send_history set attempts = greatest(attempts, %s)", (attempts,)
        )
        world.superuser.execute("update email_stop set retry_at = now()")
        world.hurry()
        world.send()
    assert world.statuses() == {ANA: "failed"} | dict.fromkeys(OTHERS, "sent")
    assert suppressed(world) == []


def test_a_stop_is_one_tenant_s(world: MailWorld) -> None:
    from app.database.engine import tenant_transaction
    from app.email.sending.stops import find_stop
    from tests.sql.comparing import make_tenant

    refuse(world, "550 relay not permitted")
    world.plan()
    world.send()
    other = make_tenant(world.superuser, "UTC", "USD")
    with tenant_transaction(other) as conn:
        assert find_stop(conn, other) is None and find_stop(conn, world.tenant_id) is None
    with tenant_transaction(world.tenant_id) as conn:
        assert find_stop(conn, world.tenant_id) is not None
