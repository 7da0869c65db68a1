"""The Data page: what is loaded, loading more, and the jobs that load. For admins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.database.engine import tenant_transaction
from app.dates import DateRange, parse_date, utc_now
from app.errors import NotFound
from app.http.current import current_actor, current_member, current_tenant_id
from app.http.web import (
    announce,
    block,
    current_format,
    done,
    is_fragment_request,
    page_arguments,
    record_export,
    render_page,
    require_role,
    tenant_today,
)
from app.ingest import jobs
from app.ingest.month_parts import count_rows, list_parts
from app.ingest.pages.forms import DATA_TYPES, IngestForm
from app.ingest.pages.heatmap import EVENT_TYPES, build_heatmap, default_window
from app.ingest.queries import (
    Job,
    find_job,
    get_data_availability_combined,
    get_tenant_jobs_paginated,
)
from app.ingest.refusals import KEPT_PER_REASON, write_csv
from app.ingest.store.kept_days import get_kept_days
from app.jobs import publish

blueprint = Blueprint("ingest", __name__, url_prefix="/data")

JOBS_CHANGED = "jobs-changed"
Begin = Callable[[Connection, UUID, jobs.IngestRequest, str], UUID]

_RUNNING = ("queued", "processing")
_WINDOW_LIMIT = 366


@blueprint.get("")
@require_role("admin")
def data_page() -> Response:
    """Calendar, form, running job and history; only the calendar as a fragment."""
    with tenant_transaction(current_tenant_id()) as conn:
        context = _calendar(conn) | _history(conn, 10)
    running = [job for job in context["jobs"].rows if job.status in _RUNNING][:1]
    return render_page(
        "ingest/data.html",
        "ingest/_availability.html",
        form=_form(),
        running=running,
        parts=_parts(running[0]) if running else [],
        **context,
    )


@blueprint.get("/jobs")
@require_role("admin")
@block("job_history", "the job history")
def job_history() -> Response:
    """All loads, including failed ones, newest first."""
    with tenant_transaction(current_tenant_id()) as conn:
        context = _history(conn)
    return render_page("ingest/jobs.html", "ingest/_jobs.html", **context)


@blueprint.get("/jobs/<uuid:job_id>")
@require_role("admin")
def job_page(job_id: UUID) -> Response:
    """One job; polled while it runs, and announced to the rest of the page when it ends."""
    job = _find(job_id)
    fragment = "ingest/_estimate.html" if job.kind == "estimate" else "ingest/_job.html"
    response = render_page("ingest/job.html", fragment, job=job, parts=_parts(job), **_job_words())
    if job.status in _RUNNING or not is_fragment_request():
        return response
    return announce(response, JOBS_CHANGED)


@blueprint.post("/ingest")
@require_role("admin")
def start() -> AnyResponse:
    """Start an ingestion, or show next to the fields why not."""
    form = _form()
    if not form.validate_on_submit():
        return _refused(form)
    job = _enqueue(jobs.start_ingestion, "ingest.started", form)
    return done(
        "ingest/_started.html",
        "Ingestion started. It continues when you leave this page.",
        fallback=_address(job),
        event=JOBS_CHANGED,
        **_job_words() | {"form": form, "job": job, "parts": []},
    )


@blueprint.post("/estimate")
@require_role("admin")
def estimate() -> AnyResponse:
    """Start a job that estimates how much an ingestion would scan, without loading."""
    form = _form()
    if not form.validate_on_submit():
        return _refused(form)
    job = _enqueue(jobs.start_estimate, "ingest.estimated", form)
    return done(
        "ingest/_form.html",
        "The size is being estimated.",
        fallback=_address(job),
        form=form,
        estimate=job,
        **_job_words(),
    )


@blueprint.post("/jobs/<uuid:job_id>/cancel")
@require_role("admin")
def cancel(job_id: UUID) -> AnyResponse:
    """Stop a job; earlier loads stay."""
    with tenant_transaction(current_tenant_id()) as conn:
        jobs.cancel(conn, current_tenant_id(), job_id)
        _record(conn, "ingest.cancelled", job_id)
    return _job_done(job_id, "The job is being canceled.")


@blueprint.post("/jobs/<uuid:job_id>/retry")
@require_role("admin")
def retry(job_id: UUID) -> AnyResponse:
    """Start the same ingestion again as a new job."""
    with tenant_transaction(current_tenant_id()) as conn:
        new_id = jobs.retry(conn, current_tenant_id(), job_id, _by())
        _record(conn, "ingest.retried", new_id, after=job_id)
    publish(new_id)
    return _job_done(new_id, "Started again as a new job.")


@blueprint.post("/jobs/<uuid:job_id>/load-held/<any(users, locations):file_type>")
@require_role("admin")
def load_held(job_id: UUID, file_type: str) -> AnyResponse:
    """Load exactly the file that a job held back, as a new job."""
    with tenant_transaction(current_tenant_id()) as conn:
        new_id = jobs.load_held_file(conn, current_tenant_id(), job_id, file_type, _by())
        _record(conn, "ingest.held_file_loaded", new_id, file_type=file_type, held_by=job_id)
    publish(new_id)
    return _job_done(new_id, "The file that was held back is loaded, as a new job.")


@blueprint.get("/jobs/<uuid:job_id>/refused.csv")
@require_role("admin")
def refused_rows(job_id: UUID) -> Response:
    """The rows refused by a job and its children, as a spreadsheet file."""
    job = _find(job_id)
    record_export("refused_rows", str(job.job_id), "csv")
    response = Response(write_csv(current_tenant_id(), job.job_id), mimetype="text/csv")
    name = f"refused-rows-{str(job.job_id)[:8]}.csv"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _job_done(job_id: UUID, message: str) -> AnyResponse:
    job = _find(job_id)
    return done(
        "ingest/_job.html",
        message,
        fallback=_address(job),
        event=JOBS_CHANGED,
        job=job,
        parts=_parts(job),
        **_job_words(),
    )


def _record(conn: Connection, action: str, job_id: UUID, **detail: object) -> None:
    audit.record(conn, current_tenant_id(), current_actor(), action, job_id, **detail)


def _address(job: Job) -> str:
    return url_for("ingest.job_page", job_id=job.job_id)


def _enqueue(begin: Begin, action: str, form: IngestForm) -> Job:
    request = form.to_request()
    with tenant_transaction(current_tenant_id()) as conn:
        job_id = begin(conn, current_tenant_id(), request, _by())
        _record(conn, action, job_id, **vars(request))
    publish(job_id)
    return _find(job_id)


def _refused(form: IngestForm) -> Response:
    if is_fragment_request():
        return Response(render_template("ingest/_form.html", form=form), 422)
    with tenant_transaction(current_tenant_id()) as conn:
        context = _calendar(conn) | _history(conn, 10)
    page = render_template("ingest/data.html", form=form, running=[], **context)
    return Response(page, 422)


def _find(job_id: UUID) -> Job:
    with tenant_transaction(current_tenant_id()) as conn:
        job = find_job(conn, current_tenant_id(), job_id)
    if job is None:
        raise NotFound("There is no such job. Jobs are kept for 90 days.")
    return job


def _parts(job: Job) -> list[Job]:
    with tenant_transaction(current_tenant_id()) as conn:
        return list_parts(conn, current_tenant_id(), job.job_id)


def _calendar(conn: Connection) -> dict[str, Any]:
    availability = get_data_availability_combined(conn, current_tenant_id())
    window = _window() or default_window(availability, tenant_today())
    heatmap = build_heatmap(availability, window, current_format())
    return {"availability": availability, "heatmap": heatmap}


def _window() -> DateRange | None:
    start, end = request.args.get("start_date"), request.args.get("end_date")
    if not start or not end:
        return None
    first, last = parse_date(start, "First day"), parse_date(end, "Last day")
    return DateRange(max(first, date.fromordinal(last.toordinal() - _WINDOW_LIMIT + 1)), last)


def _history(conn: Connection, default_limit: int = 25) -> dict[str, Any]:
    page, limit = page_arguments(default_limit)
    found = get_tenant_jobs_paginated(
        conn, current_tenant_id(), page, limit, ("ingest", "rederive")
    )
    counts = count_rows(conn, current_tenant_id(), [job.job_id for job in found.rows])
    return {"jobs": found, "counts": counts, **_job_words()}


def _job_words() -> dict[str, Any]:
    return {
        "data_types": DATA_TYPES,
        "event_types": EVENT_TYPES,
        "kept_per_reason": KEPT_PER_REASON,
        "now": utc_now(),
    }


def _by() -> str:
    return current_member().email


def _form() -> IngestForm:
    with tenant_transaction(current_tenant_id()) as conn:
        return IngestForm(tenant_today(), get_kept_days(conn, current_tenant_id()))
