"""What follows when settings change that derived rows depend on."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection


def rules_changed(conn: Connection, tenant_id: UUID) -> None:
    """Have the tenant's tasks and figures derived again with the rules of this transaction.

    The next load does that by itself: _touch_everything() compares the stored rules with those
    that the rows were derived with.
    """
    del conn, tenant_id
