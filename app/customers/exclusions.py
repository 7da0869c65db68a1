"""Visitors who are no customers: staff, tests, competitors. By contact, company or email domain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text
from werkzeug.datastructures import MultiDict

from app.customers.do_not_contact import Mark, Marked, markable, read_reason
from app.customers.queries import Customer, Person
from app.database.tenancy import Scope
from app.errors import Forbidden, Invalid

KINDS = {"email_domain": "Email domain", "contact": "Contact id", "company": "Company id"}
_MOST_CHARS = 300
_DOMAIN = re.compile(r"[^\s@,;]+\.[^\s@,;]+")


@dataclass(frozen=True)
class Exclusion:
    """Who is excluded; `name` as the customer file has it, `people` how many a domain has there."""

    kind: str
    value: str
    reason: str
    created_by: str
    created_at: datetime
    name: str | None
    people: int | None


def list_exclusions(conn: Connection, tenant_id: UUID, scope: Scope) -> list[Exclusion]:
    """Every exclusion that is the member's to end, by kind and value."""
    values = {"t": tenant_id, "scope": scope.literal}
    return [Exclusion(*row) for row in conn.execute(_LIST, values)]


def list_exclusions_of(
    conn: Connection, tenant_id: UUID, customer: Customer, domains: Sequence[str]
) -> list[Mark]:
    """Exclusions of this customer, and of the email domains of its people."""
    if customer.markable is None or not customer.is_whole:
        return []
    kind, value = customer.markable
    values = {"t": tenant_id, "kind": kind, "value": value, "domains": list(domains)}
    return [Mark(*row) for row in conn.execute(_LIST_OF, values)]


def exclude_customer(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    customer: Customer,
    people: Sequence[Person],
    form: MultiDict[str, str],
    by: str,
) -> Marked:
    """Take the customer, or an email domain of its people, out of all lists.

    Raises:
        NotFound: it is a device.
        Invalid: the reason is missing, or none of its people has that domain.
        Forbidden: people of customers that the member does not see whole have that domain too.
    """
    kind, value = markable(customer)
    if domain := form.get("email_domain", "").strip().lower():
        if domain not in email_domains(people):
            raise Invalid("None of these contacts has that email domain.")
        kind, value = "email_domain", domain
        _check_scope(conn, tenant_id, scope, kind, value)
    _store(conn, tenant_id, kind, value, read_reason(form), by)
    return kind, value


def exclude(
    conn: Connection, tenant_id: UUID, scope: Scope, form: MultiDict[str, str], by: str
) -> Marked:
    """Take whoever a form names out of all lists; with every branch also who is not known yet.

    Raises:
        Invalid: something is missing; `fields` says what, by the field's name.
        Forbidden: it is not the member's customer, or some of that domain's contacts are not.
    """
    problems = {}
    kind, value = form.get("kind", ""), form.get("value", "").strip()
    if kind not in KINDS:
        problems["kind"] = "Choose the kind."
    if kind == "email_domain":
        value = value.rpartition("@")[2].lower()
    if not value or len(value) > _MOST_CHARS or not value.isprintable():
        problems["value"] = f"Enter who, in at most {_MOST_CHARS} characters."
    elif kind == "email_domain" and not _DOMAIN.fullmatch(value):
        problems["value"] = "Enter what comes after the @, like example.com."
    try:
        reason = read_reason(form)
    except Invalid as error:
        problems |= error.extra["fields"]
    if problems:
        raise Invalid("No one was excluded.", fields=problems)
    _check_scope(conn, tenant_id, scope, kind, value)
    _store(conn, tenant_id, kind, value, reason, by)
    return kind, value


def include_customer(
    conn: Connection, tenant_id: UUID, scope: Scope, customer: Customer, domains: Sequence[str]
) -> Marked:
    """End its exclusions, and those of its email domains that the member may end."""
    kind, value = markable(customer)
    values = {
        "t": tenant_id,
        "scope": scope.literal,
        "kind": kind,
        "value": value,
        "domains": list(domains),
    }
    conn.execute(_END_OF, values)
    return kind, value


def include(conn: Connection, tenant_id: UUID, scope: Scope, kind: str, value: str) -> Marked:
    """End one exclusion; nothing happens when there is none.

    Raises:
        Forbidden: it is not the member's customer, or some of that domain's contacts are not.
    """
    _check_scope(conn, tenant_id, scope, kind, value)
    statement = text("""
        delete from exclusion where tenant_id = :t and kind = :kind and value = :value
    """)
    conn.execute(statement, {"t": tenant_id, "kind": kind, "value": value})
    return kind, value


def leave_figures(conn: Connection, tenant_id: UUID) -> bool:
    """Whether excluded customers leave the figures too, and not only the lists of tasks."""
    statement = text("""
        select coalesce((c.rules ->> 'exclude_from_figures')::boolean, false)
        from tenant_config as c
        where c.tenant_id = :t
    """)
    return bool(conn.execute(statement, {"t": tenant_id}).scalar())


def set_leave_figures(conn: Connection, tenant_id: UUID, is_set: bool) -> None:
    """Say whether they do."""
    statement = text("""
        update tenant_config
        set
            rules = rules || jsonb_build_object('exclude_from_figures', cast(:is_set as boolean)),
            updated_at = now()
        where tenant_id = :t
    """)
    conn.execute(statement, {"t": tenant_id, "is_set": is_set})


def email_domains(people: Sequence[Person]) -> list[str]:
    """What stands behind the @ of their addresses, each once."""
    found = (person.email.rpartition("@")[2].lower() for person in people if person.email)
    return list(dict.fromkeys(domain for domain in found if domain))


def _check_scope(conn: Connection, tenant_id: UUID, scope: Scope, kind: str, value: str) -> None:
    """One answer for what is another branch's and for what nobody knows.

    Raises:
        Forbidden: the member does not see all of it.
    """
    values = {"t": tenant_id, "scope": scope.literal, "kind": kind, "value": value}
    if not conn.execute(_IS_IN_SCOPE, values).scalar_one():
        raise Forbidden("You can exclude only customers of your branches, and end only that.")


def _store(conn: Connection, tenant_id: UUID, kind: str, value: str, reason: str, by: str) -> None:
    values = {"t": tenant_id, "kind": kind, "value": value, "reason": reason, "by": by}
    conn.execute(_STORE, values)


_LIST = text("""
    select
        x.kind, x.value, x.reason, x.created_by, x.created_at,
        case x.kind
            when 'contact' then (
                select u.name from users as u where u.tenant_id = :t and u.user_id = x.value
            )
            when 'company' then (
                select max(u.buying_company_name) from users as u
                where u.tenant_id = :t and u.buying_company_erp_id = x.value
            )
        end,
        case when x.kind = 'email_domain' then (
            select count(*) from users as u
            where u.tenant_id = :t and lower(split_part(u.email, '@', 2)) = x.value
        ) end
    from exclusion as x
    where
        x.tenant_id = :t
        and _is_exclusion_in_scope(:t, cast(:scope as member_scope), x.kind, x.value)
    order by x.kind, x.value
""")
_IS_IN_SCOPE = text("""
    select _is_exclusion_in_scope(:t, cast(:scope as member_scope), :kind, :value)
""")
_LIST_OF = text("""
    select x.kind, x.value, x.reason, x.created_by
    from exclusion as x
    where
        x.tenant_id = :t
        and (
            (x.kind = :kind and x.value = :value)
            or (x.kind = 'email_domain' and x.value = any(:domains))
        )
    order by x.kind, x.value
""")
_STORE = text("""
    insert into exclusion (tenant_id, kind, value, reason, created_by)
    values (:t, :kind, :value, :reason, :by)
    on conflict (tenant_id, kind, value) do update
    set reason = excluded.reason, created_by = excluded.created_by, created_at = now()
""")
_END_OF = text("""
    delete from exclusion
    where
        tenant_id = :t
        and (
            (kind = :kind and value = :value)
            or (
                kind = 'email_domain' and value = any(:domains)
                and _is_exclusion_in_scope(:t, cast(:scope as member_scope), kind, value)
            )
        )
""")
