"""Sessions as JSON."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from flask import Blueprint
from pydantic import Field

from app.dashboard.people import ListedCustomer, listed_customer
from app.dashboard.sessions.queries import (
    SessionQuestion,
    SessionRow,
    list_sessions,
    sum_sessions,
)
from app.database.tenancy import Scope, allowed_locations
from app.http.api import Day, Model, PageOf, PageQuery, PeriodQuery, documented, filled, page_of
from app.http.current import current_membership
from app.http.reading import reading_transaction
from app.tenant_settings import get_tenant_settings

blueprint = Blueprint("sessions_api", __name__, url_prefix="/analytics/api/v1")


class SessionsQuery(PeriodQuery, PageQuery):
    """Days, branches, words, order and page; each flag leaves only the sessions it is true of."""

    with_order: bool = False
    bounced: bool = False
    repeat_visitor: bool = False
    query: str = Field(default="", max_length=200)
    sort_field: Literal["first_at", "page_views", "duration", "branch"] = "first_at"
    sort_order: Literal["asc", "desc"] = "desc"


class SessionEntry(Model):
    """One session. `duration_s` is from its first to its last event."""

    session_id: str
    first_at: datetime
    session_date: Day
    duration_s: float
    location_id: str | None
    page_views: int
    is_bounce: bool
    has_order: bool
    entry_url: str | None
    source: str | None
    medium: str | None
    campaign: str | None
    device_category: str | None
    customer: ListedCustomer | None


class Sessions(PageOf[SessionEntry]):
    """One page of `total` sessions. `visitors` are the different ones with a page view, of all."""

    visitors: int


@blueprint.get("/sessions")
@documented(Sessions, tag="analytics")
def sessions(query: SessionsQuery) -> Sessions:
    """Every session of a range."""
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    with reading_transaction(tenant_id) as conn:
        question = SessionQuestion(
            period=query.period(get_tenant_settings(conn, tenant_id).time_zone),
            scope=membership.scope,
            location_ids=allowed_locations(membership, query.location_id),
            with_order=query.with_order,
            bounced=query.bounced,
            repeat_visitor=query.repeat_visitor,
            query=query.query,
            sort_field=query.sort_field,
            sort_order=query.sort_order,
        )
        sums = sum_sessions(conn, tenant_id, question)
        offset = (query.page - 1) * query.limit
        rows = list_sessions(conn, tenant_id, question, query.limit, offset)
    page = page_of([_entry(row, question.scope) for row in rows], sums.sessions, query)
    return Sessions(**dict(page), visitors=sums.visitors)


def _entry(row: SessionRow, scope: Scope) -> SessionEntry:
    return filled(
        SessionEntry,
        row,
        location_id=row.branch_id or None,
        customer=listed_customer(scope, row.customer_key, row.customer_name),
    )
