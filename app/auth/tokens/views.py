"""The page of API tokens: create, show once, revoke."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.auth.tokens import api_tokens
from app.auth.tokens.forms import ApiTokenForm
from app.database.engine import tenant_transaction
from app.http.current import current_actor, current_member, current_membership
from app.http.web import done, render_page
from app.log import logger

blueprint = Blueprint("tokens", __name__, url_prefix="/auth/tokens")


@blueprint.get("")
def tokens_page() -> Response:
    return _page(ApiTokenForm(current_membership().role))


@blueprint.post("")
def create() -> Response:
    """Create a token and show it this one time, so without a redirect."""
    membership = current_membership()
    form = ApiTokenForm(membership.role)
    if not form.validate_on_submit():
        return _page(form, status=422)
    tenant_id, member_id = membership.tenant.tenant_id, current_member().member_id
    with tenant_transaction(tenant_id) as conn:
        token = api_tokens.create_api_token(
            conn,
            tenant_id,
            member_id,
            name=form.name.data,
            scopes=form.scopes.data,
            lifetime_days=form.lifetime_days.data,
        )
        audit.record(
            conn,
            tenant_id,
            current_actor(),
            "token.created",
            form.name.data,
            scopes=form.scopes.data,
            lifetime_days=form.lifetime_days.data,
        )
    logger.info("auth.api_token.created", scopes=form.scopes.data)
    return _page(ApiTokenForm(membership.role, formdata=None), token=token)


@blueprint.post("/<uuid:api_token_id>/revoke")
def revoke(api_token_id: UUID) -> AnyResponse:
    """Revoke a token: the next call with it is refused."""
    membership = current_membership()
    tenant_id, member_id = membership.tenant.tenant_id, current_member().member_id
    is_admin = membership.role == "admin"
    with tenant_transaction(tenant_id) as conn:
        name = api_tokens.revoke_api_token(
            conn, tenant_id, api_token_id, member_id, is_admin=is_admin
        )
        audit.record(conn, tenant_id, current_actor(), "token.revoked", name)
    logger.info("auth.api_token.revoked", api_token_id=str(api_token_id))
    return done(
        "auth/_tokens.html",
        f"“{name}” was revoked. It no longer works.",
        fallback=url_for("tokens.tokens_page"),
        **_context(ApiTokenForm(membership.role, formdata=None)),
    )


def _page(form: ApiTokenForm, token: str | None = None, status: int = 200) -> Response:
    context = _context(form, token)
    return render_page("auth/tokens.html", "auth/_tokens.html", status=status, **context)


def _context(form: ApiTokenForm, token: str | None = None) -> dict[str, Any]:
    membership = current_membership()
    tenant_id, is_admin = membership.tenant.tenant_id, membership.role == "admin"
    with tenant_transaction(tenant_id) as conn:
        rows = api_tokens.list_api_tokens(
            conn, tenant_id, current_member().member_id, is_admin=is_admin
        )
    return {
        "form": form,
        "token": token,
        "tokens": rows,
        "is_admin": is_admin,
        "scope_names": api_tokens.SCOPES,
    }
