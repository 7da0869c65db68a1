"""Excluded: who is no customer, and whether the figures leave them out. For managers and admins."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, g, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import audit, jobs
from app.customers import exclusions
from app.database.engine import tenant_transaction
from app.errors import Invalid
from app.http.current import (
    current_actor,
    current_member,
    current_scope,
    current_tenant_id,
)
from app.http.masking import mask_id
from app.http.web import render_page, require_role
from app.ingest.store.rederive import start_rederiving

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
    tenant_id, actor = current_tenant_id(), current_actor()
    try:
        with tenant_transaction(tenant_id) as conn:
            kind, value = exclusions.exclude(
                conn, tenant_id, current_scope(), request.form, actor.email
            )
            audit.record(conn, tenant_id, actor, "customer.excluded", mask_id(value), kind=kind)
            job_id = follow(conn, tenant_id)
    except Invalid as error:
        return _page(error)
    return _changed("Excluded.", job_id)


@blueprint.post("/end")
@require_role("manager", "admin")
def include() -> AnyResponse:
    """End one exclusion."""
    tenant_id, form = current_tenant_id(), request.form
    with tenant_transaction(tenant_id) as conn:
        kind, value = exclusions.include(
            conn, tenant_id, current_scope(), form.get("kind", ""), form.get("value", "")
        )
        audit.record(
            conn, tenant_id, current_actor(), "customer.included", mask_id(value), kind=kind
        )
        job_id = follow(conn, tenant_id)
    return _changed("The exclusion has ended.", job_id)


@blueprint.post("/figures")
@require_role("admin")
def set_figures() -> AnyResponse:
    """Whether the figures leave excluded customers out."""
    tenant_id, is_set = current_tenant_id(), request.form.get("leave_figures") == "yes"
    with tenant_transaction(tenant_id) as conn:
        was_set = exclusions.leave_figures(conn, tenant_id)
        exclusions.set_leave_figures(conn, tenant_id, is_set)
        audit.record(
            conn,
            tenant_id,
            current_actor(),
            "settings.changed",
            "exclude_from_figures",
            before=was_set,
            after=is_set,
        )
        job_id = follow(conn, tenant_id)
    return _changed("Saved.", job_id)


def follow(conn: Connection, tenant_id: UUID) -> UUID | None:
    """Have the figures follow what this transaction changed; the job to publish, if they must."""
    return start_rederiving(conn, tenant_id, current_member().email)


def tell(message: str, job_id: UUID | None) -> None:
    """Say what was done, and start the job after the commit."""
    if job_id is not None:
        jobs.publish(job_id)
        message += " Tasks and figures update within minutes."
    flash(message, "success")


def _changed(message: str, job_id: UUID | None) -> AnyResponse:
    tell(message, job_id)
    return redirect(url_for("exclusions.excluded"), 303)


def _page(error: Invalid | None = None) -> Response:
    tenant_id = current_tenant_id()
    g.current_link = "customers.customers"
    with tenant_transaction(tenant_id) as conn:
        found = exclusions.list_exclusions(conn, tenant_id, current_scope())
        leave_figures = exclusions.leave_figures(conn, tenant_id)
    return render_page(
        "customers/excluded.html",
        "customers/_excluded.html",
        status=error.status if error else 200,
        exclusions=found,
        leave_figures=leave_figures,
        kinds=exclusions.KINDS,
        typed=request.form,
        problem=error.message if error else None,
        problems=error.extra.get("fields", {}) if error else {},
    )
