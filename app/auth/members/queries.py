"""The members of a tenant, and changes to them. Every change is recorded in the audit log.

Everything but `list_last_seen()` runs in the tenant's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, Row, text

from app import audit
from app.audit import Actor
from app.database.tenancy import Role
from app.errors import Conflict, Forbidden, Invalid, NotFound

Action = Literal["deactivate", "reactivate", "withdraw", "unbind"]
_STAYS = "This is the last active admin. Make someone else an admin first."


@dataclass(frozen=True)
class TenantMember:
    """A membership, or an invitation if `member_id` is None. `location_ids` None means every
    branch.
    """

    membership_id: UUID
    member_id: UUID | None
    email: str
    name: str
    role: Role
    location_ids: tuple[str, ...] | None
    is_active: bool
    created_at: datetime
    accepted_at: datetime | None

    @property
    def state(self) -> str:
        """active, invited or deactivated."""
        if not self.is_active:
            return "deactivated"
        return "active" if self.member_id else "invited"


def list_members(conn: Connection, tenant_id: UUID) -> list[TenantMember]:
    """Everybody who belongs or belonged to the tenant: active ones first, by name."""
    statement = text(f"""
        {_SELECT} where m.tenant_id = :t
        order by
            m.is_active desc, lower(coalesce(nullif(m.name, ''), m.email)), m.email
    """)
    return [_member(row) for row in conn.execute(statement, {"t": tenant_id})]


def get_tenant_member(conn: Connection, tenant_id: UUID, membership_id: UUID) -> TenantMember:
    """One member of the tenant.

    Raises:
        NotFound: this tenant has no such member.
    """
    statement = text(f"{_SELECT} where m.tenant_id = :t and m.membership_id = :id")
    row = conn.execute(statement, {"t": tenant_id, "id": membership_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such member.")
    return _member(row)


def list_last_seen(conn: Connection, member_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each of these members last signed in. Runs in admin_transaction()."""
    statement = text("""
        select member_id, last_seen_at from member
        where member_id = any(:ids) and last_seen_at is not null
    """)
    rows = conn.execute(statement, {"ids": list(member_ids)})
    return {row.member_id: row.last_seen_at for row in rows}


def invite(
    conn: Connection,
    tenant_id: UUID,
    actor: Actor,
    email: str,
    role: Role,
    location_ids: Sequence[str] | None,
) -> UUID:
    """Invite a verified address; returns the membership's id.

    Raises:
        Invalid: the address already belongs to a member.
        Forbidden: the actor is no longer an admin.
    """
    _lock_admins(conn, tenant_id, actor)
    values = {"t": tenant_id, "email": email, "role": role, "branches": _array(location_ids)}
    membership_id: UUID | None = conn.execute(_INVITE, values).scalar_one_or_none()
    if membership_id is None:
        message = f"{email} is already on the list. Change or reactivate that entry."
        raise Invalid(message, fields={"email": message})
    after = {"role": role, "location_ids": values["branches"]}
    audit.record(conn, tenant_id, actor, "member.invited", email, after=after)
    return membership_id


def change(
    conn: Connection,
    tenant_id: UUID,
    actor: Actor,
    membership_id: UUID,
    role: Role,
    location_ids: Sequence[str] | None,
) -> None:
    """Change a member's role or branches, from the next request on.

    Raises:
        NotFound: this tenant has no such member.
        Conflict: it would remove the last admin.
        Forbidden: the actor is no longer an admin.
    """
    admins = _lock_admins(conn, tenant_id, actor)
    old = _lock(conn, tenant_id, membership_id)
    if role != "admin":
        _refuse_last(admins, old)
    values = {"t": tenant_id, "id": membership_id, "role": role, "branches": _array(location_ids)}
    conn.execute(_CHANGE, values)
    before = _array(old.location_ids)
    if role != old.role:
        audit.record(
            conn, tenant_id, actor, "member.role_changed", old.email, before=old.role, after=role
        )
    if values["branches"] != before:
        audit.record(
            conn,
            tenant_id,
            actor,
            "member.branches_changed",
            old.email,
            before=before,
            after=values["branches"],
        )


def deactivate(conn: Connection, tenant_id: UUID, actor: Actor, membership_id: UUID) -> None:
    """Deactivate a member, from the next request on; their work stays.

    Raises: as `change()`.
    """
    admins = _lock_admins(conn, tenant_id, actor)
    old = _lock(conn, tenant_id, membership_id)
    _refuse_last(admins, old)
    _set_active(conn, tenant_id, actor, old, False)


def reactivate(conn: Connection, tenant_id: UUID, actor: Actor, membership_id: UUID) -> None:
    """Reactivate a member with their former role and branches.

    Raises:
        NotFound: this tenant has no such member.
        Forbidden: the actor is no longer an admin.
    """
    _lock_admins(conn, tenant_id, actor)
    _set_active(conn, tenant_id, actor, _lock(conn, tenant_id, membership_id), True)


def withdraw(conn: Connection, tenant_id: UUID, actor: Actor, membership_id: UUID) -> None:
    """Delete an invitation.

    Raises:
        NotFound: this tenant has no such member.
        Conflict: it has been accepted.
        Forbidden: the actor is no longer an admin.
    """
    _lock_admins(conn, tenant_id, actor)
    old = _lock(conn, tenant_id, membership_id)
    if old.member_id is not None:
        raise Conflict(f"{old.email} has accepted the invitation. Deactivate the member instead.")
    conn.execute(_DELETE, {"t": tenant_id, "id": membership_id})
    audit.record(conn, tenant_id, actor, "member.withdrawn", old.email)


def unbind(conn: Connection, tenant_id: UUID, actor: Actor, membership_id: UUID) -> None:
    """Unbind the member's sign-in account; the next to sign in with this address takes over.

    Source: sql/functions/access/unbind_membership.sql

    Raises: as `change()`; Conflict also if no account is bound.
    """
    admins = _lock_admins(conn, tenant_id, actor)
    old = _lock(conn, tenant_id, membership_id)
    _refuse_last(admins, old)
    if not conn.execute(_UNBIND, {"t": tenant_id, "id": membership_id}).scalar_one():
        raise Conflict(f"{old.email} is not linked to an account: the invitation is still open.")
    audit.record(conn, tenant_id, actor, "member.unbound", old.email)


def _lock_admins(conn: Connection, tenant_id: UUID, actor: Actor) -> list[UUID]:
    """The active admins' memberships, locked until this transaction ends.

    Changes of members wait for each other here and see each other's results: if two admins demote
    each other at once, the second is no longer an admin.
    """
    rows = conn.execute(_LOCK_ADMINS, {"t": tenant_id}).all()
    if all(row.member_id != actor.member_id for row in rows):
        raise Forbidden("You are no longer an admin here.")
    return [row.membership_id for row in rows]


def _refuse_last(admins: Sequence[UUID], old: TenantMember) -> None:
    if list(admins) == [old.membership_id]:
        raise Conflict(_STAYS)


def _lock(conn: Connection, tenant_id: UUID, membership_id: UUID) -> TenantMember:
    statement = text(f"{_SELECT} where m.tenant_id = :t and m.membership_id = :id for update")
    row = conn.execute(statement, {"t": tenant_id, "id": membership_id}).one_or_none()
    if row is None:
        raise NotFound("There is no such member.")
    return _member(row)


def _set_active(
    conn: Connection, tenant_id: UUID, actor: Actor, old: TenantMember, is_active: bool
) -> None:
    if old.is_active == is_active:
        return
    values = {"t": tenant_id, "id": old.membership_id, "is_active": is_active}
    conn.execute(_ACTIVATE, values)
    action = "member.reactivated" if is_active else "member.deactivated"
    audit.record(conn, tenant_id, actor, action, old.email)


def _array(location_ids: Sequence[str] | None) -> list[str] | None:
    return None if location_ids is None else sorted(set(location_ids))


def _member(row: Row[tuple[object, ...]]) -> TenantMember:
    fields = dict(row._mapping)
    branches = fields.pop("location_ids")
    return TenantMember(**fields, location_ids=None if branches is None else tuple(branches))


_SELECT = """
    select
        m.membership_id, m.member_id, m.email, m.name, m.role, m.location_ids, m.is_active,
        m.created_at, m.accepted_at
    from membership as m
"""
_LOCK_ADMINS = text("""
    select m.membership_id, m.member_id
    from membership as m
    where m.tenant_id = :t and m.role = 'admin' and m.is_active and m.member_id is not null
    order by m.membership_id
    for update
""")
_INVITE = text("""
    insert into membership (tenant_id, email, role, location_ids)
    values (:t, :email, :role, :branches)
    on conflict on constraint membership_email_key do nothing
    returning membership_id
""")
_CHANGE = text("""
    update membership set role = :role, location_ids = :branches
    where tenant_id = :t and membership_id = :id
""")
_ACTIVATE = text("""
    update membership set is_active = :is_active
    where tenant_id = :t and membership_id = :id
""")
_UNBIND = text("select unbind_membership(:t, :id)")
_DELETE = text("delete from membership where tenant_id = :t and membership_id = :id")
