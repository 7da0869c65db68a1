"""The page of the schedule of ingestion. For admins."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.database.engine import tenant_transaction
from app.errors import NotFound
from app.http.current import current_actor, current_tenant_id
from app.http.web import current_format, render_page, require_role
from app.ingest.schedule.queries import change_schedule, find_schedule, remove_schedule
from app.ingest.schedule.start import start_now
from app.jobs import publish
from app.settings.forms import TITLES
from app.settings.schedule.form import ScheduleForm, stored_values

blueprint = Blueprint("schedule", __name__, url_prefix="/data/schedule")


@blueprint.get("")
@require_role("admin")
def schedule() -> Response:
    return _page()


@blueprint.post("")
@require_role("admin")
def save() -> AnyResponse:
    """Store the schedule, or show errors next to the fields."""
    form = ScheduleForm()
    if not form.check():
        return _page(form)
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        change_schedule(
            conn,
            tenant_id,
            current_actor(),
            form.line(),
            form.time_zone.data,
            form.days_back.data,
            is_paused=form.pause,
        )
    flash("Schedule saved.", "success")
    return redirect(url_for("schedule.schedule"), 303)


@blueprint.post("/delete")
@require_role("admin")
def delete() -> AnyResponse:
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        remove_schedule(conn, tenant_id, current_actor())
    flash("Nothing loads automatically anymore.", "success")
    return redirect(url_for("schedule.schedule"), 303)


@blueprint.post("/run")
@require_role("admin")
def run() -> AnyResponse:
    """Start now what the schedule would start."""
    tenant_id, actor = current_tenant_id(), current_actor()
    with tenant_transaction(tenant_id) as conn:
        found = find_schedule(conn, tenant_id)
        if found is None:
            raise NotFound("There is no schedule. Save one first.")
        job_id = start_now(conn, found, actor.email)
        audit.record(conn, tenant_id, actor, "ingest.started", job_id, by="schedule")
    publish(job_id)
    flash("Ingestion started. It continues when you leave this page.", "success")
    return redirect(url_for("ingest.job_page", job_id=job_id), 303)


def _page(form: ScheduleForm | None = None) -> Response:
    g.current_link = "settings.settings"
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        found = find_schedule(conn, tenant_id)
    if form is None:
        values = stored_values(found, current_format().time_zone)
        form = ScheduleForm(formdata=None, data=values)
    is_bad = request.method == "POST"
    return render_page(
        "settings/schedule.html",
        "settings/_schedule.html",
        status=422 if is_bad else 200,
        form=form,
        found=found,
        problems=form.problems,
        section="schedule",
        titles=TITLES,
        problem="Nothing was saved. Please check:" if is_bad else None,
    )
