"""Customers who are to be left alone, until a day or for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Connection, text
from werkzeug.datastructures import MultiDict

from app.customers.queries import Customer
from app.dates import parse_date, today
from app.errors import Forbidden, Invalid, NotFound

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
    if customer.markable is None or not customer.is_whole:
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


def set_do_not_contact(
    conn: Connection,
    tenant_id: UUID,
    customer: Customer,
    form: MultiDict[str, str],
    by: str,
    zone_name: str,
) -> Marked:
    """Leave the customer alone, until the end of a day of that zone or for good.

    Raises:
        NotFound: it is a device.
        Invalid: the reason is missing, or the day is none or over.
    """
    kind, value = markable(customer)
    ends_on = _read_end(form.get("ends_on", "").strip(), zone_name)
    statement = text("""
        insert into do_not_contact (tenant_id, kind, value, reason, ends_on, created_by)
        values (:t, :kind, :value, :reason, :ends_on, :by)
        on conflict (tenant_id, kind, value) do update
        set
            reason = excluded.reason, ends_on = excluded.ends_on,
            created_by = excluded.created_by, created_at = now()
    """)
    conn.execute(
        statement,
        {
            "t": tenant_id,
            "kind": kind,
            "value": value,
            "reason": read_reason(form),
            "ends_on": ends_on,
            "by": by,
        },
    )
    return kind, value


def allow_contact(conn: Connection, tenant_id: UUID, customer: Customer) -> Marked:
    """End do-not-contact; nothing happens when there is none."""
    kind, value = markable(customer)
    statement = text("""
        delete from do_not_contact
        where tenant_id = :t and kind = :kind and value = :value
    """)
    conn.execute(statement, {"t": tenant_id, "kind": kind, "value": value})
    return kind, value


def markable(customer: Customer) -> Marked:
    """What a mark of this customer names: contact or company, and its id.

    Raises:
        NotFound: it is a device.
        Forbidden: the member does not see it whole.
    """
    check_whole(customer)
    if customer.markable is None:
        raise NotFound("An unknown visitor cannot be called or excluded.")
    return customer.markable


def check_whole(customer: Customer) -> None:
    """Refuse to change a customer of whom the member sees some rows alone.

    Raises:
        Forbidden: as said.
    """
    if not customer.is_whole:
        raise Forbidden("This customer belongs to another branch. You cannot change it.")


def read_reason(form: MultiDict[str, str]) -> str:
    """Why, as a form says it.

    Raises:
        Invalid: it is missing or too long.
    """
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
        message = "This day has passed. Choose a later one, or leave it empty for no end."
        raise Invalid(message, fields={"ends_on": message})
    return day
