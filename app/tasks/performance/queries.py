"""How branches and landing pages did, as docs/glossary.md defines it: figures, no follow-ups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.dates import DateRange
from app.ratios import average, per_cent

LocationIds = tuple[str, ...] | None
PAGE_SORT_FIELDS = ("value", "bounces", "share", "sessions", "page")


@dataclass(frozen=True)
class SoldItem:
    """One item of a branch's orders; `revenue` is in the reporting currency."""

    item_id: str | None
    item_name: str | None
    quantity: Decimal
    revenue: Decimal


@dataclass(frozen=True)
class BranchPerformance:
    """The figures of one branch; `location_id` None is what belongs to no branch.

    `status` is active, inactive, unknown (not in the customer file) or none. Money is in the
    reporting currency.
    """

    location_id: str | None
    name: str
    status: str
    sessions: int
    visitors: int
    orders: int
    orders_in_currency: int
    revenue: Decimal
    refunds: Decimal
    sessions_with_order: int
    abandoned_carts: int
    carted_orders: int
    top_items: tuple[SoldItem, ...]

    @property
    def net_revenue(self) -> Decimal:
        """Revenue less the refunds made in the range."""
        return self.revenue - self.refunds

    @property
    def conversion_rate(self) -> Decimal | None:
        """Sessions with an order ÷ sessions, in per cent; None without sessions."""
        return per_cent(self.sessions_with_order, self.sessions)

    @property
    def average_order(self) -> Decimal | None:
        """Revenue ÷ orders in the reporting currency; None without any."""
        return average(self.revenue, self.orders_in_currency)

    @property
    def cart_abandonment(self) -> Decimal | None:
        """Abandoned carts ÷ (abandoned carts + sessions with cart events and an order), in per
        cent; None without either."""
        return per_cent(self.abandoned_carts, self.abandoned_carts + self.carted_orders)


@dataclass(frozen=True)
class BranchRow:
    """A branch now and in the compared period; `before` None when there is none."""

    now: BranchPerformance
    before: BranchPerformance | None


@dataclass(frozen=True)
class PageQuestion:
    """Which landing pages to list; `compared` None leaves the previous figures out."""

    period: DateRange
    location_ids: LocationIds = None
    compared: DateRange | None = None
    query: str = ""
    sort_field: str = "value"
    sort_order: str = "desc"
    limit: int = 50
    offset: int = 0


@dataclass(frozen=True)
class LandingPage:
    """A page that sessions began on. `value` is the estimated loss, None if not computable."""

    page: str
    sessions: int
    bounces: int
    value: Decimal | None
    previous_sessions: int | None
    previous_bounces: int | None
    total_pages: int

    @property
    def bounce_rate(self) -> Decimal | None:
        """How many of the sessions were not engaged, in per cent."""
        return per_cent(self.bounces, self.sessions)

    @property
    def previous_rate(self) -> Decimal | None:
        """The same in the compared range; None without a session in it."""
        return per_cent(self.previous_bounces or 0, self.previous_sessions or 0)


@dataclass(frozen=True)
class LandedSession:
    """One session that began on a page."""

    session_id: str
    customer_key: str
    name: str | None
    first_at: datetime
    branch_id: str
    page_views: int
    is_bounce: bool
    has_order: bool


def get_performance_tasks(
    conn: Connection,
    tenant_id: UUID,
    period: DateRange,
    location_ids: LocationIds = None,
    items: int = 3,
) -> list[BranchPerformance]:
    """One row per branch with its best `items`, highest net revenue first.

    Money adds up to the dashboard's.

    Source: sql/functions/figures/get_performance_tasks.sql
    """
    statement = text("select * from get_performance_tasks(:t, :start, :end, :branches, :items)")
    values = _arguments(tenant_id, period, location_ids) | {"items": items}
    rows = conn.execute(statement, values)
    return [_branch(dict(row._mapping)) for row in rows]


def get_landing_pages(
    conn: Connection, tenant_id: UUID, question: PageQuestion
) -> list[LandingPage]:
    """One page of the landing pages with at least 30 sessions.

    Source: sql/functions/figures/get_landing_pages.sql
    """
    statement = text("""
        select * from get_landing_pages(
            :t, :start, :end, :branches, cast(:compared_start as date),
            cast(:compared_end as date), :query, :sort_field, :sort_order, :limit, :offset
        )
    """)
    compared = question.compared
    values = _arguments(tenant_id, question.period, question.location_ids) | {
        "compared_start": compared and compared.start,
        "compared_end": compared and compared.end,
        "query": question.query or None,
        "sort_field": question.sort_field,
        "sort_order": question.sort_order,
        "limit": question.limit,
        "offset": question.offset,
    }
    return [LandingPage(*row) for row in conn.execute(statement, values)]


def get_page_sessions(
    conn: Connection, tenant_id: UUID, period: DateRange, location_ids: LocationIds, page: str
) -> list[LandedSession]:
    """The latest sessions that started on a page.

    Source: sql/functions/figures/get_page_sessions.sql
    """
    statement = text("select * from get_page_sessions(:t, :start, :end, :branches, :page)")
    values = _arguments(tenant_id, period, location_ids) | {"page": page}
    return [LandedSession(*row) for row in conn.execute(statement, values)]


def count_unloaded(conn: Connection, tenant_id: UUID, period: DateRange) -> int:
    """How many days of the period were never loaded: they are no zeros, and cannot be compared."""
    statement = text("""
        select count(distinct d.event_date)
        from day_load as d
        where d.tenant_id = :t and d.event_date between :start and :end
    """)
    values = {"t": tenant_id, "start": period.start, "end": period.end}
    loaded: int = conn.execute(statement, values).scalar_one()
    return period.length - loaded


def _arguments(tenant_id: UUID, period: DateRange, location_ids: LocationIds) -> dict[str, Any]:
    branches = None if location_ids is None else list(location_ids)
    return {"t": tenant_id, "start": period.start, "end": period.end, "branches": branches}


def _branch(row: dict[str, Any]) -> BranchPerformance:
    branch_id, name, is_active = (row.pop(k) for k in ("location_id", "name", "is_active"))
    items = tuple(_item(item) for item in row.pop("top_items"))
    if not branch_id:
        return BranchPerformance(None, "No branch", "none", **row, top_items=items)
    if is_active is None:
        label, status = f"Unknown {branch_id}", "unknown"
    else:
        label, status = name, "active" if is_active else "inactive"
    return BranchPerformance(branch_id, label, status, **row, top_items=items)


def _item(item: dict[str, Any]) -> SoldItem:
    quantity, revenue = Decimal(str(item["quantity"])), Decimal(str(item["revenue"]))
    return SoldItem(item["item_id"], item["item_name"], quantity, revenue)
