"""Sessions as a page and a file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from app.dashboard.people import may_name
from app.dashboard.sessions.queries import (
    FLAGS,
    SORT_FIELDS,
    SessionQuestion,
    SessionRow,
    list_sessions,
    sum_sessions,
)
from app.database.engine import tenant_transaction
from app.database.tenancy import Scope, allowed_locations
from app.errors import Invalid
from app.http.current import current_membership, current_tenant_id
from app.http.exports import download
from app.http.reading import reading_transaction
from app.http.spreadsheet import Cell
from app.http.web import block, record_export, render_page, tenant_today
from app.tasks.tables.filters import Table, TableFilters, parse_table_filters
from app.tasks.tables.page import table_context

blueprint = Blueprint("sessions", __name__, url_prefix="/analytics/sessions")

TABLE = Table("sessions.sessions", SORT_FIELDS, flags=FLAGS)
HEADER = (
    "session_id",
    "first_at",
    "day",
    "seconds",
    "branch_id",
    "customer",
    "company_id",
    "contact_id",
    "page_views",
    "bounced",
    "ordered",
    "entry_url",
    "source",
    "medium",
    "campaign",
    "device",
)
_EXPORT_PAGE = 5_000


@blueprint.get("")
@block("session_table", "the sessions")
def sessions() -> Response:
    """Every session of a period, a page of them, with the number of their visitors."""
    problem = None
    try:
        filters = parse_table_filters(request.args, tenant_today(), TABLE)
    except Invalid as error:
        filters = parse_table_filters(MultiDict(), tenant_today(), TABLE)
        problem = error.message
    with reading_transaction(current_tenant_id()) as conn:
        context = _context(conn, filters)
    status = 422 if problem else 200
    page, fragment = "dashboard/sessions/index.html", "dashboard/sessions/_sessions.html"
    return render_page(page, fragment, status=status, problem=problem, **context)


@blueprint.get("/export.<any(csv, xlsx):kind>")
def export_sessions(kind: str) -> Response:
    """All rows under the filters, as a file for a spreadsheet."""
    filters = parse_table_filters(request.args, tenant_today(), TABLE)
    record_export("dashboard", "sessions", kind)
    name = f"sessions-{filters.period.start}-{filters.period.end}"
    return download(name, kind, HEADER, _rows(current_tenant_id(), _question(filters)))


def _context(conn: Connection, filters: TableFilters) -> dict[str, Any]:
    tenant_id, question = current_tenant_id(), _question(filters)
    sums = sum_sessions(conn, tenant_id, question)
    rows = list_sessions(conn, tenant_id, question, filters.limit, filters.offset)
    context = table_context(conn, filters, sums.sessions)
    return context | {"rows": rows, "sums": sums, "may_name": partial(may_name, question.scope)}


def _question(filters: TableFilters) -> SessionQuestion:
    membership = current_membership()
    return SessionQuestion(
        period=filters.period,
        scope=membership.scope,
        location_ids=allowed_locations(membership, filters.location_ids),
        query=filters.query,
        sort_field=filters.sort_field,
        sort_order=filters.sort_order,
        **{name: name in filters.flags for name in FLAGS},
    )


def _rows(tenant_id: UUID, question: SessionQuestion) -> Iterator[list[Cell]]:
    offset = 0
    while True:
        with tenant_transaction(tenant_id) as conn:
            found = list_sessions(conn, tenant_id, question, _EXPORT_PAGE, offset)
        for row in found:
            yield _cells(row, question.scope)
        if len(found) < _EXPORT_PAGE:
            return
        offset += _EXPORT_PAGE


def _cells(row: SessionRow, scope: Scope) -> list[Cell]:
    key = row.customer_key
    return [
        row.session_id,
        row.first_at,
        row.session_date.isoformat(),
        round(row.duration_s),
        row.branch_id or None,
        row.customer_name if may_name(scope, key) else None,
        key[2:] if key.startswith("k:") else None,
        None if scope.is_masked else row.contact_id,
        row.page_views,
        row.is_bounce,
        row.has_order,
        row.entry_url,
        row.source,
        row.medium,
        row.campaign,
        row.device_category,
    ]
