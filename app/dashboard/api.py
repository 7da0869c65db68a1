"""The figures as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from flask import Blueprint
from sqlalchemy import Connection

from app.branches import list_branches
from app.dashboard import queries
from app.dashboard.api_models import (
    BranchFigures,
    BranchRow,
    Bucket,
    Chart,
    Complete,
    Figures,
    OtherCurrency,
    Stats,
    TaskCount,
)
from app.database.tenancy import allowed_locations
from app.dates import DateRange
from app.http.api import (
    PageOf,
    PageQuery,
    PeriodQuery,
    cut_page,
    documented,
    filled,
)
from app.http.current import current_membership, current_tenant_id
from app.http.periods import compared_period
from app.http.reading import reading_transaction
from app.tasks.queries import TaskFilters, count_tasks
from app.tasks.types import TASK_TYPES
from app.tenant_settings import get_tenant_settings

blueprint = Blueprint("dashboard_api", __name__, url_prefix="/analytics/api/v1")

_SORT_FIELDS: dict[str, Callable[[queries.BranchStats], object]] = {
    "name": lambda row: row.name.casefold(),
    "sessions": lambda row: row.sessions,
    "visitors": lambda row: row.visitors,
    "orders": lambda row: row.orders,
    "revenue": lambda row: row.revenue,
    "net_revenue": lambda row: row.net_revenue,
    "conversion_rate": lambda row: -1 if row.conversion_rate is None else row.conversion_rate,
    "abandoned_carts": lambda row: row.abandoned_carts,
    "failed_searches": lambda row: row.failed_searches,
}


class StatsQuery(PeriodQuery):
    """A range, branches, and what to hold the figures against."""

    compare: Literal["previous", "year", "none"] = "none"


class ChartQuery(PeriodQuery):
    """A range, branches, and the size of a bucket."""

    granularity: Literal["hourly", "4hours", "12hours", "daily", "weekly", "monthly"] = "daily"


class BranchesQuery(PeriodQuery, PageQuery):
    """A range, branches, order and page."""

    sort_field: Literal[
        "name",
        "sessions",
        "visitors",
        "orders",
        "revenue",
        "net_revenue",
        "conversion_rate",
        "abandoned_carts",
        "failed_searches",
    ] = "net_revenue"
    sort_order: Literal["asc", "desc"] = "desc"


@blueprint.get("/stats")
@documented(Stats, tag="analytics")
def stats(query: StatsQuery) -> Stats:
    """The headline figures of a range, compared when asked."""
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    locations = allowed_locations(membership, query.location_id)
    with reading_transaction(tenant_id) as conn:
        period = query.period(get_tenant_settings(conn, tenant_id).time_zone)
        compared = compared_period(period, query.compare)
        figures = _figures(conn, period, locations)
        previous = _figures(conn, compared, locations) if compared else None
    return Stats(
        **dict(figures),
        location_ids=None if locations is None else list(locations),
        previous=previous,
    )


@blueprint.get("/stats/complete")
@documented(Complete, tag="analytics")
def complete(query: StatsQuery) -> Complete:
    """Everything about a range in one answer: figures, daily chart, branches, counts of tasks."""
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    locations = allowed_locations(membership, query.location_id)
    with reading_transaction(tenant_id) as conn:
        settings = get_tenant_settings(conn, tenant_id)
        period = query.period(settings.time_zone)
        compared = compared_period(period, query.compare)
        points = queries.get_chart_data(conn, tenant_id, period, "daily", locations)
        branches = queries.get_location_stats_bulk(conn, tenant_id, period, locations)
        filters = TaskFilters(period, membership.scope, locations)
        counts = count_tasks(conn, tenant_id, TASK_TYPES, filters)
        return Complete(
            **dict(_figures(conn, period, locations)),
            location_ids=None if locations is None else list(locations),
            previous=_figures(conn, compared, locations) if compared else None,
            chart=[filled(Bucket, point) for point in points],
            locations=[
                filled(BranchFigures, row, currency=settings.reporting_currency) for row in branches
            ],
            tasks=[filled(TaskCount, count, type=count.task_type) for count in counts],
        )


@blueprint.get("/stats/chart")
@documented(Chart, tag="analytics")
def chart(query: ChartQuery) -> Chart:
    """The figures of a range in buckets."""
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    locations = allowed_locations(membership, query.location_id)
    with reading_transaction(tenant_id) as conn:
        settings = get_tenant_settings(conn, tenant_id)
        period = query.period(settings.time_zone)
        points = queries.get_chart_data(conn, tenant_id, period, query.granularity, locations)
    return Chart(
        start_date=period.start,
        end_date=period.end,
        granularity=query.granularity,
        currency=settings.reporting_currency,
        time_zone=settings.property_time_zone,
        location_ids=None if locations is None else list(locations),
        data=[filled(Bucket, point) for point in points],
    )


@blueprint.get("/stats/locations")
@documented(PageOf[BranchFigures], tag="analytics")
def branch_stats(query: BranchesQuery) -> PageOf[BranchFigures]:
    """The figures branch by branch; they add up to those of `stats`."""
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    locations = allowed_locations(membership, query.location_id)
    with reading_transaction(tenant_id) as conn:
        settings = get_tenant_settings(conn, tenant_id)
        period = query.period(settings.time_zone)
        rows = queries.get_location_stats_bulk(conn, tenant_id, period, locations)
    rows.sort(key=lambda row: row.location_id or "")
    rows.sort(key=_SORT_FIELDS[query.sort_field], reverse=query.sort_order == "desc")  # type: ignore[arg-type]  # every field of one column compares
    currency = settings.reporting_currency
    return cut_page([filled(BranchFigures, row, currency=currency) for row in rows], query)


@blueprint.get("/locations")
@documented(PageOf[BranchRow], tag="analytics")
def branches(query: PageQuery) -> PageOf[BranchRow]:
    """The branches the member may see, as the customer file names them."""
    membership = current_membership()
    scope = membership.location_ids
    with reading_transaction(membership.tenant.tenant_id) as conn:
        rows = list_branches(conn, membership.tenant.tenant_id)
    visible = [row for row in rows if scope is None or row.location_id in scope]
    return cut_page([filled(BranchRow, row) for row in visible], query)


def _figures(conn: Connection, period: DateRange, locations: tuple[str, ...] | None) -> Figures:
    tenant_id = current_tenant_id()
    found = queries.get_dashboard_overview_stats(conn, tenant_id, period, locations)
    others = [filled(OtherCurrency, money) for money in found.other_currencies]
    return filled(
        Figures,
        found,
        start_date=period.start,
        end_date=period.end,
        other_currencies=others,
    )
