"""Customers who are to be left alone, and visitors who are no customers at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text
from werkzeug.datastructures import MultiDict

from app.customers.queries import Customer, Person
from app.dates import parse_date, today
from app.errors import Invalid, NotFound

MOST_CHARS = 500
Marked = tuple[str, str]  # the kind and the id or domain that was marked


@dataclass(frozen=True)
class Mark:
    """Why, by whom and until when; `value` is a contact's or company's id, or an email domain."""

    kind: str
    value: str
    reason: str
    created_by: str
    ends_on: date | None = None


def list_do_not_contact(conn: Connection, tenant_id: UUID, customer: Customer) -> list[Mark]:
    """What holds today for this customer."""
    if customer.markable is None:
        return []
    statement = text("""
        select d.kind, d.value, d.reason, d.created_by, d.ends_on
        from do_not_contact as d
        inner join tenant_config as c on c.tenant_id = d.tenant_id
        where
            d.tenant_id = :t and d.kind = :kind and d.value = :value
            and (d.ends_on is null or d.ends_on >= (now() at time zone c.time_zone)::date)
    """)
    kind, value = customer.markable
    rows = conn.execute(statement, {"t": tenant_id, "kind": kind, "value": value})
    return [Mark(*row) for row in rows]


def list_exclusions(
    conn: Connection, tenant_id: UUID, customer: Customer, domains: Sequence[str]
) -> list[Mark]:
    """Exclusions of this customer, and of the email domains of its people."""
    if customer.markable is None:
        return []
    statement = text("""
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
    kind, value = customer.markable
    values = {"t": tenant_id, "kind": kind, "value": value, "domains": list(domains)}
    return [Mark(*row) for row in conn.execute(statement, values)]


def set_do_not_contact(
    conn: Connection, tenant_id: UUID, customer: Customer, form: MultiDict[str, str],
    by: str, zone_name: str,
) -> Marked:  # fmt: skip
    """Leave the customer alone, until the end of a day of that zone or for good.

    Raises:
        NotFound: it is a device.
        Invalid: the reason is missing, or the day is none or over.
    """
    kind, value = _markable(customer)
    ends_on = _read_end(form.get("ends_on", "").strip(), zone_name)
    statement = text("""
        insert into do_not_contact (tenant_id, kind, value, reason, ends_on, created_by)
        values (:t, :kind, :value, :reason, :ends_on, :by)
        on conflict (tenant_id, kind, value) do update
        set
            reason = excluded.reason, ends_on = excluded.ends_on,
            created_by = excluded.created_by, created_at = now()
    """)
    conn.execute(statement, {
        "t": tenant_id, "kind": kind, "value": value, "reason": _read_reason(form),
        "ends_on": ends_on, "by": by,
    })  # fmt: skip
    return kind, value


def exclude(
    conn: Connection, tenant_id: UUID, customer: Customer, people: Sequence[Person],
    form: MultiDict[str, str], by: str,
) -> Marked:  # fmt: skip
    """Take the customer, or an email domain of its people, out of all lists.

    Raises:
        NotFound: it is a device.
        Invalid: the reason is missing, or none of its people has that domain.
    """
    kind, value = _markable(customer)
    if domain := form.get("email_domain", "").strip().lower():
        if domain not in email_domains(people):
            raise Invalid("None of these contacts has that email domain.")
        kind, value = "email_domain", domain
    statement = text("""
        insert into exclusion (tenant_id, kind, value, reason, created_by)
        values (:t, :kind, :value, :reason, :by)
        on conflict (tenant_id, kind, value) do update
        set reason = excluded.reason, created_by = excluded.created_by, created_at = now()
    """)
    reason = _read_reason(form)
    values = {"t": tenant_id, "kind": kind, "value": value, "reason": reason, "by": by}
    conn.execute(statement, values)
    return kind, value


def allow_contact(conn: Connection, tenant_id: UUID, customer: Customer) -> Marked:
    """End do-not-contact; nothing happens when there is none."""
    kind, value = _markable(customer)
    statement = text("""
        delete from do_not_contact
        where tenant_id = :t and kind = :kind and value = :value
    """)
    conn.execute(statement, {"t": tenant_id, "kind": kind, "value": value})
    return kind, value


def include(
    conn: Connection, tenant_id: UUID, customer: Customer, domains: Sequence[str]
) -> Marked:
    """End every exclusion that holds for this customer, those of its email domains too."""
    kind, value = _markable(customer)
    statement = text("""
        delete from exclusion
        where
            tenant_id = :t
            and (
                (kind = :kind and value = :value)
                or (kind = 'email_domain' and value = any(:domains))
            )
    """)
    values = {"t": tenant_id, "kind": kind, "value": value, "domains": list(domains)}
    conn.execute(statement, values)
    return kind, value


def email_domains(people: Sequence[Person]) -> list[str]:
    """What stands behind the @ of their addresses, each once."""
    found = (person.email.rpartition("@")[2].lower() for person in people if person.email)
    return list(dict.fromkeys(domain for domain in found if domain))


def _markable(customer: Customer) -> tuple[str, str]:
    if customer.markable is None:
        raise NotFound("A visitor nobody knows can neither be called nor excluded.")
    return customer.markable


def _read_reason(form: MultiDict[str, str]) -> str:
    reason = form.get("reason", "").strip()
    if not reason or len(reason) > MOST_CHARS:
        message = f"Say why, in at most {MOST_CHARS} characters."
        raise Invalid(message, fields={"reason": message})
    return reason


def _read_end(text_: str, zone_name: str) -> date | None:
    if not text_:
        return None
    day = parse_date(text_, "The last day")
    if day < today(zone_name):
        message = "This day is over. Choose a later one, or none for good."
        raise Invalid(message, fields={"ends_on": message})
    return day
