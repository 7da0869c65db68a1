"""Performance as JSON: branches, landing pages, sources, or the sessions that bounced."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint
from pydantic import Field
from sqlalchemy import Connection

from app.database.tenancy import allowed_locations
from app.dates import DateRange
from app.http.api import (
    Model,
    Money,
    PageOf,
    PageQuery,
    Percent,
    PeriodQuery,
    cut_page,
    documented,
    filled,
    page_of,
)
from app.http.current import current_membership, current_tenant_id
from app.http.reading import reading_transaction
from app.tasks import queries
from app.tasks.api import TaskRow, task_rows
from app.tasks.performance.queries import (
    PageQuestion,
    get_landing_pages,
    get_performance_tasks,
)
from app.tasks.performance.source_queries import SourceQuestion, get_sources
from app.tasks.queries import Place, TaskFilters
from app.tenant_settings import get_tenant_settings

blueprint = Blueprint("performance_api", __name__, url_prefix="/analytics/api/v1")


class PerformanceQuery(PeriodQuery, PageQuery):
    """Days, branches and page of one of the views; `query` is a part of an address or source."""

    view: Literal["branches", "pages", "sources", "sessions"] = "branches"
    query: str = Field(default="", max_length=200)


class SoldItemRow(Model):
    """One item of the orders of a branch."""

    item_id: str | None
    item_name: str | None
    quantity: float
    revenue: Money


class BranchPerformanceRow(Model):
    """One branch. Rates are per cent; what cannot be computed is null."""

    location_id: str | None
    name: str
    status: str
    currency: str
    sessions: int
    visitors: int
    orders: int
    revenue: Money
    refunds: Money
    net_revenue: Money
    conversion_rate: Percent | None
    average_order: Money | None
    abandoned_carts: int
    cart_abandonment: Percent | None
    top_items: list[SoldItemRow]


class LandingPageRow(Model):
    """A page with at least 30 sessions that started on it. `value` is the estimated loss."""

    page: str
    sessions: int
    bounces: int
    bounce_rate: Percent | None
    value: Money | None
    currency: str


class SourceRow(Model):
    """Sessions of one source and medium; `source` null: not loaded, or orders without a session."""

    source: str | None
    medium: str
    sessions: int
    engaged: int
    orders: int
    net_revenue: Money
    currency: str
    conversion_rate: Percent | None


class PerformanceRows(PageOf[BranchPerformanceRow | LandingPageRow | SourceRow | TaskRow]):
    """One page of the view that was asked for."""


@blueprint.get("/tasks/performance")
@documented(PerformanceRows, tag="analytics")
def performance(query: PerformanceQuery) -> PerformanceRows:
    """Branches, landing pages, sources, or known contacts who bounced."""
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    locations = allowed_locations(membership, query.location_id)
    views = {"branches": _branches, "pages": _pages, "sources": _sources, "sessions": _sessions}
    answer = views[query.view]
    with reading_transaction(tenant_id) as conn:
        period = query.period(get_tenant_settings(conn, tenant_id).time_zone)
        return answer(conn, query, period, locations)


def _branches(
    conn: Connection, query: PerformanceQuery, period: DateRange, locations: tuple[str, ...] | None
) -> PerformanceRows:
    tenant_id = current_tenant_id()
    currency = get_tenant_settings(conn, tenant_id).reporting_currency
    rows = [
        filled(
            BranchPerformanceRow,
            branch,
            currency=currency,
            top_items=[filled(SoldItemRow, item) for item in branch.top_items],
        )
        for branch in get_performance_tasks(conn, tenant_id, period, locations)
    ]
    return PerformanceRows(**dict(cut_page(rows, query)))


def _pages(
    conn: Connection, query: PerformanceQuery, period: DateRange, locations: tuple[str, ...] | None
) -> PerformanceRows:
    tenant_id = current_tenant_id()
    currency = get_tenant_settings(conn, tenant_id).reporting_currency
    asked = PageQuestion(period, locations, query=query.query, limit=1_000_000)
    found = get_landing_pages(conn, tenant_id, asked)
    rows = [filled(LandingPageRow, page, currency=currency) for page in found]
    return PerformanceRows(**dict(cut_page(rows, query)))


def _sources(
    conn: Connection, query: PerformanceQuery, period: DateRange, locations: tuple[str, ...] | None
) -> PerformanceRows:
    tenant_id = current_tenant_id()
    currency = get_tenant_settings(conn, tenant_id).reporting_currency
    asked = SourceQuestion(period, locations, query=query.query, limit=1_000_000)
    found = get_sources(conn, tenant_id, asked)
    rows = [filled(SourceRow, source, currency=currency) for source in found]
    return PerformanceRows(**dict(cut_page(rows, query)))


def _sessions(
    conn: Connection, query: PerformanceQuery, period: DateRange, locations: tuple[str, ...] | None
) -> PerformanceRows:
    tenant_id = current_tenant_id()
    filters = TaskFilters(period, current_membership().scope, locations, query.query)
    place = Place(query.limit, (query.page - 1) * query.limit)
    tasks = queries.get_bounce_tasks(conn, tenant_id, filters, place)
    total = sum(c.tasks for c in queries.count_tasks(conn, tenant_id, ("bounce",), filters))
    return PerformanceRows(**dict(page_of(task_rows(conn, tenant_id, tasks), total, query)))
