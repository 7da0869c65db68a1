"""Orders and refunds as a page and a file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy import Connection

from app.dashboard.orders.queries import (
    KINDS,
    SORT_FIELDS,
    OrderQuestion,
    OrderRow,
    list_orders,
    sum_orders,
)
from app.dashboard.people import may_name
from app.database.tenancy import Scope, allowed_locations
from app.http.current import current_membership, current_tenant_id
from app.http.exports import download, in_pages
from app.http.spreadsheet import Cell
from app.http.web import block, current_format, record_export
from app.tasks.tables.filters import Table, TableFilters
from app.tasks.tables.page import asked_filters, render_table, table_context

blueprint = Blueprint("orders", __name__, url_prefix="/analytics/orders")

TABLE = Table("orders.orders", SORT_FIELDS, KINDS)
HEADER = (
    "kind",
    "order_number",
    "placed_at",
    "day",
    "branch_id",
    "customer",
    "company_id",
    "contact_id",
    "amount",
    "currency",
    "items",
)


@blueprint.get("")
@block("order_table", "the orders")
def orders() -> Response:
    """Every order and refund of a period, a page of them, with their sums."""
    return render_table(TABLE, "dashboard/orders/orders.html", _context)


@blueprint.get("/export.<any(csv, xlsx):kind>")
def export_orders(kind: str) -> Response:
    """All rows under the filters, as a file for a spreadsheet."""
    filters = asked_filters(TABLE)
    record_export("dashboard", "orders", kind)
    name = f"orders-{filters.period.start}-{filters.period.end}"
    return download(
        name,
        kind,
        HEADER,
        _rows(current_tenant_id(), _question(filters), current_format().currency),
    )


def _context(conn: Connection, filters: TableFilters) -> dict[str, Any]:
    tenant_id, question = current_tenant_id(), _question(filters)
    sums = sum_orders(conn, tenant_id, question)
    rows = list_orders(conn, tenant_id, question, filters.limit, filters.offset)
    context = table_context(conn, filters, sums.rows(question.kind))
    return context | {"rows": rows, "sums": sums, "may_name": partial(may_name, question.scope)}


def _question(filters: TableFilters) -> OrderQuestion:
    membership = current_membership()
    return OrderQuestion(
        period=filters.period,
        scope=membership.scope,
        location_ids=allowed_locations(membership, filters.location_ids),
        kind=filters.status or None,
        query=filters.query,
        sort_field=filters.sort_field,
        sort_order=filters.sort_order,
    )


def _rows(tenant_id: UUID, question: OrderQuestion, currency: str) -> Iterator[list[Cell]]:
    for row in in_pages(tenant_id, partial(list_orders, question=question)):
        yield _cells(row, question.scope, currency)


def _cells(row: OrderRow, scope: Scope, currency: str) -> list[Cell]:
    is_named = may_name(scope, row.customer_key)
    key = row.customer_key or ""
    return [
        row.kind,
        row.transaction_id,
        row.placed_at,
        row.placed_date.isoformat(),
        row.branch_id or None,
        row.customer_name if is_named else None,
        key[2:] if key.startswith("k:") else None,
        None if scope.is_masked else row.contact_id,
        row.amount,
        row.currency or currency,
        row.item_count,
    ]
