"""What stands beside the tasks of a list: branches, colleagues, loaded days, orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope
from app.tasks.queries import Task

_EARLIER_ORDERS = 5


@dataclass(frozen=True)
class Assignee:
    """A member that tasks can be given to. `location_ids` None is every branch."""

    email: str
    name: str
    role: str
    location_ids: tuple[str, ...] | None


@dataclass(frozen=True)
class Line:
    """One line of an order or a cart; what the shop did not send is None."""

    item_id: str | None
    item_name: str | None
    quantity: Decimal | None
    price: Decimal | None

    @property
    def total(self) -> Decimal | None:
        """Quantity times price; None without a price."""
        if self.price is None:
            return None
        return self.price * (self.quantity or Decimal(1))


@dataclass(frozen=True)
class EarlierOrder:
    """An order that the same customer placed before."""

    task_id: UUID
    ordered_at: datetime
    value: Decimal
    currency: str
    transaction_id: str | None


@dataclass(frozen=True)
class OrderVisit:
    """The session of an order: the pages in order, and items viewed and not bought in it."""

    session_id: str
    first_at: datetime
    last_at: datetime
    page_views: int
    pages: Sequence[str]
    viewed: Sequence[Mapping[str, Any]]


def may_assign(conn: Connection, tenant_id: UUID, scope: Scope, customer_key: str) -> bool:
    """Whether the member may say whose this customer is.

    Source: sql/functions/access/_may_assign.sql
    """
    statement = text("select _may_assign(:t, cast(:scope as member_scope), :key)")
    values = {"t": tenant_id, "scope": scope.literal, "key": customer_key}
    may: bool = conn.execute(statement, values).scalar_one()
    return may


def list_assignees(conn: Connection, tenant_id: UUID) -> list[Assignee]:
    """The active members who may work on tasks, by name."""
    statement = text("""
        select m.email, m.name, m.role, m.location_ids
        from membership as m
        where m.tenant_id = :t and m.is_active and m.role <> 'viewer'
        order by lower(coalesce(nullif(m.name, ''), m.email)), m.email
    """)
    return [
        Assignee(
            row.email,
            row.name,
            row.role,
            None if row.location_ids is None else tuple(row.location_ids),
        )
        for row in conn.execute(statement, {"t": tenant_id})
    ]


def get_rules(conn: Connection, tenant_id: UUID) -> dict[str, int]:
    """The thresholds of the tenant's tasks, by name.

    Source: sql/functions/tasks/_task_rules.sql
    """
    rules = conn.execute(text("select * from _task_rules(:t)"), {"t": tenant_id}).mappings()
    return dict(rules.one())


def find_last_day(conn: Connection, tenant_id: UUID) -> date | None:
    """The last day of which anything was ingested; None before the first ingestion."""
    statement = text("select max(event_date) from day_load where tenant_id = :t")
    day: date | None = conn.execute(statement, {"t": tenant_id}).scalar_one()
    return day


def list_order_lines(conn: Connection, tenant_id: UUID, scope: Scope, purchase: Task) -> list[Line]:
    """What was ordered; empty when the export named no items, or the order is gone."""
    statement = text("""
        select o.items_json
        from shop_order as o
        cross join
            _shown_branches(:t, cast(:scope as member_scope), :customer_key) as s (branches)
        where
            o.tenant_id = :t and o.order_key = :order_key
            and (s.branches is null or o.branch_id = any(s.branches))
    """)
    values = {
        "t": tenant_id,
        "scope": scope.literal,
        "order_key": purchase.order_key,
        "customer_key": purchase.customer_key,
    }
    items = conn.execute(statement, values).scalar_one_or_none()
    return read_lines(items if isinstance(items, list) else ())


def list_earlier_orders(
    conn: Connection, tenant_id: UUID, scope: Scope, purchase: Task
) -> list[EarlierOrder]:
    """The latest few orders that the customer of a purchase placed before it."""
    statement = text("""
        select t.task_id, t.first_at, t.value, t.currency, t.detail ->> 'transaction_id'
        from task as t
        cross join
            _shown_branches(:t, cast(:scope as member_scope), :customer_key) as s (branches)
        where
            t.tenant_id = :t and t.customer_key = :customer_key and t.task_type = 'purchase'
            and t.is_task and t.first_at < :before
            and (s.branches is null or t.branch_id = any(s.branches))
        order by t.first_at desc, t.task_id
        limit :limit
    """)
    values = {
        "t": tenant_id,
        "scope": scope.literal,
        "customer_key": purchase.customer_key,
        "before": purchase.first_at,
        "limit": _EARLIER_ORDERS,
    }
    return [EarlierOrder(*row) for row in conn.execute(statement, values)]


def find_order_visit(
    conn: Connection, tenant_id: UUID, scope: Scope, order_key: str
) -> OrderVisit | None:
    """The session an order was placed in; None without one, or when the scope does not show it.

    Source: sql/functions/customers/get_order_visit.sql
    """
    statement = text("""
        select * from get_order_visit(:t, cast(:scope as member_scope), :order_key)
    """)
    values = {"t": tenant_id, "scope": scope.literal, "order_key": order_key}
    row = conn.execute(statement, values).one_or_none()
    return OrderVisit(*row) if row else None


def find_cool_down(conn: Connection, tenant_id: UUID, task_id: UUID) -> datetime | None:
    """Until when a task waits because somebody spoke to its customer, not because of a snooze."""
    statement = text("""
        select t.cool_until
        from task as t
        where
            t.tenant_id = :t and t.task_id = :id and t.cool_until > now()
            and not (t.state = 'snoozed' and t.snoozed_until > now())
    """)
    until: datetime | None = conn.execute(
        statement, {"t": tenant_id, "id": task_id}
    ).scalar_one_or_none()
    return until


def find_step_task(conn: Connection, tenant_id: UUID, history_id: UUID) -> UUID | None:
    """The task that a step of the history belongs to."""
    statement = text("""
        select h.task_id from task_history as h where h.tenant_id = :t and h.history_id = :id
    """)
    task_id: UUID | None = conn.execute(
        statement, {"t": tenant_id, "id": history_id}
    ).scalar_one_or_none()
    return task_id


def read_lines(items: Iterable[dict[str, Any]]) -> list[Line]:
    """The lines in a task's detail or an order's items; what is no object is left out."""
    return [
        Line(
            item.get("item_id"),
            item.get("item_name"),
            _number(item.get("quantity")),
            _number(item.get("price")),
        )
        for item in items
        if isinstance(item, dict)
    ]


def _number(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))
