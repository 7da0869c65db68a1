"""Sessions as rows, and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope
from app.dates import DateRange

FLAGS = {
    "with_order": "With an order",
    "bounced": "Bounced",
    "repeat_visitor": "Repeat visitors",
}
SORT_FIELDS = ("first_at", "page_views", "duration", "branch")


@dataclass(frozen=True)
class SessionQuestion:
    """Which sessions to list; each flag leaves only the sessions it is true of."""

    period: DateRange
    scope: Scope
    location_ids: tuple[str, ...] | None = None
    with_order: bool = False
    bounced: bool = False
    repeat_visitor: bool = False
    query: str = ""
    sort_field: str = "first_at"
    sort_order: str = "desc"


@dataclass(frozen=True)
class SessionRow:
    """One session. `source` None: it was loaded before sources were.

    `customer_key` begins with 'd:' where nobody is known.
    """

    session_id: str
    first_at: datetime
    session_date: date
    duration_s: float
    branch_id: str
    page_views: int
    is_bounce: bool
    has_order: bool
    entry_url: str | None
    source: str | None
    medium: str | None
    campaign: str | None
    device_category: str | None
    customer_key: str
    customer_name: str | None
    contact_id: str | None
    contact_name: str | None


@dataclass(frozen=True)
class SessionSums:
    """How many sessions, and how many different visitors with a page view they had."""

    sessions: int
    visitors: int


def list_sessions(
    conn: Connection, tenant_id: UUID, question: SessionQuestion, limit: int, offset: int
) -> list[SessionRow]:
    """One page, in the order asked for.

    Source: sql/functions/figures/list_sessions.sql
    """
    statement = text("""
        select * from list_sessions(
            :t, cast(:scope as member_scope), :start, :end, :branches, :with_order, :bounced,
            :repeat_visitor, :query, :sort_field, :sort_order, :limit, :offset
        )
    """)
    values = _arguments(tenant_id, question) | {
        "sort_field": question.sort_field,
        "sort_order": question.sort_order,
        "limit": limit,
        "offset": offset,
    }
    return [SessionRow(*row) for row in conn.execute(statement, values)]


def sum_sessions(conn: Connection, tenant_id: UUID, question: SessionQuestion) -> SessionSums:
    """The counts of all pages.

    Source: sql/functions/figures/sum_sessions.sql
    """
    statement = text("""
        select * from sum_sessions(
            :t, cast(:scope as member_scope), :start, :end, :branches, :with_order, :bounced,
            :repeat_visitor, :query
        )
    """)
    return SessionSums(*conn.execute(statement, _arguments(tenant_id, question)).one())


def _arguments(tenant_id: UUID, question: SessionQuestion) -> dict[str, Any]:
    branches = question.location_ids
    return {
        "t": tenant_id,
        "scope": question.scope.literal,
        "start": question.period.start,
        "end": question.period.end,
        "branches": None if branches is None else list(branches),
        "with_order": question.with_order,
        "bounced": question.bounced,
        "repeat_visitor": question.repeat_visitor,
        "query": question.query or None,
    }
