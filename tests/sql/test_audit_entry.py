"""The audit log is only ever added to, and each tenant sees its own."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from app import audit
from app.audit import Actor
from app.database.engine import admin_transaction, tenant_transaction
from dev.database import Urls
from tests.conftest import Cast

Connection = psycopg.Connection[tuple[object, ...]]
ADA = Actor("ada@acme.example", "page", address="192.0.2.7", request_id="r1")
ACTIONS = text("select action, subject from audit_entry order by entry_id")


@pytest.fixture(autouse=True)
def entry(cast: Cast) -> None:
    with tenant_transaction(cast.acme) as conn:
        audit.record(
            conn,
            cast.acme,
            ADA,
            "member.role_changed",
            "rae@acme.example",
            before="rep",
            after="manager",
        )


def test_an_entry_says_who_did_what_to_what_from_where(cast: Cast, superuser: Connection) -> None:
    row = superuser.execute(
        """
        select tenant_id, member_email, action, subject, detail, via, address, request_id
        from audit_entry order by entry_id desc limit 1
        """
    ).fetchone()
    assert row == (
        cast.acme,
        "ada@acme.example",
        "member.role_changed",
        "rae@acme.example",
        {"before": "rep", "after": "manager"},
        "page",
        "192.0.2.7",
        "r1",
    )


def test_another_tenant_sees_and_writes_nothing(cast: Cast, urls: Urls) -> None:
    with tenant_transaction(cast.globex) as conn:
        assert conn.execute(ACTIONS).all() == []
    with pytest.raises(Exception, match="row-level security"):  # noqa: SIM117 - two steps
        with tenant_transaction(cast.globex) as conn:
            audit.record(conn, cast.acme, ADA, "member.invited", "x@acme.example")


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set subject = ''",
        "delete from audit_entry",
        "truncate audit_entry",
    ],
)
@pytest.mark.parametrize("role", ["web", "worker", "maint", "owner", "superuser"])
def test_nobody_changes_or_removes_an_entry(
    cast: Cast, urls: Urls, superuser: Connection, role: str, statement: str
) -> None:
    before = superuser.execute("select count(*) from audit_entry").fetchone()
    url = urls.maint if role == "owner" else getattr(urls, role)
    with psycopg.connect(url) as connection:
        if role == "owner":
            connection.execute("set role app_owner")
        connection.execute("select set_config('app.tenant_id', %s, true)", (str(cast.acme),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
    assert superuser.execute("select count(*) from audit_entry").fetchone() == before


def test_a_deed_that_fails_leaves_no_entry(cast: Cast, superuser: Connection) -> None:
    before = superuser.execute("select count(*) from audit_entry").fetchone()
    with pytest.raises(ZeroDivisionError):  # noqa: SIM117 - two steps
        with tenant_transaction(cast.acme) as conn:
            audit.record(conn, cast.acme, ADA, "member.invited", "x@acme.example")
            raise ZeroDivisionError
    assert superuser.execute("select count(*) from audit_entry").fetchone() == before


def test_sign_in_writes_to_each_tenant_and_can_read_none(cast: Cast) -> None:
    with admin_transaction() as conn:
        audit.record_for_tenants(conn, (cast.acme, cast.globex), ADA, "auth.signed_in")
    with admin_transaction() as conn, pytest.raises(Exception, match="permission denied"):
        conn.execute(ACTIONS)
    with tenant_transaction(cast.globex) as conn:
        assert [row.action for row in conn.execute(ACTIONS)] == ["auth.signed_in"]


@pytest.mark.parametrize("detail", [{"password": "x"}, {"after": {"api_token": "x"}}])
def test_secrets_are_refused_by_name(cast: Cast, detail: dict[str, object]) -> None:
    with tenant_transaction(cast.acme) as conn, pytest.raises(ValueError, match="no place"):
        audit.record(conn, cast.acme, ADA, "settings.changed", "sftp", **detail)
