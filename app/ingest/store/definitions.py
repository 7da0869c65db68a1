"""Rows that were stored under an earlier version of the definitions, brought to this one."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

from app.ingest.store.terms import recompute_terms


def update_rows(conn: Connection, tenant_id: UUID) -> None:
    """Give stored rows what this version's definitions say of them; _derive does the rest.

    Does nothing for a tenant whose rows are of this version. Whoever is about to derive calls it
    in the same transaction, after _derive_begin and under the tenant's lock, so that readers see
    the old definitions or the new, never a mix.
    """
    if conn.execute(_IS_OUTDATED, {"t": tenant_id}).scalar_one():
        recompute_terms(conn, tenant_id)


_IS_OUTDATED = text("""
    select exists (
        select from derivation as d
        where d.tenant_id = :t and d.version < _derivation_version()
    )
""")
