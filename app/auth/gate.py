"""Runs before every request: who asks, in which tenant, and whether they may go on.

Pages are asked by a signed-in browser, JSON by a bearer token; neither opens the other's door.
Member, role and branches are read from the database each time, so that a deactivated member
or a suspended tenant is out at once.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from flask import Flask, current_app, g, request, session
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from app.auth.queries import find_member, list_memberships
from app.auth.sign_in import session_store as store
from app.auth.tokens import bearer
from app.database.engine import admin_transaction
from app.database.tenancy import Member, Membership
from app.dates import utc_now
from app.errors import AppError, Forbidden, Unauthenticated
from app.http.api import is_api_request, scope_of
from app.http.current import NoTenant, require_membership_role
from app.http.web import is_fragment_request
from app.log import bind_request

LIFETIME = timedelta(hours=12)
_NOBODY_ASKED = frozenset(
    {
        "static",
        "status.health",
        "status.live",
        "status.ready",
        "status.metrics",
        "status.openapi_json",
    }
)


class StoreDown(AppError):
    """You cannot be recognised at the moment. Please try again in a minute."""

    status = 503


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A member with what they may do, as Flask-Login carries it through one request."""

    def __init__(self, member: Member, memberships: list[Membership]) -> None:
        self.id = str(member.member_id)
        self.member = member
        self.memberships = memberships


def configure(app: Flask) -> None:
    """Set up Flask-Login and the check itself."""
    manager = LoginManager()
    manager.session_protection = None  # addresses change on the road; the cookie is enough
    manager.init_app(app)
    manager.user_loader(_load)
    app.before_request(authenticate)


def authenticate() -> None:
    """Set g.member, g.membership and g.memberships, or refuse.

    Raises:
        Unauthenticated: nobody is signed in, or the token is no good.
        Forbidden: the member may not work in the tenant asked for.
        StoreDown: it cannot be told whether somebody is signed in.
    """
    g.member, g.membership, g.memberships = None, None, []
    if request.endpoint in _NOBODY_ASKED:
        return
    is_public = getattr(_view(), "is_public", False)
    if is_api_request():
        if not is_public and request.endpoint:
            bearer.authenticate(needs_tenant=not getattr(_view(), "is_tenant_optional", False))
            _check_scope()
            _check_role()
        return
    _recognise()
    if is_public or request.endpoint is None:
        return
    if g.member is None:
        raise Unauthenticated
    if g.membership is None:
        raise NoTenant


def sign_in(member: Member, id_token: str) -> None:
    """Begin this browser's session under a new id."""
    store.renew(session)
    with admin_transaction() as conn:
        memberships = list_memberships(conn, member.member_id)
    session["signed_in_at"] = utc_now().timestamp()
    session["id_token"] = id_token
    login_user(SignedIn(member, memberships))
    g.member, g.memberships = member, memberships


def keep_stranger(id_token: str) -> None:
    """Nobody is signed in; only what signing out at the provider needs is kept."""
    store.renew(session)
    session["id_token"] = id_token


def sign_out() -> str | None:
    """End this browser's session; answers the ID token to sign out with at the provider."""
    id_token: str | None = session.get("id_token")
    logout_user()
    store.renew(session)
    g.member, g.membership, g.memberships = None, None, []
    return id_token


def choose_tenant(tenant_id: UUID) -> None:
    """Work in that tenant from now on.

    Raises:
        Forbidden: the member does not belong to it.
    """
    if all(membership.tenant.tenant_id != tenant_id for membership in g.memberships):
        raise Forbidden("You do not belong to this company.")
    session["tenant_id"] = str(tenant_id)
    session.pop("csrf_token", None)  # forms filled for the other company are stale now
    store.renew_id(session)


def _check_scope() -> None:
    """Refuse an API token that was not made for this.

    Raises:
        Forbidden: it is for other things.
    """
    scopes, needed = g.get("token_scopes"), scope_of(_view(), request.path, request.method)
    if scopes is not None and needed is not None and needed not in scopes:
        raise Forbidden(f"This API token is not for this: it lacks the scope “{needed}”.")


def _check_role() -> None:
    """Refuse a role that this JSON route is not for.

    Raises:
        Forbidden: the member has another one.
    """
    roles = getattr(_view(), "api_roles", ())
    if roles:
        require_membership_role(*roles)


def _view() -> object:
    return current_app.view_functions.get(request.endpoint or "")


def _recognise() -> None:
    """Find the signed-in member of this browser's session, if there is one."""
    if g.get("is_store_down"):
        raise StoreDown
    if not current_user.is_authenticated:
        return
    g.member, g.memberships = current_user.member, current_user.memberships
    g.membership = _chosen(current_user.memberships)
    if g.membership is not None:
        bind_request(tenant_id=str(g.membership.tenant.tenant_id))
        _follow_authority(g.membership)


def _follow_authority(membership: Membership) -> None:
    """A changed role, branch list or tenant gets the session a new id.

    Not in the middle of a page: its other parts still come with the old id.
    """
    branches = membership.location_ids
    parts = (str(membership.tenant.tenant_id), membership.role, *(branches or ("*",)))
    authority = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    known = session.get("authority")
    if known == authority or (known is not None and is_fragment_request()):
        return
    if known is not None:
        store.renew_id(session)
    session["authority"] = authority


def _chosen(memberships: list[Membership]) -> Membership | None:
    """The membership of the tenant chosen in this session; at first the first one.

    When the chosen tenant is lost in mid-session the request is refused and the next one
    works in another: a form filled for one company is never carried out in another.
    """
    if not memberships:
        return None
    wanted = session.get("tenant_id")
    if wanted is None:
        session["tenant_id"] = str(memberships[0].tenant.tenant_id)
        return memberships[0]
    for membership in memberships:
        if str(membership.tenant.tenant_id) == wanted:
            return membership
    session["tenant_id"] = str(memberships[0].tenant.tenant_id)
    raise Forbidden(
        "You no longer have access to the company you worked in. "
        f"Go on in {memberships[0].tenant.name}."
    )


def _load(member_id: str) -> SignedIn | None:
    """Flask-Login's loader; None ends the sign-in, also when its time is over."""
    began = session.get("signed_in_at", 0)
    if utc_now().timestamp() - began > LIFETIME.total_seconds():
        return None
    with admin_transaction() as conn:
        member = find_member(conn, UUID(member_id))
        memberships = list_memberships(conn, member.member_id) if member else []
    return SignedIn(member, memberships) if member else None
