"""Rows that a job refused: counted by reason, shown as samples, and kept for download."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.engine import tenant_transaction
from app.format import csv_line
from app.jobs import Run

KEPT_PER_REASON = 1_000  # per source and job; all are counted
SHOWN_PER_REASON = 20

KeptRow = Mapping[str, str | None]

# Every key of a kept row; one more key is the column at fault.
_COLUMNS = ("line", "id", "event_date", "event_ts", "event_name", "source_table")
_HEADER = ("first_day", "last_day", "source", "reason", *_COLUMNS, "column", "value")


@dataclass(frozen=True)
class Refusal:
    """Refused rows of one source, with the reason and some samples."""

    source: str
    reason: str
    rows: int
    samples: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class _Kept:
    """One reason of one job: all rows counted, at most KEPT_PER_REASON kept."""

    start_date: date | None
    end_date: date | None
    source: str
    reason: str
    count: int
    rows: Sequence[KeptRow]


def keep(
    run: Run, source: str, counts: Mapping[str, int], samples: Mapping[str, Sequence[KeptRow]]
) -> None:
    """Write the run's refused rows of a source, replacing earlier ones.

    Raises:
        JobInterrupted: the run no longer owns the job; nothing is written.
    """
    statement = text("""
        insert into job_refusal (
            tenant_id, job_id, source, reason, row_count, samples, kept_rows
        )
        values (
            :t, :job_id, :source, :reason, :row_count, cast(:samples as jsonb),
            cast(:kept_rows as jsonb)
        )
        on conflict on constraint job_refusal_pkey do update set
            row_count = excluded.row_count, samples = excluded.samples,
            kept_rows = excluded.kept_rows
    """)
    with tenant_transaction(run.tenant_id) as conn:
        run.lock(conn)
        key = {"t": run.tenant_id, "job_id": run.job_id, "source": source}
        for reason, count in counts.items():
            kept = [_storable(row) for row in samples.get(reason, ())][:KEPT_PER_REASON]
            values = {
                "reason": reason,
                "row_count": count,
                "kept_rows": json.dumps(kept),
                "samples": json.dumps(kept[:SHOWN_PER_REASON]),
            }
            conn.execute(statement, key | values)


def _storable(row: KeptRow) -> dict[str, str | None]:
    """The row without what jsonb cannot hold: NUL and lone surrogates."""
    return {
        name: value and value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        for name, value in row.items()
    }


def list_refusals(
    conn: Connection, tenant_id: UUID, job_ids: Sequence[UUID]
) -> dict[UUID, tuple[Refusal, ...]]:
    """The refusals of each of these jobs, most rows first; a parent sums its children's."""
    found: dict[UUID, tuple[Refusal, ...]] = {}
    for row in conn.execute(_LIST, {"t": tenant_id, "ids": list(job_ids)}):
        samples = tuple(_ordered(sample) for sample in row.samples)
        refusal = Refusal(row.source, row.reason, int(row.row_count), samples)
        found[row.job_id] = (*found.get(row.job_id, ()), refusal)
    return found


def _ordered(row: dict[str, Any]) -> dict[str, Any]:
    """The row in readable order; jsonb sorts keys by length."""
    known = {name: row[name] for name in _COLUMNS if name in row}
    return known | row


_LIST = text("""
    select
        whole.job_id, refusal.source, refusal.reason, sum(refusal.row_count) as row_count,
        (array_agg(refusal.samples order by job.start_date, job.job_id))[1] as samples
    from processing_jobs as job
    cross join unnest(array[job.job_id, job.parent_job_id]) as whole (job_id)
    inner join job_refusal as refusal
        on job.tenant_id = refusal.tenant_id and job.job_id = refusal.job_id
    where
        job.tenant_id = :t and (job.job_id = any(:ids) or job.parent_job_id = any(:ids))
        and whole.job_id = any(:ids)
    group by whole.job_id, refusal.source, refusal.reason
    order by whole.job_id, refusal.source, row_count desc, refusal.reason
""")


def write_csv(tenant_id: UUID, job_id: UUID) -> Iterator[str]:
    """The kept rows of a job and its children as lines of CSV, one reason at a time.

    No transaction stays open while the client reads. The last lines name the reasons with more
    refused rows than are kept.
    """
    yield "\ufeff" + csv_line(_HEADER)
    notes = []
    for key in _list_keys(tenant_id, job_id):
        kept = _read(tenant_id, *key)
        if kept is None:
            continue
        yield "".join(csv_line(_cells(kept, row)) for row in kept.rows)
        if kept.count > len(kept.rows):
            notes.append(
                f"Only {len(kept.rows):,} of {kept.count:,} rows are listed of {kept.source}: "
                f"{kept.reason}. At most {KEPT_PER_REASON:,} a reason are kept."
            )
    yield "".join(csv_line((note, *[""] * (len(_HEADER) - 1))) for note in notes)


def _list_keys(tenant_id: UUID, job_id: UUID) -> list[tuple[UUID, str, str]]:
    statement = text("""
        select refusal.job_id, refusal.source, refusal.reason
        from processing_jobs as job
        inner join job_refusal as refusal
            on job.tenant_id = refusal.tenant_id and job.job_id = refusal.job_id
        where
            job.tenant_id = :t and (job.job_id = :job_id or job.parent_job_id = :job_id)
        order by job.start_date, refusal.job_id, refusal.source, refusal.reason
    """)
    with tenant_transaction(tenant_id) as conn:
        found = conn.execute(statement, {"t": tenant_id, "job_id": job_id})
        return [(row.job_id, row.source, row.reason) for row in found]


def _read(tenant_id: UUID, job_id: UUID, source: str, reason: str) -> _Kept | None:
    """The kept rows; for older jobs, which kept only samples, the samples."""
    statement = text("""
        select
            job.start_date, job.end_date, refusal.source, refusal.reason, refusal.row_count,
            case when refusal.kept_rows = '[]' then refusal.samples else refusal.kept_rows end
        from job_refusal as refusal
        inner join processing_jobs as job
            on refusal.tenant_id = job.tenant_id and refusal.job_id = job.job_id
        where
            refusal.tenant_id = :t and refusal.job_id = :job_id
            and refusal.source = :source and refusal.reason = :reason
    """)
    values = {"t": tenant_id, "job_id": job_id, "source": source, "reason": reason}
    with tenant_transaction(tenant_id) as conn:
        row = conn.execute(statement, values).one_or_none()
    return None if row is None else _Kept(*row)


def _cells(kept: _Kept, row: KeptRow) -> list[str]:
    about = [str(kept.start_date or ""), str(kept.end_date or ""), kept.source, kept.reason]
    known = [row.get(name) or "" for name in _COLUMNS]
    fault = next((name for name in row if name not in _COLUMNS), "")
    return [*about, *known, fault, row.get(fault) or ""]
