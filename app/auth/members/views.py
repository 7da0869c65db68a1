"""Users & roles: who may work in the tenant, with which role and branches. For admins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app.auth.members import queries
from app.auth.members.forms import ROLES, parse_access, parse_invitation
from app.auth.members.queries import Action, TenantMember
from app.branches import branch_label, get_branch_names
from app.database.engine import admin_transaction, tenant_transaction
from app.errors import AppError, Conflict, Invalid
from app.http.current import current_actor, current_member, current_membership, current_tenant_id
from app.http.web import render_page, require_role

blueprint = Blueprint("members", __name__, url_prefix="/auth/members")

_CHANGES = {
    "deactivate": (queries.deactivate, "Deactivated: {email} no longer has access."),
    "reactivate": (queries.reactivate, "Reactivated: {email} can sign in again."),
    "withdraw": (queries.withdraw, "The invitation of {email} is withdrawn."),
    "unbind": (
        queries.unbind,
        "Unbound: the next person to sign in with {email} becomes this member.",
    ),
}


@blueprint.get("")
@require_role("admin")
def members() -> Response:
    return _list_page()


@blueprint.post("")
@require_role("admin")
def invite() -> AnyResponse:
    """Invite someone, or show next to the fields what is missing."""
    tenant_id = current_tenant_id()
    try:
        with tenant_transaction(tenant_id) as conn:
            names = get_branch_names(conn, tenant_id)
            email, access = parse_invitation(request.form, names)
            queries.invite(
                conn, tenant_id, current_actor(), email, access.role, access.location_ids
            )
    except Invalid as error:
        return _list_page(error)
    flash(f"Invited: {email} becomes a member by signing in with this address.", "success")
    return redirect(url_for("members.members"), 303)


@blueprint.get("/<uuid:membership_id>")
@require_role("admin")
def member(membership_id: UUID) -> Response:
    return _member_page(membership_id)


@blueprint.post("/<uuid:membership_id>")
@require_role("admin")
def change_member(membership_id: UUID) -> AnyResponse:
    tenant_id = current_tenant_id()
    try:
        with tenant_transaction(tenant_id) as conn:
            old = queries.get_tenant_member(conn, tenant_id, membership_id)
            known = {*get_branch_names(conn, tenant_id), *(old.location_ids or ())}
            access = parse_access(request.form, known)
            queries.change(
                conn, tenant_id, current_actor(), membership_id, access.role, access.location_ids
            )
    except (Conflict, Invalid) as error:
        return _member_page(membership_id, error)
    return _changed(old, f"Saved. It applies to {old.email} from their next click.")


@blueprint.post("/<uuid:membership_id>/<any(deactivate, reactivate, withdraw, unbind):action>")
@require_role("admin")
def act_on_member(membership_id: UUID, action: Action) -> AnyResponse:
    tenant_id = current_tenant_id()
    take, words = _CHANGES[action]
    try:
        with tenant_transaction(tenant_id) as conn:
            old = queries.get_tenant_member(conn, tenant_id, membership_id)
            take(conn, tenant_id, current_actor(), membership_id)
    except Conflict as error:
        return _member_page(membership_id, error)
    return _changed(old, words.format(email=old.email))


def _changed(old: TenantMember, message: str) -> AnyResponse:
    """Back to the list; members who changed themselves may not see it and go to their own page."""
    flash(message, "success")
    is_self = old.member_id == current_member().member_id
    return redirect(url_for("site.home" if is_self else "members.members"), 303)


def _list_page(error: AppError | None = None) -> Response:
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        found = queries.list_members(conn, tenant_id)
        context = _words(conn)
    with admin_transaction() as conn:
        ids = [one.member_id for one in found if one.member_id]
        last_seen = queries.list_last_seen(conn, ids)
    return render_page(
        "auth/members.html",
        "auth/_members.html",
        status=error.status if error else 200,
        found=found,
        last_seen=last_seen,
        typed=request.form or request.args,
        **_problems(error),
        **context,
    )


def _member_page(membership_id: UUID, error: AppError | None = None) -> Response:
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        found = queries.get_tenant_member(conn, tenant_id, membership_id)
        context = _words(conn)
    known = context["branches"]
    gone = [branch_id for branch_id in found.location_ids or () if branch_id not in known]
    context["branches"] = known | {branch_id: branch_label({}, branch_id) for branch_id in gone}
    return render_page(
        "auth/member.html",
        "auth/_member.html",
        status=error.status if error else 200,
        found=found,
        typed=request.form,
        **_problems(error),
        **context,
    )


def _words(conn: Connection) -> dict[str, Any]:
    names = get_branch_names(conn, current_tenant_id())
    return {
        "roles": ROLES,
        "branches": {branch_id: branch_label(names, branch_id) for branch_id in names},
        "own_id": current_member().member_id,
        "tenant_name": current_membership().tenant.name,
    }


def _problems(error: AppError | None) -> dict[str, Any]:
    if error is None:
        return {"problem": None, "problems": {}}
    return {"problem": error.message, "problems": error.extra.get("fields", {})}
