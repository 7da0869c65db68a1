"""Members and their memberships. Everything here runs in admin_transaction()."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from app import audit
from app.audit import Actor
from app.database.tenancy import Member, Membership, Tenant

__all__ = [
    "Identity",
    "Member",
    "Membership",
    "find_member",
    "find_member_by_identity",
    "list_bound_tenants",
    "list_lost_tenants",
    "list_memberships",
    "record_sign_in",
]


@dataclass(frozen=True)
class Identity:
    """A person as authenticated by the identity provider; `email` is verified."""

    issuer: str
    subject: str
    email: str
    name: str


def find_member(conn: Connection, member_id: UUID) -> Member | None:
    statement = text("select member_id, email, name from member where member_id = :member_id")
    return _member(conn.execute(statement, {"member_id": member_id}).mappings().one_or_none())


def find_member_by_identity(conn: Connection, issuer: str, subject: str) -> Member | None:
    """The member with that subject at the provider."""
    statement = text("""
        select member_id, email, name
        from member
        where issuer = :issuer and subject = :subject
    """)
    values = {"issuer": issuer, "subject": subject}
    return _member(conn.execute(statement, values).mappings().one_or_none())


def list_memberships(conn: Connection, member_id: UUID) -> list[Membership]:
    """The active memberships whose tenant is not suspended, by tenant name."""
    statement = text("""
        select t.tenant_id, t.slug, t.name, m.role, m.location_ids, m.email
        from membership as m
        inner join tenant as t on m.tenant_id = t.tenant_id
        where m.member_id = :member_id and m.is_active and not t.is_suspended
        order by t.name, t.tenant_id
    """)
    rows = conn.execute(statement, {"member_id": member_id}).mappings()
    return [_membership(row) for row in rows]


def list_lost_tenants(conn: Connection, member_id: UUID) -> list[UUID]:
    statement = text("""
        select m.tenant_id from membership as m
        where m.member_id = :member_id and not m.is_active
        order by m.tenant_id
    """)
    return list(conn.execute(statement, {"member_id": member_id}).scalars())


def list_bound_tenants(conn: Connection, email: str) -> list[UUID]:
    """The tenants where this address is an active member bound to a sign-in account."""
    statement = text("""
        select m.tenant_id
        from membership as m
        inner join tenant as t on m.tenant_id = t.tenant_id
        where
            m.email = :email and m.member_id is not null
            and m.is_active and not t.is_suspended
        order by m.tenant_id
    """)
    return list(conn.execute(statement, {"email": fold_address(email)}).scalars())


def record_sign_in(conn: Connection, identity: Identity) -> Member | None:
    """Record the sign-in and accept the invitations of this address; None for a stranger.

    A stranger, whom no tenant invited, leaves no trace. An invitation accepted by another member
    stays theirs, even if the address has a new holder.
    """
    email = fold_address(identity.email)
    # In this order: if another request accepts the invitation in between, the member is found.
    is_invited = _is_invited(conn, email)
    known = find_member_by_identity(conn, identity.issuer, identity.subject)
    if known is None and not is_invited:
        return None
    values = {
        "issuer": identity.issuer,
        "subject": identity.subject,
        "email": email,
        "name": identity.name,
    }
    member = _member(conn.execute(_UPSERT_MEMBER, values).mappings().one())
    assert member is not None  # noqa: S101 - the statement above always returns a row
    accepted = {"member_id": member.member_id, "email": email, "name": member.name}
    joined = list(conn.execute(_ACCEPT_INVITATIONS, accepted).scalars())
    actor = Actor(member.email, "page", member.member_id)
    audit.record_for_tenants(conn, joined, actor, "member.joined", member.email)
    return member


def fold_address(email: str) -> str:
    """The address as invitations store it. Only ASCII letters fold: “K” (Kelvin) is no “k”."""
    address = email.strip()
    return address.lower() if address.isascii() else address


def _is_invited(conn: Connection, email: str) -> bool:
    statement = text("""
        select exists (
            select from membership as m
            inner join tenant as t on m.tenant_id = t.tenant_id
            where m.email = :email and m.member_id is null
                and m.is_active and not t.is_suspended
        )
    """)
    return bool(conn.execute(statement, {"email": email}).scalar_one())


def _member(row: RowMapping | None) -> Member | None:
    return None if row is None else Member(row["member_id"], row["email"], row["name"])


def _membership(row: RowMapping | dict[str, Any]) -> Membership:
    branches = row["location_ids"]
    tenant = Tenant(row["tenant_id"], row["slug"], row["name"])
    location_ids = None if branches is None else tuple(branches)
    return Membership(tenant, row["role"], location_ids, row["email"])


_UPSERT_MEMBER = text("""
    insert into member (issuer, subject, email, name, last_seen_at)
    values (:issuer, :subject, :email, :name, now())
    on conflict (issuer, subject) do update set
        email = excluded.email,
        name = case when excluded.name = '' then member.name else excluded.name end,
        last_seen_at = now()
    returning member_id, email, name
""")

_ACCEPT_INVITATIONS = text("""
    update membership as m
    set
        member_id = :member_id,
        name = case when m.name = '' then :name else m.name end,
        accepted_at = now()
    from tenant as t
    where m.tenant_id = t.tenant_id and not t.is_suspended
        and m.email = :email and m.member_id is null and m.is_active
        and not exists (
            select from membership as own
            where own.tenant_id = m.tenant_id and own.member_id = :member_id
        )
    returning m.tenant_id
""")
