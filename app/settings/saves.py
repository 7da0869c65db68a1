"""Who last saved each section of a tenant's settings; prevents blind overwrites."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class Save:
    """The last save of a section; `version` is 0 and the rest None before the first one."""

    version: int = 0
    saved_at: datetime | None = None
    saved_by: str | None = None
    secret_saved_at: datetime | None = None
    secret_saved_by: str | None = None


def get_save(conn: Connection, tenant_id: UUID, section: str) -> Save:
    statement = text("""
        select version, saved_at, saved_by, secret_saved_at, secret_saved_by
        from setting_save
        where tenant_id = :tenant_id and section = :section
    """)
    values = {"tenant_id": tenant_id, "section": section}
    row = conn.execute(statement, values).one_or_none()
    return Save() if row is None else Save(*row)


def claim_save(
    conn: Connection,
    tenant_id: UUID,
    section: str,
    version: int,
    saved_by: str,
    *,
    with_secret: bool,
) -> bool:
    """Record a save of the section over `version`; False if that is not the current one.

    Locks the row until the transaction that stores the section ends.
    """
    values = {
        "tenant_id": tenant_id,
        "section": section,
        "version": version,
        "saved_by": saved_by,
        "with_secret": with_secret,
    }
    statement = _FIRST if version == 0 else _NEXT
    return conn.execute(statement, values).rowcount == 1


_FIRST = text("""
    insert into setting_save (
        tenant_id, section, saved_by, secret_saved_at, secret_saved_by
    )
    values (
        :tenant_id, :section, :saved_by, case when :with_secret then now() end,
        case when :with_secret then :saved_by end
    )
    on conflict (tenant_id, section) do nothing
""")

_NEXT = text("""
    update setting_save set
        version = version + 1, saved_at = now(), saved_by = :saved_by,
        secret_saved_at = case when :with_secret then now() else secret_saved_at end,
        secret_saved_by = case when :with_secret then :saved_by else secret_saved_by end
    where tenant_id = :tenant_id and section = :section and version = :version
""")
