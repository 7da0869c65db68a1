"""Reads the audit log, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.engine import tenant_transaction

_EXPORT_ROWS = 5_000


@dataclass(frozen=True)
class AuditEntry:
    """Who did what to what. `member_email` is empty for the command line."""

    entry_id: int
    happened_at: datetime
    member_email: str
    action: str
    subject: str
    detail: Mapping[str, Any]
    via: str
    address: str | None
    request_id: str | None


@dataclass(frozen=True)
class AuditQuestion:
    """A filter of entries; empty texts and None match everything.

    `action` may be just the part before the dot. `query` is searched in who, what and detail.
    `before` is an entry_id: only older entries match.
    """

    email: str = ""
    action: str = ""
    query: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


def list_audit_entries(conn: Connection, tenant_id: UUID, asked: AuditQuestion) -> list[AuditEntry]:
    """One page of the matching entries; `until` is exclusive."""
    conditions = [condition for name, condition in _CONDITIONS.items() if getattr(asked, name)]
    statement = text(f"""
        select
            e.entry_id, e.happened_at, e.member_email, e.action, e.subject, e.detail, e.via,
            e.address, e.request_id
        from audit_entry as e
        where e.tenant_id = :t {"".join(conditions)}
        order by e.happened_at desc, e.entry_id desc
        limit :limit
    """)  # noqa: S608 - conditions of this file
    rows = conn.execute(statement, {"t": tenant_id, **vars(asked)})
    return [AuditEntry(*row) for row in rows]


def list_audit_actions(conn: Connection, tenant_id: UUID) -> list[str]:
    """Every action in this tenant's log, by name."""
    statement = text("select distinct action from audit_entry where tenant_id = :t order by action")
    return list(conn.execute(statement, {"t": tenant_id}).scalars())


def list_audit_members(conn: Connection, tenant_id: UUID) -> list[str]:
    """Everybody who did something here, by address."""
    statement = text("""
        select distinct member_email from audit_entry
        where tenant_id = :t and member_email <> ''
        order by member_email
    """)
    return list(conn.execute(statement, {"t": tenant_id}).scalars())


def all_audit_entries(tenant_id: UUID, asked: AuditQuestion) -> Iterator[AuditEntry]:
    """Every matching entry, in pages that each use their own finished transaction."""
    asked = replace(asked, limit=_EXPORT_ROWS)
    while True:
        with tenant_transaction(tenant_id) as conn:
            entries = list_audit_entries(conn, tenant_id, asked)
        yield from entries
        if len(entries) < _EXPORT_ROWS:
            return
        asked = replace(asked, before=entries[-1].entry_id)


_CONDITIONS = {
    "email": " and e.member_email = :email",
    "action": " and (e.action = :action or starts_with(e.action, :action || '.'))",
    "query": """
        and strpos(
            lower(concat_ws(' ', e.member_email, e.action, e.subject, e.detail::text)),
            lower(:query)
        ) > 0
    """,
    "since": " and e.happened_at >= :since",
    "until": " and e.happened_at < :until",
    "before": """
        and (e.happened_at, e.entry_id) < (
            select k.happened_at, k.entry_id from audit_entry as k
            where k.tenant_id = :t and k.entry_id = :before
        )
    """,
}
