"""Tenants, members and what a member may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from app.errors import Forbidden, TenantNotSet

__all__ = ["Member", "Membership", "Role", "Scope", "Tenant", "TenantNotSet", "allowed_locations"]

Role = Literal["admin", "manager", "rep", "viewer"]


@dataclass(frozen=True)
class Tenant:
    """A company that uses the system."""

    tenant_id: UUID
    slug: str
    name: str


@dataclass(frozen=True)
class Member:
    """A person who signs in. `name` may be empty."""

    member_id: UUID
    email: str
    name: str


@dataclass(frozen=True)
class Scope:
    """What a member may see and assign; created only from a membership.

    `location_ids` None means every branch. `owner` is the address of the member, who sees the
    customers it owns at every branch; None owns none. `is_masked`: contacts are masked, and hidden
    text cannot be searched. A mail recipient has the report's branches and owns nobody.
    """

    location_ids: tuple[str, ...] | None
    owner: str | None = None
    is_masked: bool = True

    @property
    def literal(self) -> str:
        """The scope in PostgreSQL's syntax: `cast(:scope as member_scope)`."""
        branches = None
        if self.location_ids is not None:
            branches = "{" + ",".join(map(_quoted, self.location_ids)) + "}"
        fields = ("" if text is None else _quoted(text) for text in (branches, self.owner))
        return f"({','.join(fields)},{self.is_masked})"

    def allows(self, location_id: str) -> bool:
        """Whether the member may see rows of that branch."""
        return self.location_ids is None or location_id in self.location_ids


@dataclass(frozen=True)
class Membership:
    """What a member may do in one tenant. `location_ids` None means every branch.

    `email` is the invited address, by which tasks are assigned to the member.
    """

    tenant: Tenant
    role: Role
    location_ids: tuple[str, ...] | None
    email: str

    @property
    def scope(self) -> Scope:
        """What this membership shows, as the single argument of reads and writes."""
        is_viewer = self.role == "viewer"
        owner = None if is_viewer else self.email.lower()
        return Scope(self.location_ids, owner, is_viewer)


# How addresses name "no branch", which the database calls ''. A branch never has this name: it is a
# word for nothing.
NO_BRANCH = "-"


def allowed_locations(membership: Membership, asked: Sequence[str]) -> tuple[str, ...] | None:
    """The requested branches that may be shown; None means all of them, never "none".

    No request means everything the member may see. Requested branches outside the member's scope
    are dropped, so that a link shared by someone with a wider view still opens; the API's response
    names the branches it covers.

    Raises:
        Forbidden: no requested branch is in the member's scope, or the scope is empty.
    """
    scope = membership.location_ids
    wanted = tuple(dict.fromkeys("" if one == NO_BRANCH else one for one in asked))
    if scope is None:
        return wanted or None
    if not scope:
        raise Forbidden("No branch is assigned to you yet. Ask an admin of your company for one.")
    if not wanted:
        return scope
    visible = tuple(location_id for location_id in wanted if location_id in scope)
    if not visible:
        raise Forbidden(f"You see only the branches {', '.join(scope)}.")
    return visible


def _quoted(text: str) -> str:
    """A row field or array element in PostgreSQL's syntax."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
