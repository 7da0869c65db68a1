"""Which tenants there are, for what happens by the clock."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from app.database.engine import admin_transaction


def list_active_tenants() -> list[UUID]:
    """The ids of all tenants that are not suspended."""
    with admin_transaction() as conn:
        found = conn.execute(text("select tenant_id from tenant where not is_suspended"))
        return list(found.scalars())
