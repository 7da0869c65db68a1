"""The ledger of reports holds what DESIGN §6 promises, whatever the code above it does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from dev.database import Urls
from tests.conftest import Cast
from tests.sql.comparing import make_tenant

Connection = psycopg.Connection[Any]
PERIOD = (date(2024, 11, 18), date(2024, 11, 18))
STATES = ("planned", "sending", "sent", "failed", "skipped", "unknown")
MOVES = {
    ("planned", "sending"),
    ("planned", "failed"),
    ("planned", "skipped"),
    ("sending", "sent"),
    ("sending", "failed"),
    ("sending", "planned"),
    ("sending", "unknown"),
    ("failed", "planned"),
    ("unknown", "sent"),
    ("unknown", "planned"),
}


def as_role(url: str, tenant_id: UUID) -> Connection:
    """A connection of that role, working for that tenant until it is closed."""
    connection = psycopg.connect(url)
    connection.execute("select set_config('app.tenant_id', %s, false)", (str(tenant_id),))
    return connection


@pytest.fixture
def tenant_id(superuser: Connection) -> UUID:
    return make_tenant(superuser, "UTC", "USD")


@pytest.fixture
def worker(urls: Urls, tenant_id: UUID) -> Iterator[Connection]:
    with as_role(urls.worker, tenant_id) as connection:
        yield connection
        connection.rollback()


def plan(conn: Connection, tenant_id: UUID, **changed: object) -> UUID:
    """Plan one message; `changed` are its columns that differ."""
    job_id = uuid4()
    conn.execute(
        """
        insert into email_sending_jobs (
            tenant_id, job_id, schedule_key, period_start, period_end, started_by
        ) values (%s, %s, 'manual', %s, %s, 'ada@acme.example')
        """,
        (tenant_id, job_id, *PERIOD),
    )
    values: dict[str, object] = {
        "tenant_id": tenant_id,
        "job_id": job_id,
        "schedule_key": "manual",
        "period_start": PERIOD[0],
        "period_end": PERIOD[1],
        "recipient": "rae@acme.example",
        "recipient_name": "Rae",
        "branch_ids": ["D01"],
        "message_header": f"<{uuid4()}@x>",
        "subject": "2 new",
        "html_body": "<p>2 new</p>",
        "text_body": "2 new",
        **changed,
    }
    names = ", ".join(values)
    marks = ", ".join(f"%({name})s" for name in values)
    row = conn.execute(
        f"insert into email_send_history ({names}) values ({marks}) returning message_id",
        values,
    ).fetchone()
    assert row is not None
    message_id: UUID = row[0]
    return message_id


def move(conn: Connection, message_id: UUID, status: str, resolved_by: str | None) -> None:
    conn.execute(
        """
        update email_send_history set
            status = %(s)s, resolved_by = %(by)s,
            sent_at = case when %(s)s = 'sent' then now() end,
            lease_id = case when %(s)s = 'sending' then gen_random_uuid() end,
            leased_until = case when %(s)s = 'sending' then now() end
        where message_id = %(m)s
        """,
        {"s": status, "by": resolved_by, "m": message_id},
    )


def test_one_message_a_schedule_period_and_recipient(worker: Connection, tenant_id: UUID) -> None:
    plan(worker, tenant_id)
    plan(worker, tenant_id, recipient="rob@acme.example")
    plan(worker, tenant_id, schedule_key=str(uuid4()))
    with pytest.raises(psycopg.errors.UniqueViolation, match="email_send_history_once"):
        plan(worker, tenant_id)


@pytest.mark.parametrize("old", STATES)
@pytest.mark.parametrize("new", STATES)
def test_a_message_moves_along_the_protocol_alone(
    superuser: Connection, tenant_id: UUID, old: str, new: str
) -> None:
    begun = {"status": old, "resolved_by": None}
    if old == "sent":
        begun["sent_at"] = "now"
    if old == "sending":
        begun |= {"lease_id": str(uuid4()), "leased_until": "now"}
    message_id = plan(superuser, tenant_id, **begun)
    if (old, new) in MOVES or old == new:
        move(superuser, message_id, new, "ada@acme.example")
    else:
        with pytest.raises(psycopg.errors.CheckViolation, match="cannot go from"):
            move(superuser, message_id, new, "ada@acme.example")


@pytest.mark.parametrize("new", ["sent", "planned"])
def test_nothing_but_a_person_resolves_an_unknown(
    superuser: Connection, tenant_id: UUID, new: str
) -> None:
    message_id = plan(superuser, tenant_id, status="unknown")
    with pytest.raises(psycopg.errors.CheckViolation, match="by a person"):
        move(superuser, message_id, new, None)


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "2 new\r\nBcc: x@evil.example"},
        {"message_header": "<a@x>\n"},
        {"recipient": "rae@acme.example\nbob@x.example"},
        {"recipient": "Rae@acme.example"},
        {"html_body": "x" * 102_400},
        {"status": "sending"},
        {"status": "sent"},
        {"status": "lost"},
    ],
)
def test_what_no_message_may_be(
    worker: Connection, tenant_id: UUID, changed: dict[str, object]
) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        plan(worker, tenant_id, **changed)


@pytest.mark.parametrize("role", ["web", "worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "update email_send_history set html_body = ''",
        "update email_send_history set recipient = 'x@y.z'",
        "delete from email_send_history",
        "update email_told_task set told_as = 'new'",
        "delete from email_link_use",
        "update email_link set expires_at = expires_at",
    ],
)
def test_what_was_written_stays(urls: Urls, tenant_id: UUID, role: str, statement: str) -> None:
    connection = as_role(getattr(urls, role), tenant_id)
    with connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_globex_sees_and_writes_nothing(cast: Cast, urls: Urls, tenant_id: UUID) -> None:
    with as_role(urls.worker, tenant_id) as connection:
        plan(connection, tenant_id)
    with as_role(urls.worker, cast.globex) as stranger:
        assert stranger.execute("select from email_send_history").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            plan(stranger, tenant_id)


def test_a_link_lives_14_days_at_most(worker: Connection, tenant_id: UUID) -> None:
    add = """
        insert into email_link (tenant_id, token_hash, message_id, purpose, expires_at)
        values (%s, %s, %s, 'report', now() + %s::interval)
    """
    token_hash, message_id = hashlib.sha256(b"t").digest(), plan(worker, tenant_id)
    worker.execute(add, (tenant_id, token_hash, message_id, "14 days"))
    with pytest.raises(psycopg.errors.CheckViolation, match="email_link_lifetime"):
        worker.execute(add, (tenant_id, b"u" * 32, message_id, "15 days"))
