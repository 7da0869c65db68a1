"""Whether mail may leave this database: off until an admin confirms, and off again in a copy."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text


def turn_on(conn: Connection, tenant_id: UUID, confirmed_by: str) -> int:
    """Let mail leave this database; answers how many waiting messages were skipped.

    What waited when it was off may have been sent by the database that this one was copied from.
    """
    held = conn.execute(_SKIP, {"t": tenant_id}).rowcount
    conn.execute(_ON, {"t": tenant_id, "by": confirmed_by})
    return held


def turn_off(conn: Connection, tenant_id: UUID) -> int:
    """Let no mail leave any more; answers 0, for what waits goes on waiting."""
    conn.execute(_OFF, {"t": tenant_id})
    return 0


def was_confirmed(conn: Connection, tenant_id: UUID) -> bool:
    """Whether mail ever left a database of this tenant: then this one may be a restored copy."""
    statement = text("select exists (select from email_switch where tenant_id = :t)")
    return bool(conn.execute(statement, {"t": tenant_id}).scalar_one())


def is_sending_confirmed(conn: Connection, tenant_id: UUID) -> bool:
    """Whether mail may leave this database.

    Source: sql/functions/email/_is_sending_confirmed.sql
    """
    statement = text("select _is_sending_confirmed(:t)")
    return bool(conn.execute(statement, {"t": tenant_id}).scalar_one())


_ON = text("""
    insert into email_switch (tenant_id, system_identifier, database_oid, confirmed_by)
    select :t, c.system_identifier, d.oid::bigint, :by
    from pg_control_system() as c
    inner join pg_database as d on d.datname = current_database()
    on conflict (tenant_id) do update set
        system_identifier = excluded.system_identifier, database_oid = excluded.database_oid,
        confirmed_by = excluded.confirmed_by, confirmed_at = now()
""")
_OFF = text("update email_switch set database_oid = 0 where tenant_id = :t")
_SKIP = text("""
    update email_send_history
    set
        status = 'skipped', retry_at = null, lease_id = null, leased_until = null,
        reason = 'It waited when sending was switched on, and may have left another database.'
    where tenant_id = :t and status = 'planned' and not _is_sending_confirmed(:t)
""")
