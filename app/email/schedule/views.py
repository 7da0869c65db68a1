"""The page of the schedules of mail. For managers and admins."""

from __future__ import annotations

from datetime import time

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse
from wtforms import (  # type: ignore[import-untyped] # wtforms has no types
    BooleanField,
    StringField,
)
from wtforms.validators import Optional, Regexp  # type: ignore[import-untyped] # as above

from app.database.engine import tenant_transaction
from app.email.schedule import queries as schedules
from app.email.schedule.queries import KINDS, MailSchedule
from app.http.current import current_actor, current_membership, current_tenant_id
from app.http.web import current_format, render_page, require_role
from app.settings.schedule.form import CronForm, cron_values

blueprint = Blueprint("mail_schedule", __name__, url_prefix="/analytics/email/schedule")

_DEFAULT_CRON = {"report": "30 6 * * 1,2,3,4,5", "digest": "0 7 * * 1"}


class MailScheduleForm(CronForm):
    """When mail goes out, and how long it waits for yesterday's data."""

    waits = BooleanField("Wait for yesterday’s data")
    latest = StringField(
        "Send at the latest at",
        [Optional(), Regexp(r"^([01]\d|2[0-3]):[0-5]\d$", message="Enter a time like 09:00.")],
    )

    def latest_time(self) -> time | None:
        """Until when to wait; None does not wait."""
        if not self.waits.data:
            return None
        return time.fromisoformat(self.latest.data or "09:00")


@blueprint.get("")
@require_role("manager", "admin")
def schedule() -> Response:
    """When reports and digests go out, their next three times and their last days."""
    return _page()


@blueprint.post("/<any(report, digest):kind>")
@require_role("manager", "admin")
def save(kind: str) -> AnyResponse:
    """Store a schedule, or say beside the fields what is wrong."""
    form = MailScheduleForm(prefix="")
    if not form.check():
        return _page(kind, form)
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        schedules.change_schedule(
            conn,
            tenant_id,
            current_membership().scope,
            current_actor(),
            kind,
            form.line(),
            form.time_zone.data,
            form.latest_time(),
            is_paused=form.pause,
        )
    flash("Schedule saved.", "success")
    return redirect(url_for("mail_schedule.schedule"), 303)


@blueprint.post("/<any(report, digest):kind>/delete")
@require_role("manager", "admin")
def delete(kind: str) -> AnyResponse:
    """Mail of this kind no longer goes out by itself."""
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        schedules.remove_schedule(
            conn, tenant_id, current_membership().scope, current_actor(), kind
        )
    flash(f"{KINDS[kind]} no longer go out automatically.", "success")
    return redirect(url_for("mail_schedule.schedule"), 303)


def _page(failed: str | None = None, sent: MailScheduleForm | None = None) -> Response:
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        found = schedules.list_schedules(conn, tenant_id)
        runs = {
            kind: schedules.list_runs(conn, tenant_id, one.schedule_id)
            for kind, one in found.items()
        }
    forms = {
        kind: sent if kind == failed and sent else _form(kind, found.get(kind)) for kind in KINDS
    }
    is_bad = request.method == "POST"
    return render_page(
        "email/schedule.html",
        "email/_schedule.html",
        status=422 if is_bad else 200,
        forms=forms,
        found=found,
        runs=runs,
        kinds=KINDS,
        failed=failed,
        tab="schedule",
        may_change=schedules.may_schedule(current_membership().scope),
    )


def _form(kind: str, stored: MailSchedule | None) -> MailScheduleForm:
    values = cron_values(stored.cron if stored else _DEFAULT_CRON[kind])
    latest = stored.latest_time if stored else time(9)
    return MailScheduleForm(
        formdata=None,
        data={
            **values,
            "time_zone": stored.time_zone if stored else current_format().time_zone,
            "waits": latest is not None,
            "latest": (latest or time(9)).strftime("%H:%M"),
            "is_paused": bool(stored and stored.is_paused),
        },
    )
