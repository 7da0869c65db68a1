"""Reading the audit log past every fence."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import psycopg

Superuser = psycopg.Connection[tuple[object, ...]]


def last_entry_id(superuser: Superuser) -> int:
    """The newest entry's id, 0 for an empty log."""
    row = superuser.execute("select coalesce(max(entry_id), 0) from audit_entry").fetchone()
    assert row is not None
    return int(str(row[0]))


def entries_since(superuser: Superuser, tenant_id: UUID, entry_id: int) -> list[tuple[Any, ...]]:
    """Who, action, subject and through what of a tenant's entries after that one, oldest first."""
    return superuser.execute(
        """
        select member_email, action, subject, via from audit_entry
        where tenant_id = %s and entry_id > %s order by entry_id
        """,
        (tenant_id, entry_id),
    ).fetchall()


def detail_of(superuser: Superuser, action: str) -> dict[str, Any]:
    """The detail of the newest entry of that action."""
    row = superuser.execute(
        "select detail from audit_entry where action = %s order by entry_id desc limit 1",
        (action,),
    ).fetchone()
    assert row is not None
    return row[0]  # type: ignore[return-value]
