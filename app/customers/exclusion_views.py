"""Excluded: who is no customer, and whether the figures leave them out. For managers and admins."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import jobs
from app.current import current_member, current_membership
from app.customers import exclusions
from app.db import tenant_transaction
from app.errors import Invalid
from app.ingest.rederive import start_rederiving
from app.web import render_page, require_role

blueprint = Blueprint("exclusions", __name__, url_prefix="/analytics/customers/excluded")


@blueprint.get("")
@require_role("manager", "admin")
def excluded() -> Response:
    """Everybody who is excluded, and the forms that exclude."""
    return _page()


@blueprint.post("")
@require_role("manager", "admin")
def exclude() -> AnyResponse:
    """Exclude a contact, a company or an email domain."""
    tenant_id, by = _tenant_id(), current_member().email
    try:
        return _changed("Excluded.", lambda conn: exclusions.exclude(
            conn, tenant_id, request.form, by
        ))  # fmt: skip
    except Invalid as error:
        return _page(error)


@blueprint.post("/end")
@require_role("manager", "admin")
def include() -> AnyResponse:
    """End one exclusion."""
    kind, value = request.form.get("kind", ""), request.form.get("value", "")
    return _changed("The exclusion has ended.", lambda conn: exclusions.include(
        conn, _tenant_id(), kind, value
    ))  # fmt: skip


@blueprint.post("/figures")
@require_role("admin")
def set_figures() -> AnyResponse:
    """Whether the figures leave excluded customers out."""
    is_set = request.form.get("leave_figures") == "yes"
    return _changed("Saved.", lambda conn: exclusions.set_leave_figures(
        conn, _tenant_id(), is_set
    ))  # fmt: skip


def follow(conn: Connection, tenant_id: UUID) -> UUID | None:
    """Have the figures follow what this transaction changed; the job to publish, if they must."""
    return start_rederiving(conn, tenant_id, current_member().email)


def tell(message: str, job_id: UUID | None) -> None:
    """Say what was done, and start the job after the commit."""
    if job_id is not None:
        jobs.publish(job_id)
        message += " The figures follow within minutes."
    flash(message, "success")


def _changed(message: str, change: Callable[[Connection], None]) -> AnyResponse:
    with tenant_transaction(_tenant_id()) as conn:
        change(conn)
        job_id = follow(conn, _tenant_id())
    tell(message, job_id)
    return redirect(url_for("exclusions.excluded"), 303)


def _page(error: Invalid | None = None) -> Response:
    tenant_id = _tenant_id()
    with tenant_transaction(tenant_id) as conn:
        found = exclusions.list_exclusions(conn, tenant_id)
        leave_figures = exclusions.leave_figures(conn, tenant_id)
    return render_page(
        "customers/excluded.html", "customers/_excluded.html",
        status=error.status if error else 200, exclusions=found, leave_figures=leave_figures,
        kinds=exclusions.KINDS, typed=request.form,
        problem=error.message if error else None,
        problems=error.extra.get("fields", {}) if error else {},
    )  # fmt: skip


def _tenant_id() -> UUID:
    return current_membership().tenant.tenant_id
