"""Members' sign-in accounts, for the operator's command line."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text

from app import audit
from app.audit import COMMAND_LINE
from app.database.engine import maint_transaction
from app.errors import Invalid, NotFound


def describe_member(tenant_id: UUID, email: str) -> str:
    """What that address may do now, and whether anything still keeps its owner out."""
    with maint_transaction() as conn:
        found = conn.execute(_FIND, {"t": tenant_id, "email": _folded(email)}).one_or_none()
    if found is None:
        raise NotFound(f"{email} is not a member of this tenant.")
    suspended = f" {found.slug} is suspended: no one can sign in." if found.is_suspended else ""
    unknown = ", ".join(found.unknown_branches or ())
    missing = f" Not in the branch file: {unknown}." if unknown else ""
    if found.issuer is None:
        said = f"Invited: {found.email} becomes {found.role} of {found.slug} by signing in."
        return said + suspended + missing
    return (
        f"No one was invited: {found.email} is a member of {found.slug} already, now as "
        f"{found.role}, with an account at {found.issuer}. If that account was replaced, run: "
        f"flask member unbind {found.slug} {found.email}.{suspended}{missing}"
    )


def unbind_members(tenant_id: UUID, emails: Collection[str]) -> list[str]:
    """Unbind these invited addresses from their accounts, so that they can be claimed again.

    Returns the addresses that were bound. May affect every admin at once.

    Raises:
        NotFound: an address is not in the tenant's list; nothing is changed.
    """
    with maint_transaction() as conn:
        rows = conn.execute(_LIST, {"t": tenant_id}).all()
        missing = {_folded(email) for email in emails} - {row.email for row in rows}
        if missing:
            raise NotFound(f"Not a member of this tenant: {', '.join(sorted(missing))}.")
        wanted = {_folded(email) for email in emails}
        unbound = []
        for row in rows:
            values = {"t": tenant_id, "id": row.membership_id}
            if row.email in wanted and conn.execute(_UNBIND, values).scalar_one():
                audit.record(conn, tenant_id, COMMAND_LINE, "member.unbound", row.email)
                unbound.append(row.email)
    return unbound


def list_bound(tenant_id: UUID) -> list[str]:
    """The tenant's addresses that are bound to an account."""
    with maint_transaction() as conn:
        rows = conn.execute(_LIST, {"t": tenant_id}).all()
    return [row.email for row in rows if row.member_id is not None]


def _folded(email: str) -> str:
    """The address as invitations store it; refuses invalid ones."""
    address = email.strip()
    if not address.isascii():
        raise Invalid(f"“{email}” is not an email address.")
    return address.lower()


_FIND = text("""
    select
        m.email, m.role, t.slug, t.is_suspended, p.issuer,
        (
            select array_agg(b.location_id order by b.location_id)
            from unnest(m.location_ids) as b (location_id)
            where not exists (
                select from locations as l
                where l.tenant_id = m.tenant_id and l.location_id = b.location_id
            )
        ) as unknown_branches
    from membership as m
    inner join tenant as t on t.tenant_id = m.tenant_id
    left join member as p on p.member_id = m.member_id
    where m.tenant_id = :t and m.email = :email
""")
_LIST = text("""
    select membership_id, email, member_id from membership where tenant_id = :t order by email
""")
_UNBIND = text("select unbind_membership(:t, :id)")
