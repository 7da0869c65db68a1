"""Orders and refunds as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Blueprint
from pydantic import Field

from app.dashboard.api_models import OtherCurrency
from app.dashboard.orders.queries import OrderQuestion, OrderRow, list_orders, sum_orders
from app.dashboard.people import ListedCustomer, listed_customer
from app.database.tenancy import Scope, allowed_locations
from app.http.api import (
    Day,
    Model,
    Money,
    PageOf,
    PageQuery,
    PeriodQuery,
    documented,
    filled,
    page_of,
)
from app.http.current import current_membership
from app.http.reading import reading_transaction
from app.tenant_settings import get_tenant_settings

blueprint = Blueprint("orders_api", __name__, url_prefix="/analytics/api/v1")


class OrdersQuery(PeriodQuery, PageQuery):
    """Days, branches, words, order and page. `kind` chooses the rows; the sums are of both."""

    kind: Literal["order", "refund"] = "order"
    query: str = Field(default="", max_length=200)
    sort_field: Literal["placed_at", "amount", "branch"] = "placed_at"
    sort_order: Literal["asc", "desc"] = "desc"


class OrderEntry(Model):
    """An order or a refund. `amount` is in `currency` and negative for a refund."""

    kind: Literal["order", "refund"]
    order_key: str
    transaction_id: str | None
    placed_at: datetime
    placed_date: Day
    location_id: str | None
    currency: str
    amount: Money
    item_count: int | None
    session_id: str | None
    customer: ListedCustomer | None


class Orders(PageOf[OrderEntry]):
    """One page of `total` orders, or refunds. The sums are of all orders and refunds under the
    filters, in the reporting currency `currency`."""

    net_revenue: Money
    revenue: Money
    refunds: Money
    refund_count: int
    currency: str
    other_currencies: list[OtherCurrency]


@blueprint.get("/orders")
@documented(Orders, tag="analytics")
def orders(query: OrdersQuery) -> Orders:
    """Every order of a range, those without a customer too, or every refund by its own date."""
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    with reading_transaction(tenant_id) as conn:
        question = OrderQuestion(
            period=query.period(get_tenant_settings(conn, tenant_id).time_zone),
            scope=membership.scope,
            location_ids=allowed_locations(membership, query.location_id),
            kind=query.kind,
            query=query.query,
            sort_field=query.sort_field,
            sort_order=query.sort_order,
        )
        sums = sum_orders(conn, tenant_id, question)
        offset = (query.page - 1) * query.limit
        rows = list_orders(conn, tenant_id, question, query.limit, offset)
    entries = [_entry(row, question.scope, sums.currency) for row in rows]
    page = page_of(entries, sums.rows(query.kind), query)
    others = [filled(OtherCurrency, other) for other in sums.other_currencies]
    return filled(Orders, sums, **dict(page), other_currencies=others)


def _entry(row: OrderRow, scope: Scope, currency: str) -> OrderEntry:
    return filled(
        OrderEntry,
        row,
        currency=row.currency or currency,
        location_id=row.branch_id or None,
        customer=listed_customer(scope, row.customer_key, row.customer_name),
    )
