"""Updates rows stored under an earlier version of the definitions."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

from app.ingest.store.terms import recompute_terms


def update_rows(conn: Connection, tenant_id: UUID) -> None:
    """Update stored rows to this version's definitions; _derive does the rest.

    Does nothing if the tenant's rows are current. Call it before deriving, in the same transaction,
    after _derive_begin and under the tenant's lock: readers then see the old definitions or the new
    ones, never a mix.
    """
    if conn.execute(_IS_OUTDATED, {"t": tenant_id}).scalar_one():
        recompute_terms(conn, tenant_id)


_IS_OUTDATED = text("""
    select exists (
        select from derivation as d
        where d.tenant_id = :t and d.version < _derivation_version()
    )
""")
