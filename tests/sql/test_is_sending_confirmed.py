"""A restored copy of the database sends no mail until somebody confirms it there."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text

from app.config import Config
from app.database.engine import tenant_transaction
from tests.sql.comparing import make_tenant

Connection = psycopg.Connection[Any]


@pytest.fixture
def tenant_id(config: Config, superuser: Connection) -> UUID:
    return make_tenant(superuser, "UTC", "USD")


def is_confirmed(asked: UUID, seen_by: UUID) -> bool:
    with tenant_transaction(seen_by) as conn:
        found = conn.execute(text("select _is_sending_confirmed(:t)"), {"t": asked})
        return bool(found.scalar_one())


def confirm(superuser: Connection, tenant_id: UUID, *, system: int = 0, oid: int = 0) -> None:
    """Confirm in a database whose marks differ from this one's by `system` and `oid`."""
    superuser.execute(
        """
        insert into email_switch (tenant_id, system_identifier, database_oid, confirmed_by)
        select %s, c.system_identifier + %s, d.oid::bigint + %s, 'ada@acme.example'
        from pg_control_system() as c
        inner join pg_database as d on d.datname = current_database()
        """,
        (tenant_id, system, oid),
    )


def test_nothing_is_sent_before_the_first_confirmation(tenant_id: UUID) -> None:
    assert not is_confirmed(tenant_id, tenant_id)


def test_confirmed_here_is_confirmed(superuser: Connection, tenant_id: UUID) -> None:
    confirm(superuser, tenant_id)
    assert is_confirmed(tenant_id, tenant_id)


@pytest.mark.parametrize(("system", "oid"), [(1, 0), (0, 1)])
def test_a_restored_copy_is_not(
    superuser: Connection, tenant_id: UUID, system: int, oid: int
) -> None:
    confirm(superuser, tenant_id, system=system, oid=oid)
    assert not is_confirmed(tenant_id, tenant_id)


def test_another_tenant_s_switch_is_not_seen(superuser: Connection, tenant_id: UUID) -> None:
    confirm(superuser, tenant_id)
    stranger = make_tenant(superuser, "UTC", "USD")
    assert not is_confirmed(tenant_id, stranger)
    assert not is_confirmed(stranger, stranger)
