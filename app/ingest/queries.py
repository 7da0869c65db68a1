"""What is loaded, and the jobs that load it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row, TextClause, text

from app.dates import DateRange
from app.http.paging import Page
from app.ingest.files.held_files import HeldFile, list_held
from app.ingest.refusals import Refusal, list_refusals

EVENT_TYPES = (
    "purchase",
    "add_to_cart",
    "page_view",
    "view_item",
    "view_search_results",
    "no_search_results",
)
JobStatus = Literal[
    "queued", "processing", "completed", "completed_with_warnings", "failed", "cancelled"
]
RETRYABLE = ("completed_with_warnings", "failed", "cancelled")


@dataclass(frozen=True)
class DayAvailability:
    """One event type of one day: its rows, source table and time of loading.

    Fields are in the order of the function's columns.
    """

    event_date: date
    event_type: str
    rows: int
    source_table: str | None
    is_provisional: bool
    loaded_at: datetime

    @property
    def source_kind(self) -> str | None:
        """The kind of export table: daily, intraday or fresh; None if unknown."""
        found = re.fullmatch(r"events_(?:(intraday|fresh)_)?\d{8}", self.source_table or "")
        return (found.group(1) or "daily") if found else None

    @property
    def settled_from(self) -> str | None:
        """intraday or fresh if the day settled without a daily table; else None."""
        kind = self.source_kind
        return None if self.is_provisional or kind == "daily" else kind


@dataclass(frozen=True)
class Availability:
    """Everything that is loaded. Dates are None if nothing is."""

    days: tuple[DayAvailability, ...]
    earliest_date: date | None
    latest_date: date | None
    total_events: int
    complete_until: date | None
    users_rows: int | None
    users_loaded_at: datetime | None
    locations_rows: int | None
    locations_loaded_at: datetime | None

    @property
    def days_without_sessions(self) -> list[date]:
        """Loaded days without session extraction, where only stored events count."""
        loaded = {day.event_date for day in self.days}
        extracted = {day.event_date for day in self.days if day.event_type == "session_part"}
        return sorted(loaded - extracted)


@dataclass(frozen=True)
class JobStep:
    name: str
    status: Literal["pending", "running", "done", "failed", "skipped"]
    rows: int | None
    message: str | None


@dataclass(frozen=True)
class Job:
    """A background job. `message` says in plain words what happened and what to do."""

    job_id: UUID
    kind: str
    status: JobStatus
    start_date: date | None
    end_date: date | None
    data_types: tuple[str, ...]
    changed_only: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    started_by: str
    message: str | None
    detail: str | None
    warnings: tuple[str, ...]
    doubtful_words: tuple[str, ...]
    steps: tuple[JobStep, ...]
    refusals: tuple[Refusal, ...]
    held_files: tuple[HeldFile, ...]
    bytes_estimate: int | None
    parent_job_id: UUID | None
    cancel_requested_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.status in ("queued", "processing")

    @property
    def can_cancel(self) -> bool:
        """Whether there is still something to cancel."""
        return self.is_open and self.cancel_requested_at is None

    @property
    def can_retry(self) -> bool:
        return self.kind == "ingest" and self.status in RETRYABLE


def get_data_availability_combined(
    conn: Connection, tenant_id: UUID, period: DateRange | None = None
) -> Availability:
    """The days loaded, in `period` or ever, and the last customer files.

    `complete_until` is the last settled day, which no load will change; None if there is none.
    Missing days before it show as gaps in `days`.

    Source: sql/functions/figures/get_data_availability_combined.sql
    """
    statement = text("select * from get_data_availability_combined(:t, :start, :end)")
    arguments = {
        "t": tenant_id,
        "start": period.start if period else None,
        "end": period.end if period else None,
    }
    days = tuple(DayAvailability(*row) for row in conn.execute(statement, arguments))
    files = _file_loads(conn, tenant_id)
    return Availability(
        days=days,
        earliest_date=min((d.event_date for d in days), default=None),
        latest_date=max((d.event_date for d in days), default=None),
        total_events=sum(d.rows for d in days if d.event_type in EVENT_TYPES),
        complete_until=_complete_until(days),
        users_rows=files["users"][0],
        users_loaded_at=files["users"][1],
        locations_rows=files["locations"][0],
        locations_loaded_at=files["locations"][1],
    )


def get_tenant_jobs_paginated(
    conn: Connection,
    tenant_id: UUID,
    page: int = 1,
    limit: int = 50,
    kinds: Sequence[str] = ("ingest",),
) -> Page[Job]:
    """Jobs of these kinds, newest first; children are inside their parent.

    Source: sql/functions/jobs/get_tenant_jobs_paginated.sql
    """
    statement = text("select * from get_tenant_jobs_paginated(:t, :limit, :offset, :kinds)")
    arguments = {
        "t": tenant_id,
        "limit": limit,
        "offset": (page - 1) * limit,
        "kinds": list(kinds),
    }
    listed = conn.execute(statement, arguments).all()
    jobs = _jobs(conn, tenant_id, [row.job_id for row in listed])
    total = listed[0].total if listed else _count_jobs(conn, tenant_id, kinds)
    return Page(tuple(jobs[row.job_id] for row in listed), total, page, limit)


def find_job(conn: Connection, tenant_id: UUID, job_id: UUID) -> Job | None:
    """The tenant's job with that id, or None."""
    return _jobs(conn, tenant_id, [job_id]).get(job_id)


def _count_jobs(conn: Connection, tenant_id: UUID, kinds: Sequence[str]) -> int:
    statement = text("select total from get_tenant_jobs_paginated(:t, 1, 0, :kinds)")
    return conn.execute(statement, {"t": tenant_id, "kinds": list(kinds)}).scalar() or 0


def _jobs(conn: Connection, tenant_id: UUID, job_ids: Sequence[UUID]) -> dict[UUID, Job]:
    arguments = {"t": tenant_id, "ids": list(job_ids)}
    statement = text("select * from processing_jobs where tenant_id = :t and job_id = any(:ids)")
    rows = conn.execute(statement, arguments).all()
    steps = _grouped(conn, _STEPS, arguments)
    refusals = list_refusals(conn, tenant_id, job_ids)
    held = list_held(conn, tenant_id, job_ids)
    return {
        row.job_id: _job(
            row,
            steps.get(row.job_id, []),
            refusals.get(row.job_id, ()),
            held.get(row.job_id, ()),
        )
        for row in rows
    }


_STEPS = text("""
    select job_id, step, status, row_count, message
    from job_step
    where tenant_id = :t and job_id = any(:ids)
    order by job_id, position, step
""")


def _grouped(
    conn: Connection,
    statement: TextClause,
    arguments: dict[str, Any],
) -> dict[UUID, list[Row[Any]]]:
    found: dict[UUID, list[Row[Any]]] = {}
    for row in conn.execute(statement, arguments):
        found.setdefault(row.job_id, []).append(row)
    return found


def _job(
    row: Row[Any],
    steps: list[Row[Any]],
    refusals: tuple[Refusal, ...],
    held_files: tuple[HeldFile, ...],
) -> Job:
    fields = {name: row._mapping[name] for name in Job.__dataclass_fields__ if name in row._mapping}
    fields["data_types"] = tuple(row.data_types)
    fields["warnings"] = tuple(row.warnings)
    fields["doubtful_words"] = tuple(dict.fromkeys(row.doubtful_words))
    fields["steps"] = tuple(JobStep(s.step, s.status, s.row_count, s.message) for s in steps)
    return Job(refusals=refusals, held_files=held_files, **fields)


def _file_loads(conn: Connection, tenant_id: UUID) -> dict[str, tuple[int | None, datetime | None]]:
    statement = text("select file_type, row_count, loaded_at from file_load where tenant_id = :t")
    found: dict[str, tuple[int | None, datetime | None]] = {
        "users": (None, None),
        "locations": (None, None),
    }
    for row in conn.execute(statement, {"t": tenant_id}):
        found[row.file_type] = (row.row_count, row.loaded_at)
    return found


def _complete_until(days: Sequence[DayAvailability]) -> date | None:
    by_day: dict[date, list[DayAvailability]] = {}
    for entry in days:
        if entry.event_type not in EVENT_TYPES:
            continue
        by_day.setdefault(entry.event_date, []).append(entry)
    settled = (
        day
        for day, entries in by_day.items()
        if len(entries) == len(EVENT_TYPES) and not any(e.is_provisional for e in entries)
    )
    return max(settled, default=None)
