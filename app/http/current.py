"""The member and membership of the current request."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar
from uuid import UUID

from flask import g, request

from app.audit import Actor
from app.database.tenancy import Member, Membership, Scope, allowed_locations
from app.errors import Forbidden, Unauthenticated

P = ParamSpec("P")
R = TypeVar("R")


class NoTenant(Forbidden):
    """Your account is not part of any company here. Ask your company's admin for an invitation."""


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a view as public. Every other view requires a signed-in member."""
    view.is_public = True  # type: ignore[attr-defined]  # a mark on the function itself
    return view


def current_member() -> Member:
    """The signed-in member.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    member: Member | None = g.get("member")
    if member is None:
        raise Unauthenticated
    return member


def current_membership() -> Membership:
    """The current tenant and what the member may do in it.

    Raises:
        NoTenant: the member belongs to none.
    """
    membership: Membership | None = g.get("membership")
    if membership is None:
        raise NoTenant
    return membership


def current_tenant_id() -> UUID:
    """The tenant of this request.

    Raises:
        NoTenant: the member belongs to none.
    """
    return current_membership().tenant.tenant_id


def current_scope() -> Scope:
    """What the member may see in this tenant.

    Raises:
        Forbidden: no branch is assigned to the member yet.
    """
    membership = current_membership()
    allowed_locations(membership, ())
    return membership.scope


def current_actor() -> Actor:
    """The actor of this request, for the audit log and the history of tasks.

    Raises:
        Unauthenticated: nobody is signed in.
    """
    return actor_of(current_member())


def actor_of(member: Member) -> Actor:
    """This member as an actor, with the request's address and channel."""
    is_api = request.path.split("/")[2:3] == ["api"]
    return Actor(
        member.email,
        "api" if is_api else "page",
        member.member_id,
        request.remote_addr,
        g.get("request_id"),
    )


def require_membership_role(*roles: str) -> None:
    """Refuse the request unless the membership has one of these roles.

    Raises:
        Forbidden: it has another role.
    """
    if current_membership().role not in roles:
        raise Forbidden(f"Only the role {' or '.join(roles)} may do this.")
