"""Orders and refunds as rows, and what they add up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.dashboard.queries import Money, money
from app.database.tenancy import Scope
from app.dates import DateRange

KINDS = {"order": "Orders only", "refund": "Refunds only"}
SORT_FIELDS = ("placed_at", "amount", "branch")


@dataclass(frozen=True)
class OrderQuestion:
    """Which orders and refunds to list; `kind` None is both, `location_ids` None every branch."""

    period: DateRange
    scope: Scope
    location_ids: tuple[str, ...] | None = None
    kind: str | None = None
    query: str = ""
    sort_field: str = "placed_at"
    sort_order: str = "desc"


@dataclass(frozen=True)
class OrderRow:
    """An order, or a refund with what is known of its order.

    `amount` is negative for a refund, in `currency` ('' is the reporting one). `item_count` None:
    the shop sent no items. `customer_key` None: nobody is known to have ordered.
    """

    kind: str
    order_key: str
    transaction_id: str | None
    placed_at: datetime
    placed_date: date
    branch_id: str
    currency: str
    amount: Decimal
    item_count: int | None
    session_id: str | None
    customer_key: str | None
    customer_name: str | None
    contact_id: str | None
    contact_name: str | None


@dataclass(frozen=True)
class OrderSums:
    """What all rows add up to. Money is in the reporting currency `currency`."""

    orders: int
    refund_count: int
    revenue: Decimal
    refunds: Decimal
    currency: str
    other_currencies: tuple[Money, ...]

    @property
    def net_revenue(self) -> Decimal:
        """Revenue less refunds."""
        return self.revenue - self.refunds

    def rows(self, kind: str | None) -> int:
        """How many rows the list of this kind has."""
        counts = {"order": self.orders, "refund": self.refund_count}
        return counts[kind] if kind else self.orders + self.refund_count


def list_orders(
    conn: Connection, tenant_id: UUID, question: OrderQuestion, limit: int, offset: int
) -> list[OrderRow]:
    """One page, in the order asked for.

    Source: sql/functions/figures/list_orders.sql
    """
    statement = text("""
        select * from list_orders(
            :t, cast(:scope as member_scope), :start, :end, :branches, :kind, :query, :sort_field,
            :sort_order, :limit, :offset
        )
    """)
    values = _arguments(tenant_id, question) | {
        "kind": question.kind,
        "sort_field": question.sort_field,
        "sort_order": question.sort_order,
        "limit": limit,
        "offset": offset,
    }
    return [OrderRow(*row) for row in conn.execute(statement, values)]


def sum_orders(conn: Connection, tenant_id: UUID, question: OrderQuestion) -> OrderSums:
    """The sums of both kinds of rows, whatever kind is asked for.

    Source: sql/functions/figures/sum_orders.sql
    """
    statement = text("""
        select * from sum_orders(
            :t, cast(:scope as member_scope), :start, :end, :branches, :query
        )
    """)
    row = conn.execute(statement, _arguments(tenant_id, question)).one()
    others = tuple(money(entry) for entry in row.other_currencies)
    return OrderSums(**{**row._mapping, "other_currencies": others})


def _arguments(tenant_id: UUID, question: OrderQuestion) -> dict[str, Any]:
    branches = question.location_ids
    return {
        "t": tenant_id,
        "scope": question.scope.literal,
        "start": question.period.start,
        "end": question.period.end,
        "branches": None if branches is None else list(branches),
        "query": question.query or None,
    }
