"""Short transactions for jobs, which a frozen process cannot keep open.

A frozen process keeps the locks of its open transaction. The database ends a transaction that idles
as long as a lease, so the sweeper soon finds every row unlocked.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.engine import admin_transaction, tenant_transaction
from app.jobs.settings import settings


@contextmanager
def short_transaction(tenant_id: UUID) -> Iterator[Connection]:
    """A tenant_transaction() that waits and idles no longer than a lease."""
    with tenant_transaction(tenant_id) as conn:
        _limit(conn)
        yield conn


@contextmanager
def short_admin_transaction() -> Iterator[Connection]:
    """An admin_transaction() that waits and idles no longer than a lease."""
    with admin_transaction() as conn:
        _limit(conn)
        yield conn


def _limit(conn: Connection) -> None:
    statement = text("""
        select
            set_config('idle_in_transaction_session_timeout', :limit_ms, true),
            set_config('lock_timeout', :limit_ms, true)
    """)
    conn.execute(statement, {"limit_ms": str(max(1, int(settings().job_lease_s * 1000)))})
