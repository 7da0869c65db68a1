"""Exports or permanently deletes everything of one tenant."""

from __future__ import annotations

import gzip
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg import sql
from psycopg.errors import ForeignKeyViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from app.database.engine import maint_transaction

# Encrypted with the deployment's keys, and useless to anybody else.
_SEALED = frozenset(
    {
        "bigquery_credentials",
        "sftp_credentials",
        "smtp_credentials",
        "token_hash",
        "nonce_hash",
    }
)


def export_tenant(tenant_id: UUID, folder: Path) -> dict[str, int]:
    """Write every row of the tenant, one file per table (`TABLE.ndjson.gz`); returns rows by table.

    Uses one transaction, so that the files are consistent. Leaves out credentials and hashes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    with maint_transaction() as conn:
        conn.execute(text("set transaction isolation level repeatable read read only"))
        for table in list_tables(conn):
            count = _export_table(conn, tenant_id, table, folder / f"{table}.ndjson.gz")
            if count:
                written[table] = count
    return written


def delete_tenant(tenant_id: UUID) -> dict[str, int]:
    """Delete the tenant and all of its rows; returns rows by table.

    All or nothing. Only here, and only as the schema's owner, can the audit log be emptied.
    """
    with maint_transaction() as conn:
        conn.execute(text("set local lock_timeout = '10s'"))
        conn.execute(text("alter table audit_entry disable trigger user"))
        deleted: dict[str, int] = {}
        waiting = list_tables(conn)
        while waiting:
            left = [table for table in waiting if not _delete_rows(conn, tenant_id, table, deleted)]
            if len(left) == len(waiting):
                raise RuntimeError(f"{', '.join(left)} depend on each other")
            waiting = left
        conn.execute(text("alter table audit_entry enable trigger user"))
        conn.execute(_LONELY)
    return {table: count for table, count in deleted.items() if count}


def scan(conn: Connection, tenant_id: UUID) -> dict[str, int]:
    """The number of rows per table that contain this tenant's id in any column."""
    found = {}
    for table in list_tables(conn):
        statement = text(f"select count(*) from {table} as t where t::text like :id")  # noqa: S608 - a table's name
        count = conn.execute(statement, {"id": f"%{tenant_id}%"}).scalar_one()
        if count:
            found[table] = int(count)
    return found


def list_tables(conn: Connection) -> list[str]:
    """Every table with tenants' rows, by name."""
    return list(conn.execute(_TABLES).scalars())


def _export_table(conn: Connection, tenant_id: UUID, table: str, path: Path) -> int:
    driver = conn.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("COPY needs a psycopg connection")
    statement = sql.SQL(
        "copy (select to_jsonb(t) - {}::text[] from {} as t where t.tenant_id = {}) to stdout"
        " (format csv, quote E'\\x01', delimiter E'\\x02')"
    ).format(sql.Literal(sorted(_SEALED)), sql.Identifier(table), sql.Literal(tenant_id))
    count = 0
    with gzip.open(path, "wb") as file, driver.cursor().copy(statement) as copy:
        for block in copy:
            file.write(block)
            count += bytes(block).count(b"\n")
    if not count:
        path.unlink()
    return count


def _delete_rows(conn: Connection, tenant_id: UUID, table: str, deleted: dict[str, int]) -> bool:
    """False if other tables still refer to it."""
    statement = text(f"delete from {table} where tenant_id = :t")  # noqa: S608 - a table's name
    try:
        with conn.begin_nested():
            deleted[table] = conn.execute(statement, {"t": tenant_id}).rowcount
    except IntegrityError as error:
        if isinstance(error.orig, ForeignKeyViolation):
            return False
        raise
    return True


_TABLES = text("""
    select c.relname
    from pg_class as c
    inner join pg_attribute as a on a.attrelid = c.oid and a.attname = 'tenant_id'
    where
        c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
        and not c.relispartition
    order by 1
""")
_LONELY = text("""
    delete from member as m
    where not exists (select from membership as s where s.member_id = m.member_id)
""")
