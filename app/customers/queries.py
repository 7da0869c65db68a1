"""What is known of customers, as docs/glossary.md defines it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope

SORT_FIELDS = {"revenue": "12-month revenue", "last_at": "Last activity", "name": "Name"}


@dataclass(frozen=True)
class CustomerRow:
    """A customer in a list; money of 12 months, net, in the reporting currency.

    Of one that is not shown whole people, money and orders are None.
    """

    customer_key: str
    customer_name: str | None
    people: int | None
    net_revenue: Decimal | None
    orders: int | None
    last_order_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True)
class Customer:
    """One customer in figures. Money is net, in the reporting currency, of 12 months.

    `previous_revenue` is of the 12 before. `usual_gap_days` is None with fewer than two orders.
    `is_whole` False: the member sees the rows of their own branches, and may change nothing.
    """

    customer_key: str
    customer_name: str | None
    company_id: str | None
    account_owner: str | None
    net_revenue: Decimal
    previous_revenue: Decimal
    orders: int
    average_order: Decimal | None
    last_order_at: datetime | None
    usual_gap_days: float | None
    visits: int
    last_seen_at: datetime | None
    open_cart: Decimal | None
    open_tasks: int
    is_whole: bool

    @property
    def label(self) -> str:
        """What to call it: its name, else its id; a device has neither."""
        if self.customer_name:
            return self.customer_name
        kind, own_id = self.customer_key[:2], self.customer_key[2:]
        return "Unknown visitor" if kind == "d:" else own_id

    @property
    def markable(self) -> tuple[str, str] | None:
        """The kind and value under which it can be left alone or excluded."""
        kinds = {"k:": "company", "c:": "contact"}
        kind = kinds.get(self.customer_key[:2])
        return (kind, self.customer_key[2:]) if kind else None

    def is_due(self, now: datetime) -> bool:
        """Whether more time has passed since the last order than usual."""
        if self.usual_gap_days is None or self.last_order_at is None:
            return False
        return (now - self.last_order_at).total_seconds() / 86_400 > self.usual_gap_days


@dataclass(frozen=True)
class Person:
    """A contact of a customer; `is_in_file` False when only events name them."""

    contact_id: str
    name: str | None
    email: str | None
    phone: str | None
    branch_id: str | None
    is_in_file: bool
    sessions: int
    last_at: datetime | None


@dataclass(frozen=True)
class Device:
    """A device, and who signed in on it."""

    user_pseudo_id: str
    contacts: tuple[str, ...]
    device_category: str | None
    city: str | None
    sessions: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Product:
    """`kind` bought, viewed (and never bought) or not_found (a term searched in vain)."""

    kind: str
    item_id: str | None
    label: str
    times: int
    quantity: Decimal | None
    last_at: datetime


def list_customers(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    query: str,
    sort_field: str,
    limit: int,
    offset: int,
) -> tuple[list[CustomerRow], int]:
    """One page, and the number of all. Source: sql/functions/customers/list_customers.sql"""
    statement = text("""
        select * from list_customers(
            :t, cast(:scope as member_scope), :query, :sort, :limit, :offset
        )
    """)
    values = {"query": query or None, "sort": sort_field, "limit": limit, "offset": offset}
    rows = conn.execute(statement, values | _arguments(tenant_id, scope)).all()
    return [CustomerRow(*row[:-1]) for row in rows], rows[0].total if rows else 0


def find_customer(
    conn: Connection, tenant_id: UUID, scope: Scope, customer_key: str
) -> Customer | None:
    """None where the scope shows nothing of it. Source: sql/functions/customers/get_customer.sql"""
    statement = text("select * from get_customer(:t, cast(:scope as member_scope), :key)")
    values = _arguments(tenant_id, scope) | {"key": customer_key}
    row = conn.execute(statement, values).one_or_none()
    return None if row is None else Customer(*row)


def list_people(conn: Connection, tenant_id: UUID, scope: Scope, customer_key: str) -> list[Person]:
    """Those seen last first. Source: sql/functions/customers/get_customer_people.sql"""
    statement = text("select * from get_customer_people(:t, cast(:scope as member_scope), :key)")
    values = _arguments(tenant_id, scope) | {"key": customer_key}
    return [Person(*row) for row in conn.execute(statement, values)]


def list_devices(
    conn: Connection, tenant_id: UUID, scope: Scope, customer_key: str
) -> list[Device]:
    """The latest first. Source: sql/functions/customers/get_customer_devices.sql"""
    statement = text("select * from get_customer_devices(:t, cast(:scope as member_scope), :key)")
    values = _arguments(tenant_id, scope) | {"key": customer_key}
    return [Device(row[0], tuple(row[1]), *row[2:]) for row in conn.execute(statement, values)]


def list_products(
    conn: Connection, tenant_id: UUID, scope: Scope, customer_key: str
) -> list[Product]:
    """Ten of each kind, the most frequent first.

    Source: sql/functions/customers/get_customer_products.sql
    """
    statement = text("select * from get_customer_products(:t, cast(:scope as member_scope), :key)")
    values = _arguments(tenant_id, scope) | {"key": customer_key}
    return [Product(*row) for row in conn.execute(statement, values)]


def _arguments(tenant_id: UUID, scope: Scope) -> dict[str, Any]:
    return {"t": tenant_id, "scope": scope.literal}
