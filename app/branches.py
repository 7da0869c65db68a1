"""What branches are called."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, text


def get_branch_names(conn: Connection, tenant_id: UUID) -> dict[str, str]:
    """The name of every branch of the locations file by its id, active ones first.

    Source: sql/functions/figures/get_locations.sql
    """
    rows = conn.execute(text("select * from get_locations(:t)"), {"t": tenant_id})
    return {row.location_id: row.name for row in rows}


def branch_label(names: Mapping[str, str], branch_id: str) -> str:
    """The id and the name, as people say it: D02 Uptown."""
    if not branch_id:
        return "No branch"
    return f"{branch_id} {names[branch_id]}" if branch_id in names else f"Unknown {branch_id}"
