"""From spool files and parsed customer files into the tables: one swap transaction.

Everything is staged first, in temporary tables; then, under the tenant's lock, the old days
go, the new ones come, and all that follows from them is derived. Readers see the one or the
other, never a mix.
"""

from __future__ import annotations

import json
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.engine import tenant_transaction
from app.ingest.store.definitions import update_rows
from app.ingest.store.harvest import CustomerFile, Harvest
from app.ingest.store.implausible import warn_of_implausible
from app.ingest.store.staging import stage_events, stage_file
from app.jobs import Run
from app.jobs.failpoints import reached

_ZONE_SAMPLE = 20_000
_REPLACE_FILE = {"users": "_replace_contacts", "locations": "_replace_branches"}

# A day that another job loaded from a newer table since this one started is left as it is.
_REPLACED = text("""
    insert into replaced
    select :name, d.event_date
    from unnest(cast(:days as date []), cast(:modified as timestamptz []))
        as d (event_date, modified_at)
    where not exists (
        select from day_load as l
        where
            l.tenant_id = :t and l.event_date = d.event_date and l.event_type = :name
            and l.source_modified_at > d.modified_at
            and l.loaded_at > (
                select j.started_at from processing_jobs as j
                where j.tenant_id = :t and j.job_id = :job_id
            )
    )
""")


def store(run: Run, harvest: Harvest, message: str | None) -> None:
    """Replace what the harvest covers, derive, and finish the job, in one transaction.

    For exactly the event types in `harvest.extractions`, exactly their days in
    `harvest.sources` are replaced; all other rows stay.

    Raises:
        JobInterrupted: the job is no longer this run's; nothing was changed.
    """
    with tenant_transaction(run.tenant_id) as conn:
        run.fence_check(conn)
        reached("store.begun")
        conn.execute(text("select _derive_begin()"))
        for name, extraction in harvest.extractions.items():
            stage_events(conn, run, name, extraction)
        for file in harvest.files:
            stage_file(conn, file)
        _check_zone(conn, run, harvest)
        warn_of_implausible(conn, run, harvest.extractions)
        lock_tenant(conn, run.tenant_id)
        reached("store.locked")
        run.fence_check(conn)
        load_id = _record_load(conn, run, harvest)
        _swap(conn, run, harvest, load_id)
        run.check()
        conn.execute(text("select _derive(:t)"), {"t": run.tenant_id})
        reached("derive.done")
        run.finish(conn, "completed", message)


def lock_tenant(conn: Connection, tenant_id: UUID) -> None:
    """Whatever changes a tenant's rows waits here for what changed them before.

    Rows of an earlier version are brought to this one; `_derive_begin` has run before.
    """
    statement = text("select pg_advisory_xact_lock(hashtextextended(:tenant_id, 1))")
    conn.execute(statement, {"tenant_id": str(tenant_id)})
    update_rows(conn, tenant_id)


def _swap(conn: Connection, run: Run, harvest: Harvest, load_id: int) -> None:
    for file in harvest.files:
        conn.execute(text(f"select {_REPLACE_FILE[file.file_type]}(:t)"), {"t": run.tenant_id})
        _record_file(conn, run, file)
    reached("swap.files")
    if not harvest.extractions:
        return
    _note_replaced(conn, run, harvest)
    replace = text("select _replace_events(:t, :load_id)")
    conn.execute(replace, {"t": run.tenant_id, "load_id": load_id})
    reached("swap.events")
    for name in harvest.extractions:
        _mark_days(conn, run, harvest, name, load_id)
    reached("swap.days")


def _note_replaced(conn: Connection, run: Run, harvest: Harvest) -> None:
    """Which days of which types give way to the staged rows."""
    for name in harvest.extractions:
        days = harvest.sources[name]
        values = {
            "t": run.tenant_id,
            "job_id": run.job_id,
            "name": name,
            "days": list(days),
            "modified": [source.modified_at for source in days.values()],
        }
        conn.execute(_REPLACED, values)


def _check_zone(conn: Connection, run: Run, harvest: Harvest) -> None:
    """Warn when the staged instants do not fall on their days in the zone that is set."""
    if not harvest.extractions:
        return
    staged = " union all ".join(
        f"select event_date, event_ts from stage_{name} {_sampled(found.rows)}"  # noqa: S608 - one of the six table names
        for name, found in harvest.extractions.items()
    )
    statement = text(f"""
        select
            c.property_time_zone, count(*),
            count(*) filter (
                where (s.event_ts at time zone c.property_time_zone)::date <> s.event_date
            )
        from ({staged}) as s, tenant_config as c
        where c.tenant_id = :t
        group by c.property_time_zone
    """)  # noqa: S608 - as above
    row = conn.execute(statement, {"t": run.tenant_id}).one_or_none()
    if row is None or row[2] * 100 < row[1]:
        return
    run.warn(
        f"{row[2]:,} of {row[1]:,} events lie on another day than {row[0]} gives them: the time "
        "zone of the Google Analytics property seems to be set wrong, and hours are off."
    )


def _sampled(rows: int) -> str:
    """Enough rows tell whether a zone is wrong: of many only some pages, always the same."""
    if rows <= _ZONE_SAMPLE:
        return ""
    return f"tablesample system ({100 * _ZONE_SAMPLE / rows}) repeatable (1)"


def _record_load(conn: Connection, run: Run, harvest: Harvest) -> int:
    statement = text("""
        insert into load_record (tenant_id, job_id, start_date, end_date, row_counts)
        values (:t, :job_id, :start, :end, cast(:row_counts as jsonb))
        returning load_id
    """)
    counts = {name: found.rows for name, found in harvest.extractions.items()}
    counts |= {file.file_type: len(file.rows) for file in harvest.files}
    values = {
        "t": run.tenant_id,
        "job_id": run.job_id,
        "start": min(harvest.days, default=None),
        "end": max(harvest.days, default=None),
        "row_counts": json.dumps(counts),
    }
    return int(conn.execute(statement, values).scalar_one())


def _mark_days(conn: Connection, run: Run, harvest: Harvest, name: str, load_id: int) -> None:
    """The watermark of each replaced day, also of days without a row of this type."""
    statement = text(f"""
        insert into day_load as d (
            tenant_id, event_date, event_type, source_table, source_kind, source_modified_at,
            row_count, last_event_ts, load_id
        )
        select
            :t, s.event_date, :name, s.source_table, s.source_kind, s.modified_at,
            coalesce(n.row_count, 0), n.last_event_ts, :load_id
        from unnest(
            cast(:days as date []), cast(:tables as text []), cast(:kinds as text []),
            cast(:modified as timestamptz [])
        ) as s (event_date, source_table, source_kind, modified_at)
        inner join replaced as r on r.event_date = s.event_date and r.event_type = :name
        left join (
            select event_date, count(*) as row_count, max(event_ts) as last_event_ts
            from stage_{name}
            group by event_date
        ) as n on n.event_date = s.event_date
        on conflict on constraint day_load_pkey do update set
            source_table = excluded.source_table, source_kind = excluded.source_kind,
            source_modified_at = excluded.source_modified_at, row_count = excluded.row_count,
            last_event_ts = excluded.last_event_ts, load_id = excluded.load_id,
            loaded_at = excluded.loaded_at
    """)  # noqa: S608 - one of the six table names
    sources = harvest.sources[name].values()
    values = {
        "t": run.tenant_id,
        "name": name,
        "load_id": load_id,
        "days": [source.event_date for source in sources],
        "tables": [source.table for source in sources],
        "kinds": [source.kind for source in sources],
        "modified": [source.modified_at for source in sources],
    }
    conn.execute(statement, values)


def _record_file(conn: Connection, run: Run, file: CustomerFile) -> None:
    statement = text("""
        insert into file_load as f (
            tenant_id, file_type, source_name, source_modified_at, row_count, job_id
        )
        values (:t, :file_type, :source_name, :modified_at, :row_count, :job_id)
        on conflict on constraint file_load_pkey do update set
            source_name = excluded.source_name,
            source_modified_at = excluded.source_modified_at, row_count = excluded.row_count,
            job_id = excluded.job_id, loaded_at = excluded.loaded_at
    """)
    values = {
        "t": run.tenant_id,
        "file_type": file.file_type,
        "source_name": file.source_name,
        "modified_at": file.modified_at,
        "row_count": len(file.rows),
        "job_id": run.job_id,
    }
    conn.execute(statement, values)
