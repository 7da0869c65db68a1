"""Data quality: the rows that are counted otherwise than they were exported, and a list of each."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, request

from app.branches import branch_label, get_branch_names
from app.dashboard.filters import parse_filters
from app.dashboard.quality_kinds import KINDS, Kind, KindName
from app.dashboard.quality_queries import OddRow, get_data_quality, list_odd_rows
from app.database.tenancy import allowed_locations
from app.errors import NotFound
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
from app.http.paging import Page
from app.http.reading import reading_transaction
from app.http.web import block, page_arguments, render_page, tenant_today
from app.tenant_settings import get_tenant_settings

blueprint = Blueprint("quality", __name__, url_prefix="/analytics")
api = Blueprint("quality_api", __name__, url_prefix="/analytics/api/v1")


class QualityCount(Model):
    """How many rows of one kind there are, and what it means."""

    kind: KindName
    rows: int
    meaning: str


class Quality(Model):
    """Every kind, also those without a row."""

    start_date: Day
    end_date: Day
    location_ids: list[str] | None
    data: list[QualityCount]


class OddRowModel(Model):
    """One exported row; `items` are the ones that are odd."""

    event_date: date
    event_ts: datetime
    event_name: str
    location_id: str | None
    session_id: str | None
    transaction_id: str | None
    amount: Money | None
    currency: str
    items: list[dict[str, Any]]


class QualityQuery(PeriodQuery):
    """A range and branches."""


class OddRowsQuery(PeriodQuery, PageQuery):
    """A range, branches and a page."""


@blueprint.get("/overview/quality/<kind>")
@block("odd_rows", "these rows")
def odd_rows(kind: str) -> Response:
    """The rows behind one line of data quality, under Overview's filters."""
    words = _words(kind)
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    filters = parse_filters(request.args, tenant_today())
    locations = allowed_locations(membership, filters.location_ids)
    number, limit = page_arguments()
    with reading_transaction(tenant_id) as conn:
        total = get_data_quality(conn, tenant_id, filters.period, locations).get(kind, 0)
        found = list_odd_rows(
            conn, tenant_id, kind, filters.period, locations, limit, (number - 1) * limit
        )
        names = get_branch_names(conn, tenant_id)
    return render_page(
        "dashboard/odd_rows.html",
        "dashboard/_odd_rows.html",
        kind=kind,
        words=words,
        rows=Page(found, total, number, limit),
        filters=filters,
        branch_label=branch_label,
        branch_names=names,
    )


@api.get("/stats/quality")
@documented(Quality, tag="analytics")
def quality(query: QualityQuery) -> Quality:
    """How many rows are counted otherwise than they were exported, by kind."""
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    locations = allowed_locations(membership, query.location_id)
    with reading_transaction(tenant_id) as conn:
        period = query.period(get_tenant_settings(conn, tenant_id).time_zone)
        found = get_data_quality(conn, tenant_id, period, locations)
    return Quality(
        start_date=period.start,
        end_date=period.end,
        location_ids=None if locations is None else list(locations),
        data=[
            QualityCount(kind=kind, rows=found.get(kind, 0), meaning=words.meaning)
            for kind, words in KINDS.items()
        ],
    )


@api.get("/stats/quality/<kind>")
@documented(PageOf[OddRowModel], tag="analytics")
def quality_rows(kind: str, query: OddRowsQuery) -> PageOf[OddRowModel]:
    """The rows of one kind, newest first, as many as `stats/quality` says."""
    _words(kind)
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    locations = allowed_locations(membership, query.location_id)
    with reading_transaction(tenant_id) as conn:
        settings = get_tenant_settings(conn, tenant_id)
        period = query.period(settings.time_zone)
        total = get_data_quality(conn, tenant_id, period, locations).get(kind, 0)
        found = list_odd_rows(
            conn, tenant_id, kind, period, locations, query.limit, (query.page - 1) * query.limit
        )
    rows = [_model(row, settings.reporting_currency) for row in found]
    return page_of(rows, total, query)


def _words(kind: str) -> Kind:
    found = next((words for name, words in KINDS.items() if name == kind), None)
    if found is None:
        raise NotFound("There is no such line of data quality.")
    return found


def _model(row: OddRow, currency: str) -> OddRowModel:
    return filled(
        OddRowModel,
        row,
        location_id=row.branch_id or None,
        currency=row.currency or currency,
        items=list(row.items),
    )
