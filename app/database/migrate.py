"""Bring the database to this version: migrations, then policies and functions, then partitions.

Run as `python -m app.database.migrate` with MAINT_DATABASE_URL set. Safe at every start, from
several machines at once, and while people work: each change that locks a table is its own
transaction, gives up after two seconds, and is retried.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url
from yoyo import get_backend, read_migrations

from app.config import load_config
from app.database.partitions import partitions_ahead
from app.dates import utc_now

SQL = Path(__file__).resolve().parents[2] / "sql"
_LOCK = 7_241_001  # any fixed number; allows one deploy at a time
_OPTIONS = "-c role=app_owner -c lock_timeout=2s"
_PATIENCE_S = 300.0
_PAUSE_S = 3.0
# Helpers not written by this transaction, so left over from an earlier release.
_LEFT_OVER = """
    select p.oid::regprocedure::text
    from pg_proc as p
    where
        p.pronamespace = 'public'::regnamespace and p.proname like '\\_%'
        and p.xmin <> pg_current_xact_id()::xid
        and not exists (
            select from pg_depend as d
            where
                (d.refobjid = p.oid and d.deptype = 'n') or (d.objid = p.oid and d.deptype = 'e')
        )
"""
# Tenants loaded before there were accounts; their next load would write only those it touches.
_WITHOUT_ACCOUNTS = """
    select d.tenant_id
    from derivation as d
    where not exists (select from customer_account as a where a.tenant_id = d.tenant_id)
"""
_LOCK_TENANT = "select pg_advisory_xact_lock(hashtextextended(%s, 1))"
_BUSY = ("LockNotAvailable", "DeadlockDetected")

Connection = psycopg.Connection[tuple[Any, ...]]


def migrate(maint_url: str) -> None:
    """Apply everything under sql/ to the database at that URL (role app_maint).

    Raises:
        psycopg.errors.LockNotAvailable: a table stayed in use for five minutes.
    """
    with psycopg.connect(maint_url, autocommit=True, options=_OPTIONS) as connection:
        _wait_for_turn(connection)
        _patiently(lambda: _apply_migrations(maint_url))
        for path in sorted((SQL / "policies").glob("*.sql")):
            _patiently(partial(_apply_policy, connection, path))
        _patiently(lambda: _apply_functions(connection))
        statement = "select _ensure_partitions(%s, %s)"
        ahead = partitions_ahead(utc_now().date())
        _patiently(lambda: connection.execute(statement, (ahead.start, ahead.end)))
        _patiently(lambda: _store_accounts(connection))


def _store_accounts(connection: Connection) -> None:
    """Find out whose the customers of each tenant are, if that was never done."""
    with connection.transaction():
        connection.execute("set local role none")  # sees every tenant
        for (tenant_id,) in connection.execute(_WITHOUT_ACCOUNTS).fetchall():
            connection.execute(_LOCK_TENANT, (str(tenant_id),))
            connection.execute("select _store_accounts(%s)", (tenant_id,))


def _wait_for_turn(connection: Connection) -> None:
    """Hold the deployment lock until the connection ends."""
    connection.execute("set lock_timeout = '300s'")
    connection.execute("select pg_advisory_lock(%s)", (_LOCK,))
    connection.execute("set lock_timeout = '2s'")


def _patiently(apply: Callable[[], object]) -> None:
    """Retry while what it needs is in use; readers proceed in the pauses."""
    give_up_at = time.monotonic() + _PATIENCE_S
    while True:
        try:
            apply()
        except Exception as error:  # yoyo and psycopg each raise their own; _is_busy() decides
            if not _is_busy(error) or time.monotonic() > give_up_at:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _is_busy(error: BaseException) -> bool:
    """Whether a lock was unavailable; yoyo and SQLAlchemy wrap psycopg's error."""
    found: BaseException | None = error
    while found is not None:
        if type(getattr(found, "orig", found)).__name__ in _BUSY:
            return True
        found = found.__cause__ or found.__context__
    return False


def _apply_migrations(maint_url: str) -> None:
    url = make_url(maint_url.replace("postgres://", "postgresql://", 1))
    url = url.set(drivername="postgresql+psycopg")
    url = url.update_query_dict({"options": _OPTIONS})
    backend = get_backend(url.render_as_string(hide_password=False))
    migrations = read_migrations(str(SQL / "migrations"))
    try:
        with backend.lock():
            backend.apply_migrations(backend.to_apply(migrations))
    finally:
        backend.connection.close()


def _apply_policy(connection: Connection, path: Path) -> None:
    """Apply one file unless this version of it was applied before."""
    content = path.read_bytes()
    values = (path.name, hashlib.sha256(content).hexdigest())
    known = "select from applied_policy where (name, sha256) = (%s, %s)"
    if connection.execute(known, values).fetchone() is not None:
        return
    with connection.transaction():
        connection.execute(content)
        connection.execute(
            "insert into applied_policy (name, sha256) values (%s, %s)"
            " on conflict (name) do update set sha256 = excluded.sha256,"
            " applied_at = excluded.applied_at",
            values,
        )


def _apply_functions(connection: Connection) -> None:
    """Apply all functions at once, so that none calls an older or newer one.

    Bodies are checked in a second pass, because a function may call a later one. A helper that no
    file defines with these arguments is dropped: no release calls helpers directly, but an older
    release that is still running may call any other function.
    """
    paths = sorted((SQL / "functions").rglob("*.sql"), key=_helpers_first)
    with connection.transaction():
        for checks in ("off", "on"):
            connection.execute(f"set local check_function_bodies = {checks}".encode())
            for path in paths:
                connection.execute(path.read_bytes())
        for (helper,) in connection.execute(_LEFT_OVER).fetchall():
            connection.execute(sql.SQL("drop function {}").format(sql.SQL(helper)))


def _helpers_first(path: Path) -> tuple[bool, str]:
    return path.name[0] != "_", path.name


def main() -> int:
    """Command line: migrate the database at MAINT_DATABASE_URL."""
    config = load_config()
    if config.maint_database_url is None:
        sys.stderr.write("MAINT_DATABASE_URL: needed to migrate, and not set\n")
        return 2
    migrate(config.maint_database_url)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
