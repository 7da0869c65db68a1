"""Bring the database to this version: migrations, then policies and functions, then partitions.

Run as `python -m app.migrate` with MAINT_DATABASE_URL set. Safe to run at every start
and from several machines at once.
"""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url
from yoyo import get_backend, read_migrations

from app.config import load_config
from app.dates import utc_now

SQL = Path(__file__).resolve().parent.parent / "sql"
_LOCK = 7_241_001  # any fixed number: one deploy at a time re-applies functions and policies
_MONTHS_AHEAD = 3


def migrate(maint_url: str) -> None:
    """Apply everything under sql/ to the database of that URL (role app_maint)."""
    _apply_migrations(maint_url)
    with psycopg.connect(maint_url, options="-c role=app_owner") as connection:
        connection.execute("set local lock_timeout = '10s'")
        connection.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        for path in _repeatable_files():
            connection.execute(path.read_bytes())
        connection.execute("select _ensure_partitions(%s, %s)", _months_ahead())


def _apply_migrations(maint_url: str) -> None:
    url = make_url(maint_url.replace("postgres://", "postgresql://", 1))
    url = url.set(drivername="postgresql+psycopg")
    url = url.update_query_dict({"options": "-c role=app_owner -c lock_timeout=10s"})
    backend = get_backend(url.render_as_string(hide_password=False))
    migrations = read_migrations(str(SQL / "migrations"))
    try:
        with backend.lock():
            backend.apply_migrations(backend.to_apply(migrations))
    finally:
        backend.connection.close()


def _repeatable_files() -> list[Path]:
    """Policies, then functions with the helpers they call first."""
    functions = sorted((SQL / "functions").glob("*.sql"), key=lambda p: (p.name[0] != "_", p.name))
    return sorted((SQL / "policies").glob("*.sql")) + functions


def _months_ahead() -> tuple[str, str]:
    today = utc_now().date()
    month = today.year * 12 + today.month - 1 + _MONTHS_AHEAD
    return today.isoformat(), f"{month // 12}-{month % 12 + 1:02d}-01"


def main() -> int:
    """Command line: migrate the database of MAINT_DATABASE_URL."""
    config = load_config()
    if config.maint_database_url is None:
        sys.stderr.write("MAINT_DATABASE_URL: needed to migrate, and not set\n")
        return 2
    migrate(config.maint_database_url)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
