"""The tenant's branches and their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Branch:
    """A place of sale, as the branch file names it."""

    location_id: str
    name: str
    city: str | None
    region: str | None
    is_active: bool


def list_branches(conn: Connection, tenant_id: UUID) -> list[Branch]:
    """Every branch of the tenant, active ones first, then by name.

    Source: sql/functions/figures/get_locations.sql
    """
    rows = conn.execute(text("select * from get_locations(:t)"), {"t": tenant_id})
    return [Branch(**row._mapping) for row in rows]


def get_branch_names(conn: Connection, tenant_id: UUID) -> dict[str, str]:
    """The name of every branch by id, in the order of list_branches()."""
    return {branch.location_id: branch.name for branch in list_branches(conn, tenant_id)}


def branch_label(names: Mapping[str, str], branch_id: str) -> str:
    """The id and the name for people: D02 Uptown."""
    if not branch_id:
        return "No branch"
    return f"{branch_id} {names[branch_id]}" if branch_id in names else f"Unknown {branch_id}"
