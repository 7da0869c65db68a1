"""Signing in and out, and choosing the tenant."""

from __future__ import annotations

from typing import NoReturn
from uuid import UUID

from flask import Blueprint, current_app, g, redirect, render_template, request
from flask_login import current_user
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from app import audit
from app.audit import Actor, Via
from app.auth import gate
from app.auth.queries import (
    list_bound_tenants,
    list_lost_tenants,
    list_memberships,
    record_sign_in,
)
from app.auth.sign_in import oidc
from app.database.engine import admin_transaction, tenant_transaction
from app.database.tenancy import Member
from app.errors import Invalid
from app.http.api import is_api_request
from app.http.current import NoTenant, actor_of, current_actor, public
from app.http.limits import SIGN_IN, limiter
from app.http.web import safe_next
from app.log import logger

_SAID = ("code", "state", "iss", "error")
_DENIALS = {
    "access_denied": "It was canceled, or your account may not use this application.",
    "login_required": "Your sign-in service wants you to sign in there first.",
    "server_error": "Your sign-in service has a problem. Please try again in a minute.",
    "temporarily_unavailable": "Your sign-in service is busy. Please try again in a minute.",
}

blueprint = Blueprint("auth", __name__, url_prefix="/auth")


@blueprint.get("/login")
@public
def sign_in() -> str | Response:
    """What the product is, and the button that leads to the provider."""
    next_path = safe_next(request.args.get("next"))
    if g.member is not None:
        return redirect(next_path, 303)
    return render_template("auth/sign_in.html", next=next_path, is_signed_out=False)


@blueprint.get("/signed-out")
@public
def signed_out() -> str:
    """Where the provider sends the browser after signing out there."""
    return render_template("auth/sign_in.html", next="/", is_signed_out=True)


@blueprint.get("/start")
@public
@limiter.limit(SIGN_IN)
def start() -> Response:
    """Send the browser to the provider, from the public address: cookies stay on one host."""
    base_url = current_app.config["BASE_URL"]
    if request.host != current_app.config["BASE_HOST"] and request.method == "GET":
        return redirect(base_url + request.full_path.rstrip("?"), 303)
    hints = {name: request.args[name] for name in ("login_hint",) if request.args.get(name)}
    if request.args.get("other"):
        hints["prompt"] = "select_account"
    next_path = safe_next(request.args.get("next"))
    return redirect(oidc.start_sign_in(callback_url(), next_path, **hints), 303)


@blueprint.get("/callback")
@public
@limiter.limit(SIGN_IN)
def callback() -> Response:
    """Where the provider sends the browser back to."""
    said = {name: request.args.getlist(name) for name in _SAID}
    if any(len(values) > 1 for values in said.values()):
        raise oidc.SignInRefused
    if said["error"]:
        _refuse_denied(said["error"][0], request.args.get("state", ""))
    finished = oidc.finish_sign_in(
        request.args.get("code", ""),
        request.args.get("state", ""),
        request.args.get("iss"),
        needs_issuer=True,
    )
    complete(finished)
    return redirect(finished.next_path, 303)


def _refuse_denied(error: str, state: str) -> NoReturn:
    """The provider, or whoever made the link up, says no. That sign-in is over."""
    logger.info("auth.sign_in.denied", reason=error[:80])
    oidc.take_started(state)
    reason = _DENIALS.get(error, "Your sign-in service refused it.")
    raise oidc.SignInRefused(f"This sign-in could not be completed. {reason}")


@blueprint.post("/logout")
@public
def sign_out() -> Response:
    """End the session here and at the provider."""
    record_sign_out()
    id_token = gate.sign_out()
    logger.info("auth.signed_out")
    return redirect(oidc.sign_out_url(id_token, signed_out_url()) or signed_out_url(), 303)


@blueprint.post("/tenant")
def switch_tenant() -> Response:
    """Work in another of the member's tenants."""
    try:
        tenant_id = UUID(request.form.get("tenant_id", ""))
    except ValueError:
        raise Invalid("Choose one of your companies.") from None
    gate.choose_tenant(tenant_id)
    with tenant_transaction(tenant_id) as conn:
        audit.record(conn, tenant_id, current_actor(), "auth.tenant_chosen")
    return redirect(safe_next(request.form.get("next")), 303)


def callback_url() -> str:
    """The address registered at the provider."""
    return f"{current_app.config['BASE_URL']}/auth/callback"


def signed_out_url() -> str:
    """The address after signing out, registered at the provider too."""
    return f"{current_app.config['BASE_URL']}/auth/signed-out"


def complete(finished: oidc.SignIn) -> None:
    """Sign the person in.

    Raises:
        NoTenant: no tenant knows them; nothing is kept.
    """
    with admin_transaction() as conn:
        member = record_sign_in(conn, finished.identity)
        if member is not None:
            _record_arrival(conn, member)
    if member is None:
        gate.keep_stranger(finished.id_token)
        logger.info("auth.sign_in.stranger")
        raise NoTenant(f"You signed in as {finished.identity.email}, {_why_not(finished)}")
    gate.sign_in(member, finished.id_token)
    logger.info("auth.signed_in", member_id=str(member.member_id))


def _why_not(finished: oidc.SignIn) -> str:
    """Why the address opens nothing; its tenants' audit logs say so when it is a member's."""
    email = finished.identity.email
    via: Via = "api" if is_api_request() else "page"
    actor = Actor(email, via, None, request.remote_addr, g.get("request_id"))
    with admin_transaction() as conn:
        tenant_ids = list_bound_tenants(conn, email)
        audit.record_for_tenants(conn, tenant_ids, actor, "auth.account_refused", email)
    if not tenant_ids:
        return (
            "but no company has invited this address. Ask your company's admin for an invitation."
        )
    return (
        "which belongs to a member who uses another account of your sign-in service. Was your "
        "account replaced? Ask your company's admin to unbind the address under Users & roles, "
        "or whoever runs this application if no admin can sign in."
    )


def record_sign_out() -> None:
    """Enter into the audit log of each of their tenants that the member leaves."""
    if not current_user.is_authenticated:
        return
    tenant_ids = [membership.tenant.tenant_id for membership in current_user.memberships]
    actor = actor_of(current_user.member)
    with admin_transaction() as conn:
        audit.record_for_tenants(conn, tenant_ids, actor, "auth.signed_out")


def _record_arrival(conn: Connection, member: Member) -> None:
    """A sign-in opens every tenant of the member; who has none left is refused by those lost."""
    tenant_ids = [found.tenant.tenant_id for found in list_memberships(conn, member.member_id)]
    action = "auth.signed_in" if tenant_ids else "auth.sign_in_refused"
    told = tenant_ids or list_lost_tenants(conn, member.member_id)
    audit.record_for_tenants(conn, told, actor_of(member), action)
