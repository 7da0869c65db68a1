"""Temporary tables filled by COPY, before anything of the tenant is locked or replaced.

They are called stage_TABLE and end with the transaction.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from app.ingest.store import pgcopy
from app.ingest.store.event_tables import EVENT_TABLES
from app.ingest.store.harvest import CustomerFile
from app.ingest.store.spool import Extraction, open_spool
from app.jobs import Run
from app.jobs.failpoints import reached

_JSONB = frozenset({"items_json"})
_FILE_COLUMNS = {
    "users": (
        "user_id",
        "name",
        "email",
        "phone",
        "buying_company_erp_id",
        "buying_company_name",
        "branch_id",
        "account_owner",
    ),
    "locations": ("location_id", "name", "city", "region", "email", "phone", "is_active"),
}


def stage_events(conn: Connection, run: Run, name: str, extraction: Extraction) -> None:
    """A temporary copy of the table's columns, filled from the spool file by binary COPY.

    Rows that stand in the export more than once are merged here, before the tenant's lock.
    """
    table = EVENT_TABLES[name]
    columns = sql.SQL(", ").join(map(sql.Identifier, table.schema.names))
    stored = sql.SQL(", ").join(map(sql.Identifier, table.stored_columns))
    stage = sql.Identifier(f"stage_{name}")
    create = sql.SQL(
        "create temporary table {} on commit drop as"
        " select {}, null::bigint as content_hash from {} limit 0"
    )
    with _driver(conn).cursor() as cursor:
        cursor.execute(create.format(stage, stored, sql.Identifier(name)))
        statement = sql.SQL("copy {} ({}) from stdin (format binary)").format(stage, columns)
        with cursor.copy(statement) as copy:
            copy.write(pgcopy.HEADER)
            for batch in open_spool(extraction.spool_path):
                run.check()
                copy.write(pgcopy.encode(batch, _JSONB))
                reached("stage.copying")
            copy.write(pgcopy.TRAILER)
        cursor.execute("select _merge_copies(%s)", (name,))
    reached("stage.events")


def stage_file(conn: Connection, file: CustomerFile) -> None:
    """The same for a customer file, by COPY of text."""
    names = _FILE_COLUMNS[file.file_type]
    columns = sql.SQL(", ").join(map(sql.Identifier, names))
    stage = sql.Identifier(f"stage_{file.file_type}")
    create = sql.SQL("create temporary table {} on commit drop as select {} from {} limit 0")
    with _driver(conn).cursor() as cursor:
        cursor.execute(create.format(stage, columns, sql.Identifier(file.file_type)))
        with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(stage, columns)) as copy:
            for row in file.rows:
                copy.write_row([getattr(row, name) for name in names])
    reached("stage.file")


def _driver(conn: Connection) -> psycopg.Connection[Any]:
    driver = conn.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("COPY needs a psycopg connection")
    return driver
