"""Where sessions came from, as docs/glossary.md defines it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from app.dates import DateRange
from app.ratios import per_cent
from app.tasks.performance.queries import LocationIds

SOURCE_SORT_FIELDS = (
    "sessions",
    "engaged",
    "orders",
    "net_revenue",
    "conversion",
    "source",
)


@dataclass(frozen=True)
class SourceQuestion:
    """Which sources to list, and which page of them."""

    period: DateRange
    location_ids: LocationIds = None
    query: str = ""
    sort_field: str = "sessions"
    sort_order: str = "desc"
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True)
class Source:
    """One source and medium. `source` None holds sessions whose source was not loaded (`medium`
    "unknown") or orders without a session ("none"). Money is in the reporting currency.
    """

    source: str | None
    medium: str
    sessions: int
    engaged: int
    sessions_with_order: int
    orders: int
    net_revenue: Decimal
    total_sources: int

    @property
    def name(self) -> str:
        """What the row is called."""
        if self.source is not None:
            return f"{self.source} / {self.medium}"
        return "No session" if self.medium == "none" else "Source not loaded"

    @property
    def conversion_rate(self) -> Decimal | None:
        """Sessions with an order ÷ sessions, in per cent; None without sessions."""
        return per_cent(self.sessions_with_order, self.sessions)

    @property
    def engaged_rate(self) -> Decimal | None:
        """Engaged sessions ÷ sessions, in per cent; None without sessions."""
        return per_cent(self.engaged, self.sessions)


def get_sources(conn: Connection, tenant_id: UUID, question: SourceQuestion) -> list[Source]:
    """One page of the sources. All of them add up to the overview's figures.

    Source: sql/functions/figures/get_sources.sql
    """
    statement = text("""
        select * from get_sources(
            :t, :start, :end, :branches, :query, :sort_field, :sort_order, :limit, :offset
        )
    """)
    values = {
        "t": tenant_id,
        "start": question.period.start,
        "end": question.period.end,
        "branches": None if question.location_ids is None else list(question.location_ids),
        "query": question.query or None,
        "sort_field": question.sort_field,
        "sort_order": question.sort_order,
        "limit": question.limit,
        "offset": question.offset,
    }
    return [Source(*row) for row in conn.execute(statement, values)]
