"""Sign-in for programs: provider address, code exchange, owner of a token."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, g
from pydantic import BaseModel, ConfigDict, Field

from app import audit
from app.audit import Actor
from app.auth import gate
from app.auth.sign_in import oidc
from app.auth.sign_in.views import callback_url, complete, record_sign_out, signed_out_url
from app.auth.tokens import api_tokens, bearer
from app.auth.tokens import provider_answers as token_answers
from app.auth.tokens import provider_checks as token_checks
from app.database.engine import admin_transaction, tenant_transaction
from app.database.tenancy import Membership
from app.http.api import Model, api_scope, documented, tenant_optional
from app.http.current import actor_of, current_member, public
from app.http.limits import SIGN_IN, limiter
from app.http.web import safe_next

blueprint = Blueprint("auth_api", __name__, url_prefix="/auth/api/v1")


class LoginQuery(BaseModel):
    """Where to go after signing in; paths of this site only."""

    next: str = "/"


class LoginUrl(Model):
    """The provider's address. It works in the browser that asked for it."""

    login_url: str


class CallbackBody(BaseModel):
    """What the provider sent back."""

    model_config = ConfigDict(extra="forbid")
    code: str = Field(min_length=1, max_length=4096)
    state: str = Field(min_length=1, max_length=512)
    iss: str | None = Field(default=None, max_length=2048)


class TenantAccess(Model):
    """One tenant of the member; `location_ids` null means every branch."""

    tenant_id: UUID
    slug: str
    name: str
    role: str
    location_ids: list[str] | None


class Account(Model):
    """A member and the tenants open to them."""

    member_id: UUID
    email: str
    name: str
    tenants: list[TenantAccess]


class SignedOut(Model):
    """Where the browser signs out at the provider too, if it can."""

    logout_url: str | None


@blueprint.get("/login")
@limiter.limit(SIGN_IN)
@public
@documented(LoginUrl, tag="auth", is_open=True)
def login(query: LoginQuery) -> LoginUrl:
    """Start a sign-in and answer the provider's address to open."""
    url = oidc.start_sign_in(callback_url(), safe_next(query.next))
    return LoginUrl(login_url=url)


@blueprint.post("/callback")
@limiter.limit(SIGN_IN)
@public
@documented(Account, tag="auth", is_open=True)
def exchange(json: CallbackBody) -> Account:
    """Exchange the provider's code for a signed-in session of this browser."""
    complete(oidc.finish_sign_in(json.code, json.state, json.iss))
    return _account()


@blueprint.post("/logout")
@public
@documented(SignedOut, tag="auth", is_open=True)
def logout() -> SignedOut:
    """End this browser's session, and the bearer token if one is sent."""
    record_sign_out()
    id_token = gate.sign_out()
    token = bearer.read_token()
    if token is not None:
        _end_token(token)
    return SignedOut(logout_url=oidc.sign_out_url(id_token, signed_out_url()))


@blueprint.get("/validate")
@tenant_optional
@api_scope(None)
@documented(Account, tag="auth")
def validate() -> Account:
    """Whose token this is and which tenants it opens. X-Tenant-Id may be left out here."""
    return _account()


def _end_token(token: str) -> None:
    """Revoke our own token here, the provider's at the provider."""
    if not api_tokens.is_api_token(token):
        token_answers.forget(token)
        token_checks.revoke_token(token)
        return
    found = api_tokens.find_valid(token)
    if found is not None:
        with tenant_transaction(found.tenant_id) as conn:
            name = api_tokens.revoke_api_token(
                conn, found.tenant_id, found.api_token_id, found.member_id, is_admin=False
            )
            audit.record(conn, found.tenant_id, _holder(found), "token.revoked", name)


def _holder(found: api_tokens.ValidToken) -> Actor:
    with admin_transaction() as conn:
        member, _ = api_tokens.read_holder(conn, found)
    return actor_of(member) if member else Actor("", "api", found.member_id)


def _account() -> Account:
    member = current_member()
    return Account(
        member_id=member.member_id,
        email=member.email,
        name=member.name,
        tenants=[_access(membership) for membership in g.memberships],
    )


def _access(membership: Membership) -> TenantAccess:
    tenant, branches = membership.tenant, membership.location_ids
    return TenantAccess(
        tenant_id=tenant.tenant_id,
        slug=tenant.slug,
        name=tenant.name,
        role=membership.role,
        location_ids=None if branches is None else list(branches),
    )
