"""Who a row belongs to, and who may see it."""

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
    """What a member may see and hand out; only a membership makes one.

    `location_ids` None is every branch. `owner` is the member's address, whose customers are seen
    at every branch; None owns none. `is_masked`: contacts are shortened, and not found by what is
    hidden. A recipient of mail has the branches of the report and owns nobody.
    """

    location_ids: tuple[str, ...] | None
    owner: str | None = None
    is_masked: bool = True

    @property
    def literal(self) -> str:
        """The scope as PostgreSQL reads it: `cast(:scope as member_scope)`."""
        branches = None
        if self.location_ids is not None:
            branches = "{" + ",".join(map(_quoted, self.location_ids)) + "}"
        fields = ("" if text is None else _quoted(text) for text in (branches, self.owner))
        return f"({','.join(fields)},{self.is_masked})"

    def allows(self, location_id: str) -> bool:
        """Whether rows of that branch are the member's to see."""
        return self.location_ids is None or location_id in self.location_ids


@dataclass(frozen=True)
class Membership:
    """What a member may do in one tenant. `location_ids` None means every branch.

    `email` is the address that was invited, by which tasks are given to the member.
    """

    tenant: Tenant
    role: Role
    location_ids: tuple[str, ...] | None
    email: str

    @property
    def scope(self) -> Scope:
        """What this membership shows, as the one argument that reads and writes take."""
        is_viewer = self.role == "viewer"
        owner = None if is_viewer else self.email.lower()
        return Scope(self.location_ids, owner, is_viewer)


# How addresses name "no branch", which the database calls ''. A branch never has this name: it is a
# word for nothing.
NO_BRANCH = "-"


def allowed_locations(membership: Membership, asked: Sequence[str]) -> tuple[str, ...] | None:
    """The branches to show when these were asked for; None means all of them, never "none".

    Asking for nothing means everything the member may see. Asked branches outside the
    member's scope are left out, so that a link shared by someone with a wider view still
    opens; the answer of the API names the branches it covers.

    Raises:
        Forbidden: nothing that was asked for lies in the member's scope, or no branch does.
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
    """A field of a row, or an element of an array, as PostgreSQL writes them."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
