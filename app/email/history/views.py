"""What was sent: jobs, their messages, a message word for word, and what can be done about it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.branches import branch_label, get_branch_names
from app.database.engine import tenant_transaction
from app.email.history import queries as stored
from app.email.links import queries as links
from app.email.sending import stops
from app.email.sending.views import mail_document
from app.errors import Conflict, Invalid
from app.format import plural
from app.http.current import current_actor, current_scope, current_tenant_id
from app.http.paging import Page
from app.http.web import page_arguments, render_page, require_role

blueprint = Blueprint("history", __name__, url_prefix="/analytics/email/history")

STATES = ("planned", "sending", "sent", "failed", "skipped", "unknown")


@blueprint.get("")
@require_role("manager", "admin")
def jobs() -> Response:
    """Every sending, newest first."""
    number, limit = page_arguments()
    with tenant_transaction(current_tenant_id()) as conn:
        found, total = stored.get_email_jobs_paginated(
            conn, current_tenant_id(), current_scope(), limit, (number - 1) * limit
        )
        stop = stops.find_stop(conn, current_tenant_id())
    return render_page(
        "email/history.html",
        "email/_history.html",
        listed=Page(found, total, number, limit),
        stop=stop,
        history_link=lambda page: url_for("history.jobs", page=page, limit=limit),
        tab="history",
    )


@blueprint.get("/<uuid:job_id>")
@require_role("manager", "admin")
def job(job_id: UUID) -> Response:
    """One sending with its messages; while it goes on the page looks again by itself."""
    number, limit = page_arguments()
    asked = request.args.get("status", "")
    chosen = asked if asked in STATES else None
    with tenant_transaction(current_tenant_id()) as conn:
        found = stored.get_mail_job(conn, current_tenant_id(), current_scope(), job_id)
        messages, total = stored.get_email_send_history_paginated(
            conn,
            current_tenant_id(),
            current_scope(),
            limit,
            (number - 1) * limit,
            job_id=job_id,
            status=chosen,
        )
        names = get_branch_names(conn, current_tenant_id())
    return render_page(
        "email/job.html",
        "email/_job.html",
        job=found,
        states=STATES,
        chosen=chosen,
        listed=Page(messages, total, number, limit),
        names=names,
        branch_label=branch_label,
        job_link=lambda page: url_for(
            "history.job", job_id=job_id, status=chosen, page=page, limit=limit
        ),
        tab="history",
    )


@blueprint.post("/<uuid:job_id>/resend")
@require_role("manager", "admin")
def resend(job_id: UUID) -> AnyResponse:
    """Send what failed again, and nothing else."""
    with tenant_transaction(current_tenant_id()) as conn:
        stored.get_mail_job(conn, current_tenant_id(), current_scope(), job_id)
        count = stored.resend_failed(conn, current_tenant_id(), current_scope(), job_id)
        audit.record(
            conn, current_tenant_id(), current_actor(), "email.resent", job_id, messages=count
        )
    flash(f"{count} failed {plural(count, 'message')} will be tried again.", "success")
    return redirect(url_for("history.job", job_id=job_id), 303)


@blueprint.get("/messages/<uuid:message_id>")
@require_role("manager", "admin")
def message(message_id: UUID) -> Response:
    """A message as it was written, and what the mail server said."""
    return _message_page(message_id)


@blueprint.get("/messages/<uuid:message_id>/html")
@require_role("manager", "admin")
def message_html(message_id: UUID) -> Response:
    """Its HTML part alone, for the frame of the page."""
    with tenant_transaction(current_tenant_id()) as conn:
        _, words = stored.get_message(conn, current_tenant_id(), current_scope(), message_id)
    return mail_document(words.html)


@blueprint.post("/messages/<uuid:message_id>/resolve")
@require_role("admin")
def resolve(message_id: UUID) -> AnyResponse:
    """Say what became of a message of unknown fate."""
    fate = request.form.get("fate")
    if fate not in ("delivered", "again"):
        raise Invalid("Say whether it arrived or should be sent again.")
    is_delivered, actor = fate == "delivered", current_actor()
    try:
        with tenant_transaction(current_tenant_id()) as conn:
            stored.get_message(conn, current_tenant_id(), current_scope(), message_id)
            stored.resolve(
                conn, current_tenant_id(), message_id, actor.email, is_delivered=is_delivered
            )
            audit.record(
                conn,
                current_tenant_id(),
                actor,
                "email.resolved",
                message_id,
                fate="delivered" if is_delivered else "sent again",
            )
    except Conflict as refusal:
        return _message_page(message_id, refusal)
    flash("Noted as delivered." if is_delivered else "It will be sent again.", "success")
    return redirect(url_for("history.message", message_id=message_id), 303)


@blueprint.post("/messages/<uuid:message_id>/revoke")
@require_role("manager", "admin")
def revoke(message_id: UUID) -> AnyResponse:
    """The links of this report are no longer good."""
    actor = current_actor()
    with tenant_transaction(current_tenant_id()) as conn:
        stored.get_message(conn, current_tenant_id(), current_scope(), message_id)
        count = links.revoke(conn, current_tenant_id(), message_id, actor.email)
        audit.record(
            conn, current_tenant_id(), actor, "email.links_revoked", message_id, links=count
        )
    flash(f"{count} {plural(count, 'link no longer works', 'links no longer work')}.", "success")
    return redirect(url_for("history.message", message_id=message_id), 303)


def _message_page(message_id: UUID, refusal: Conflict | None = None) -> Response:
    with tenant_transaction(current_tenant_id()) as conn:
        found, words = stored.get_message(conn, current_tenant_id(), current_scope(), message_id)
        names = get_branch_names(conn, current_tenant_id())
    context: dict[str, Any] = {
        "found": found,
        "words": words,
        "refusal": refusal,
        "tab": "history",
        "branches": [branch_label(names, name) for name in found.branch_ids],
    }
    status = refusal.status if refusal else 200
    return render_page("email/message.html", "email/_message.html", status=status, **context)
