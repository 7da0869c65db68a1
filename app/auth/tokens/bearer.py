"""Bearer tokens, the provider's and our own: their member and tenant."""

from __future__ import annotations

from uuid import UUID

from flask import g, request

from app.auth.queries import find_member_by_identity, list_memberships, record_sign_in
from app.auth.tokens import api_tokens
from app.auth.tokens import provider_answers as token_answers
from app.database.engine import admin_transaction
from app.database.tenancy import Member, Membership
from app.errors import Forbidden, Unauthenticated
from app.http.limits import count_refused_token
from app.log import bind_request

_MAX_CHARS = 8_192
_STRANGER = "You have no access to this tenant."


def authenticate(*, needs_tenant: bool = True) -> None:
    """Set g.member and g.membership from `Authorization` and `X-Tenant-Id`.

    Without `needs_tenant` the tenant is optional; g.membership may then be None.

    Raises:
        Unauthenticated: the token is missing or invalid.
        Forbidden: the tenant is missing, unknown, suspended or not the member's.
        ProviderDown: the provider is needed but does not respond.
        TooOften: this address sent too many invented tokens.
    """
    token = read_token()
    if token is None:
        raise Unauthenticated("This needs an access token: send “Authorization: Bearer …”.")
    if api_tokens.is_api_token(token):
        _accept_api_token(token)
    else:
        _accept_provider_token(token)
    if needs_tenant or "X-Tenant-Id" in request.headers:
        g.membership = _asked_membership(g.memberships)
        bind_request(tenant_id=str(g.membership.tenant.tenant_id))
    elif g.member is None:
        raise Forbidden(_STRANGER)


def read_token() -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _MAX_CHARS:
        return None
    return token


def _accept_provider_token(token: str) -> None:
    """Accept a provider's token: everything its member may do, in all their tenants."""
    holder = token_answers.holder_of(token)
    with admin_transaction() as conn:
        member = find_member_by_identity(conn, holder.issuer, holder.subject)
        if member is None and holder.email:
            member = record_sign_in(conn, holder.identity())
        g.memberships = list_memberships(conn, member.member_id) if member else []
    g.member = member


def _accept_api_token(token: str) -> None:
    """Accept an API token: its member's current rights, in its tenant, within its scopes."""
    found = api_tokens.find_valid(token)
    if found is None:
        count_refused_token()
        raise Unauthenticated("The API token is not valid, has expired or was revoked.")
    member, memberships = _current(found)
    if not memberships:
        raise Forbidden(_STRANGER)
    g.member, g.memberships, g.token_scopes = member, memberships, found.scopes


def _current(found: api_tokens.ValidToken) -> tuple[Member | None, list[Membership]]:
    with admin_transaction() as conn:
        member, memberships = api_tokens.read_holder(conn, found)
    return member, memberships


def _asked_membership(memberships: list[Membership]) -> Membership:
    try:
        tenant_id = UUID(request.headers.get("X-Tenant-Id", ""))
    except ValueError:
        raise Forbidden("Say which tenant: send its id as “X-Tenant-Id”.") from None
    for membership in memberships:
        if membership.tenant.tenant_id == tenant_id:
            return membership
    raise Forbidden(_STRANGER)
