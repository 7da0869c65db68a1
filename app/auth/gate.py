"""Runs before every request: authenticates the caller, sets the tenant and checks access.

Pages require a signed-in browser, JSON routes a bearer token; neither accepts the other. Member,
role and branches are read from the database each time, so that a deactivated member or suspended
tenant loses access at once.
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
    """We cannot sign you in right now. Please try again in a minute."""

    status = 503


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """A member and their rights, for Flask-Login during one request."""

    def __init__(self, member: Member, memberships: list[Membership]) -> None:
        self.id = str(member.member_id)
        self.member = member
        self.memberships = memberships


def configure(app: Flask) -> None:
    manager = LoginManager()
    manager.session_protection = None  # mobile devices change addresses; the cookie is enough
    manager.init_app(app)
    manager.user_loader(_load)
    app.before_request(authenticate)


def authenticate() -> None:
    """Set g.member, g.membership and g.memberships, or refuse.

    Raises:
        Unauthenticated: nobody is signed in, or the token is invalid.
        Forbidden: the member may not use the requested tenant.
        StoreDown: the session cannot be checked.
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
    """Start this browser's session with a new id."""
    store.renew(session)
    with admin_transaction() as conn:
        memberships = list_memberships(conn, member.member_id)
    session["signed_in_at"] = utc_now().timestamp()
    session["id_token"] = id_token
    login_user(SignedIn(member, memberships))
    g.member, g.memberships = member, memberships


def keep_stranger(id_token: str) -> None:
    """Keep only what signing out at the provider needs; nobody is signed in."""
    store.renew(session)
    session["id_token"] = id_token


def sign_out() -> str | None:
    """End this browser's session; returns the ID token for signing out at the provider."""
    id_token: str | None = session.get("id_token")
    logout_user()
    store.renew(session)
    g.member, g.membership, g.memberships = None, None, []
    return id_token


def choose_tenant(tenant_id: UUID) -> None:
    """Switch to that tenant.

    Raises:
        Forbidden: the member does not belong to it.
    """
    if all(membership.tenant.tenant_id != tenant_id for membership in g.memberships):
        raise Forbidden("You do not belong to this company.")
    session["tenant_id"] = str(tenant_id)
    session.pop("csrf_token", None)  # forms filled for the other tenant are now stale
    store.renew_id(session)


def _check_scope() -> None:
    """Refuse an API token without the required scope.

    Raises:
        Forbidden: the token has other scopes.
    """
    scopes, needed = g.get("token_scopes"), scope_of(_view(), request.path, request.method)
    if scopes is not None and needed is not None and needed not in scopes:
        raise Forbidden(f"This API token cannot do this: it lacks the scope “{needed}”.")


def _check_role() -> None:
    """Refuse a role that may not use this JSON route.

    Raises:
        Forbidden: the member has another role.
    """
    roles = getattr(_view(), "api_roles", ())
    if roles:
        require_membership_role(*roles)


def _view() -> object:
    return current_app.view_functions.get(request.endpoint or "")


def _recognise() -> None:
    """Load the signed-in member of this browser's session, if any."""
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
    """Give the session a new id after a change of role, branches or tenant.

    Not in the middle of a page: its other parts still send the old id.
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

    If the chosen tenant is lost during a session, the request is refused and the next one uses
    another tenant: a form filled for one company is never executed in another.
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
        f"Continue in {memberships[0].tenant.name}."
    )


def _load(member_id: str) -> SignedIn | None:
    """Flask-Login's loader; None ends the sign-in, also after its time limit."""
    began = session.get("signed_in_at", 0)
    if utc_now().timestamp() - began > LIFETIME.total_seconds():
        return None
    with admin_transaction() as conn:
        member = find_member(conn, UUID(member_id))
        memberships = list_memberships(conn, member.member_id) if member else []
    return SignedIn(member, memberships) if member else None
