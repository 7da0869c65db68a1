"""Bearer tokens: checked with the provider, remembered for a minute at most, then scoped."""

from __future__ import annotations

import hashlib
import json
import time
from uuid import UUID

from flask import g, request
from loguru import logger
from redis import RedisError

from app.auth import oidc, store
from app.auth.queries import find_member_by_identity, list_memberships, record_sign_in
from app.db import admin_transaction
from app.errors import Forbidden, Unauthenticated
from app.log import bind_request
from app.tenancy import Member, Membership

REMEMBERED_S = 60
_PREFIX = "token:"
_MAX_CHARS = 8_192
_STRANGER = "You have no access to this tenant."


def authenticate(*, needs_tenant: bool = True) -> None:
    """Set g.member and g.membership from `Authorization` and `X-Tenant-Id`.

    Without `needs_tenant` the tenant may be left out, and g.membership is then None.

    Raises:
        Unauthenticated: there is no token, or the provider does not know it.
        Forbidden: the tenant is missing, unknown, suspended or not the member's.
        ProviderDown: the provider must be asked, and does not answer.
    """
    token = read_token()
    if token is None:
        raise Unauthenticated("This needs an access token: send “Authorization: Bearer …”.")
    member = _member(token)
    with admin_transaction() as conn:
        g.memberships = list_memberships(conn, member.member_id) if member else []
    g.member = member
    if needs_tenant or "X-Tenant-Id" in request.headers:
        g.membership = _asked_membership(g.memberships)
        bind_request(tenant_id=str(g.membership.tenant.tenant_id))
    elif member is None:
        raise Forbidden(_STRANGER)


def read_token() -> str | None:
    """The bearer token of this request, if it has one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token or len(token) > _MAX_CHARS:
        return None
    return token


def forget(token: str) -> None:
    """Drop what is remembered about this token."""
    try:
        store.redis_client().delete(_key(token))
    except RedisError as error:
        logger.error("auth.token.not_forgotten", cause=type(error).__name__)


def _member(token: str) -> Member | None:
    """Whose token it is; None for a person no tenant invited."""
    subject = _remembered(token) or _ask(token)
    with admin_transaction() as conn:
        member = find_member_by_identity(conn, oidc.issuer(), subject)
    if member is not None:
        return member
    identity = oidc.identity_of_token(token)
    if identity.subject != subject:
        raise Unauthenticated("The access token is not valid.")
    with admin_transaction() as conn:
        return record_sign_in(conn, identity)


def _ask(token: str) -> str:
    checked = oidc.check_token(token)
    if checked is None:
        g.token_refused = True
        raise Unauthenticated("The access token is not valid or has expired.")
    subject, ends_at = checked
    lifetime_s = REMEMBERED_S if ends_at is None else min(REMEMBERED_S, int(ends_at - time.time()))
    if lifetime_s > 0:
        _remember(token, subject, lifetime_s)
    return subject


def _asked_membership(memberships: list[Membership]) -> Membership:
    try:
        tenant_id = UUID(request.headers.get("X-Tenant-Id", ""))
    except ValueError:
        raise Forbidden("Say which tenant: send its id as “X-Tenant-Id”.") from None
    for membership in memberships:
        if membership.tenant.tenant_id == tenant_id:
            return membership
    raise Forbidden(_STRANGER)


def _key(token: str) -> str:
    return _PREFIX + hashlib.sha256(token.encode()).hexdigest()


def _remembered(token: str) -> str | None:
    try:
        kept = store.redis_client().get(_key(token))
    except RedisError:
        return None
    return str(json.loads(kept)["subject"]) if kept else None


def _remember(token: str, subject: str, lifetime_s: int) -> None:
    try:
        store.redis_client().set(_key(token), json.dumps({"subject": subject}), ex=lifetime_s)
    except RedisError as error:
        logger.warning("auth.token.not_remembered", cause=type(error).__name__)
