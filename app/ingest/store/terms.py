"""Recomputes the terms of stored searches after a change of the normalising rule."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from app.terms import normalise_term

BATCH = 5_000  # distinct searches in memory at once


def recompute_terms(conn: Connection, tenant_id: UUID) -> int:
    """Set every stored search's term from its text; returns the number of changed rows.

    Call it under the tenant's lock. After `_derive_begin`, sessions of changed rows are marked for
    derivation. A person's decision about a term moves with it if all rows of the old term got the
    same new one and that one has no decision. Repeating this changes nothing.
    """
    values = {"t": tenant_id}
    conn.execute(_LIST_SEARCHES, values)
    conn.execute(_INDEX)
    conn.execute(_ANALYZE)
    last: str | None = ""
    while last is not None:
        last = _normalise_batch(conn, last)
    conn.execute(_ANALYZE)
    has_touched = conn.execute(_HAS_TOUCHED).scalar_one()
    _move_decisions(conn, tenant_id)
    changed: int = sum(
        conn.execute(
            text(_UPDATE.format(table=table, note=_NOTE if has_touched else "")), values
        ).scalar_one()
        for table in ("view_search_results", "no_search_results")
    )
    conn.execute(text("drop table term_found"))
    return changed


def _normalise_batch(conn: Connection, after: str) -> str | None:
    """Write the new terms of the next searches; returns the last search, None after the end."""
    found: Sequence[str] = conn.execute(_BATCH, {"after": after, "batch": BATCH}).scalars().all()
    if not found:
        return None
    terms = [normalise_term(typed) or None for typed in found]
    conn.execute(_SET, {"found": list(found), "terms": terms})
    return found[-1]


def _move_decisions(conn: Connection, tenant_id: UUID) -> None:
    """Move decisions with their term if it became exactly one other, undecided one."""
    conn.execute(_MOVE, {"t": tenant_id})


_LIST_SEARCHES = text("""
    create temporary table term_found on commit drop as
    select s.search_term collate "C" as search_term, s.old_term, cast(null as text) as new_term
    from (
        select v.search_term, v.term as old_term
        from view_search_results as v
        where v.tenant_id = :t and v.search_term is not null
        union
        select n.search_term, n.term
        from no_search_results as n
        where n.tenant_id = :t and n.search_term is not null
    ) as s
""")
_INDEX = text("create index on term_found (search_term)")
_ANALYZE = text("analyze term_found")
_BATCH = text("""
    select distinct f.search_term
    from term_found as f
    where f.search_term > :after
    order by f.search_term
    limit :batch
""")
_SET = text("""
    update term_found as f
    set new_term = s.term
    from unnest(cast(:found as text[]), cast(:terms as text[])) as s (search_term, term)
    where f.search_term = s.search_term
""")
_HAS_TOUCHED = text("select to_regclass('pg_temp.touched_session') is not null")
_NOTE = """
    , noted as (
        insert into touched_session
        select distinct c.session_key, c.session_id
        from changed as c
        where c.session_key is not null
        on conflict do nothing
    )
"""
_UPDATE = """
    with found as (
        select distinct f.search_term, f.new_term
        from term_found as f
        where f.old_term is distinct from f.new_term
    ),
    changed as (
        update {table} as s
        set term = f.new_term
        from found as f
        where
            s.tenant_id = :t and s.search_term = f.search_term
            and s.term is distinct from f.new_term
        returning s.session_key, s.session_id
    )
    {note}
    select count(*) from changed
"""
_MOVE = text("""
    with followed as (
        select f.old_term, min(f.new_term) as new_term
        from term_found as f
        where f.old_term is not null
        group by f.old_term
        having count(distinct coalesce(f.new_term, '')) = 1 and min(f.new_term) <> f.old_term
    ),
    decided as (
        select w.old_term, w.new_term, count(*) over (partition by w.new_term) as claims
        from followed as w
        inner join search_term as d on d.tenant_id = :t and d.term = w.old_term
    )
    update search_term as d
    set term = w.new_term
    from decided as w
    where
        d.tenant_id = :t and d.term = w.old_term and w.claims = 1
        and not exists (
            select from search_term as o where o.tenant_id = :t and o.term = w.new_term
        )
""")
