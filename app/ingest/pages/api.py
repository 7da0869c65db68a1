"""Ingestion and availability as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint
from pydantic import BaseModel, ConfigDict, Field

from app import audit
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.errors import NotFound
from app.http.api import (
    Day,
    Model,
    PageOf,
    PageQuery,
    PeriodQuery,
    api_roles,
    api_scope,
    documented,
    filled,
    page_of,
)
from app.http.current import current_actor, current_tenant_id
from app.ingest import jobs, queries
from app.jobs import publish

blueprint = Blueprint("ingest_api", __name__, url_prefix="/data/api/v1")

DataType = Literal["events", "users", "locations"]


class StartBody(BaseModel):
    """What to load. Days are both included; `changed_only` skips days whose source is the same."""

    model_config = ConfigDict(extra="forbid")
    start_date: Day
    end_date: Day
    data_types: list[DataType] = Field(
        default=["events", "users", "locations"], min_length=1, max_length=3
    )
    changed_only: bool = False


class LoadHeldBody(BaseModel):
    """Which of the files that the job held back to load."""

    model_config = ConfigDict(extra="forbid")
    file_type: Literal["users", "locations"]


class AvailabilityQuery(PeriodQuery):
    """A range of days; without one, everything that was ever loaded."""


class Started(Model):
    """A job and how far it is."""

    job_id: UUID
    status: str


class Step(Model):
    """One line of a job's progress."""

    name: str
    status: Literal["pending", "running", "done", "failed", "skipped"]
    rows: int | None
    message: str | None


class RefusedRows(Model):
    """Rows of one source that were not taken, with the reason and some samples."""

    source: str
    reason: str
    rows: int
    samples: list[dict[str, Any]]


class HeldFile(Model):
    """A file that was not taken, because it differs too much from the last one or is cut.

    Each of `reasons` continues a sentence that begins with the file's name; jobs of older releases
    have none, only the row counts. `ingest/{job_id}/load-held` loads it all the same; `job_id` may
    be a part of the job asked for.
    """

    job_id: UUID
    file_type: Literal["users", "locations"]
    source_name: str
    rows: int
    previous_rows: int
    approved_by: str | None
    approval_job_id: UUID | None
    reasons: list[str]


class JobRow(Model):
    """A job; `message` says in plain words what happened and what to do."""

    job_id: UUID
    parent_job_id: UUID | None
    kind: str
    status: str
    start_date: Day | None
    end_date: Day | None
    data_types: list[str]
    changed_only: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    started_by: str
    message: str | None
    detail: str | None
    warnings: list[str]
    steps: list[Step]
    refusals: list[RefusedRows]
    held_files: list[HeldFile]
    bytes_estimate: int | None
    can_cancel: bool
    can_retry: bool


class Summary(Model):
    """What is loaded at all; days are null when nothing is."""

    earliest_date: Day | None
    latest_date: Day | None
    complete_until: Day | None
    total_events: int


class DayRow(Model):
    """One event type of one day."""

    event_date: Day
    event_type: str
    rows: int
    source_table: str | None
    source_kind: Literal["daily", "intraday", "fresh"] | None
    is_provisional: bool
    settled_from: Literal["intraday", "fresh"] | None
    loaded_at: datetime


class FileRow(Model):
    """The last load of a customer file; nulls before the first."""

    rows: int | None
    loaded_at: datetime | None


class AvailabilityAnswer(Model):
    """Which days of which event types are loaded, and the customer files."""

    summary: Summary
    breakdown: list[DayRow]
    users: FileRow
    locations: FileRow


@blueprint.post("/ingest/start")
@api_scope("ingest")
@api_roles("admin")
@documented(Started, tag="data", status=201)
def start(json: StartBody) -> tuple[Started, int]:
    """Start loading a range of days. Admins only; the job's progress is at `ingest/{id}`."""
    period = DateRange(json.start_date, json.end_date)
    asked = jobs.IngestRequest(
        period.start, period.end, tuple(dict.fromkeys(json.data_types)), json.changed_only
    )
    tenant_id, actor = current_tenant_id(), current_actor()
    with tenant_transaction(tenant_id) as conn:
        job_id = jobs.start_ingestion(conn, tenant_id, asked, actor.email)
        audit.record(conn, tenant_id, actor, "ingest.started", job_id, **vars(asked))
    publish(job_id)
    return Started(job_id=job_id, status="queued"), 201


@blueprint.get("/ingest/jobs")
@api_roles("admin")
@documented(PageOf[JobRow], tag="data")
def job_history(query: PageQuery) -> PageOf[JobRow]:
    """The tenant's jobs, newest first. Admins only."""
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        found = queries.get_tenant_jobs_paginated(conn, tenant_id, query.page, query.limit)
    return page_of([_job_row(job) for job in found.rows], found.total, query)


@blueprint.get("/ingest/<uuid:job_id>")
@api_roles("admin")
@documented(JobRow, tag="data")
def job_status(job_id: UUID) -> JobRow:
    """One job with its steps. Admins only; another tenant's job is as absent as none."""
    return _job_row(_find(job_id))


@blueprint.post("/ingest/<uuid:job_id>/cancel")
@api_scope("ingest")
@api_roles("admin")
@documented(Started, tag="data")
def cancel(job_id: UUID) -> Started:
    """Stop a job: at once when it waits, at its next check when it runs. Admins only."""
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        jobs.cancel(conn, tenant_id, job_id)
        audit.record(conn, tenant_id, current_actor(), "ingest.cancelled", job_id)
    return Started(job_id=job_id, status=_find(job_id).status)


@blueprint.post("/ingest/<uuid:job_id>/load-held")
@api_scope("ingest")
@api_roles("admin")
@documented(Started, tag="data", status=201)
def load_held(job_id: UUID, json: LoadHeldBody) -> tuple[Started, int]:
    """Load a file that this job held back, as a new job that takes exactly that file.

    Another file that is there by then is judged again. Admins only.
    """
    tenant_id, actor = current_tenant_id(), current_actor()
    with tenant_transaction(tenant_id) as conn:
        new_id = jobs.load_held_file(conn, tenant_id, job_id, json.file_type, actor.email)
        audit.record(
            conn,
            tenant_id,
            actor,
            "ingest.held_file_loaded",
            new_id,
            file_type=json.file_type,
            held_by=job_id,
        )
    publish(new_id)
    return Started(job_id=new_id, status="queued"), 201


@blueprint.get("/availability")
@documented(AvailabilityAnswer, tag="data")
def availability(query: AvailabilityQuery) -> AvailabilityAnswer:
    """Which days are loaded, by event type."""
    tenant_id = current_tenant_id()
    is_bounded = query.start_date is not None or query.end_date is not None
    period = query.period("UTC") if is_bounded else None
    with tenant_transaction(tenant_id) as conn:
        found = queries.get_data_availability_combined(conn, tenant_id, period)
    return AvailabilityAnswer(
        summary=filled(Summary, found),
        breakdown=[filled(DayRow, day) for day in found.days],
        users=FileRow(rows=found.users_rows, loaded_at=found.users_loaded_at),
        locations=FileRow(rows=found.locations_rows, loaded_at=found.locations_loaded_at),
    )


def _find(job_id: UUID) -> queries.Job:
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        job = queries.find_job(conn, tenant_id, job_id)
    if job is None:
        raise NotFound("There is no such job.")
    return job


def _job_row(job: queries.Job) -> JobRow:
    return filled(
        JobRow,
        job,
        held_files=[filled(HeldFile, held) for held in job.held_files],
        steps=[filled(Step, step) for step in job.steps],
        refusals=[
            filled(RefusedRows, refused, samples=list(refused.samples)) for refused in job.refusals
        ],
    )
