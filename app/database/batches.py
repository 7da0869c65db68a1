"""Deleting much in small transactions, so that nobody waits long for a lock."""

from __future__ import annotations

from sqlalchemy import TextClause

from app.database.engine import maint_transaction

_MOST = 5_000


def delete_in_batches(statement: TextClause) -> int:
    """Execute a delete of at most `:most` rows until fewer are left; returns how many went."""
    total = 0
    while True:
        with maint_transaction() as conn:
            count = conn.execute(statement, {"most": _MOST}).rowcount
        total += count
        if count < _MOST:
            return total
