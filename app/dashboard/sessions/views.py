"""Sessions as a page and a file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, Response
from sqlalchemy import Connection

from app.dashboard.people import may_name
from app.dashboard.sessions.queries import (
    FLAGS,
    SORT_FIELDS,
    SessionQuestion,
    SessionRow,
    list_sessions,
    sum_sessions,
)
from app.database.tenancy import Scope, allowed_locations
from app.http.current import current_membership, current_tenant_id
from app.http.exports import download, in_pages
from app.http.spreadsheet import Cell
from app.http.web import block, record_export
from app.tasks.tables.filters import Table, TableFilters
from app.tasks.tables.page import asked_filters, render_table, table_context

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


@blueprint.get("")
@block("session_table", "the sessions")
def sessions() -> Response:
    """Every session of a period, a page of them, with the number of their visitors."""
    return render_table(TABLE, "dashboard/sessions/sessions.html", _context)


@blueprint.get("/export.<any(csv, xlsx):kind>")
def export_sessions(kind: str) -> Response:
    """All rows under the filters, as a file for a spreadsheet."""
    filters = asked_filters(TABLE)
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
    for row in in_pages(tenant_id, partial(list_sessions, question=question)):
        yield _cells(row, question.scope)


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
