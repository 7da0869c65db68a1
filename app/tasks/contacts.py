"""The people that a task may be about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope


@dataclass(frozen=True)
class Contact:
    """A person a task may be about."""

    contact_id: str
    name: str | None
    email: str | None
    phone: str | None


def list_contacts(
    conn: Connection, tenant_id: UUID, scope: Scope, company_ids: Sequence[str], each: int = 20
) -> dict[str, list[Contact]]:
    """The contacts of these companies, at most `each` of one: a task that knows its company alone
    addresses them all. A company that the scope does not show whole has none.
    """
    statement = text("""
        select c.company_id, u.user_id, u.name, u.email, u.phone
        from unnest(
            _whole_customers(:t, cast(:scope as member_scope), cast(:keys as text []))
        ) as k (customer_key)
        cross join substr(k.customer_key, 3) as c (company_id)
        cross join lateral (
            select w.*
            from users as w
            where w.tenant_id = :t and w.buying_company_erp_id = c.company_id
            order by w.name, w.user_id
            limit :each
        ) as u
    """)
    found: dict[str, list[Contact]] = {company_id: [] for company_id in company_ids}
    keys = [f"k:{company_id}" for company_id in found]
    values = {"t": tenant_id, "scope": scope.literal, "keys": keys, "each": each}
    for company_id, *contact in conn.execute(statement, values):
        found[company_id].append(Contact(*contact))
    return found
