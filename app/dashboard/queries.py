"""The figures of the dashboard, as docs/glossary.md defines them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row, text

from app.dates import DateRange
from app.ratios import average, per_cent

BranchStatus = Literal["active", "inactive", "unknown", "none"]
LocationIds = tuple[str, ...] | None


@dataclass(frozen=True)
class Money:
    """What was ordered in a currency other than the reporting one; never summed with it."""

    currency: str
    orders: int
    revenue: Decimal
    refunds: Decimal

    @property
    def net_revenue(self) -> Decimal:
        """Revenue less refunds, in this currency."""
        return self.revenue - self.refunds


@dataclass(frozen=True)
class Overview:
    """The headline figures of a range. Money is in `currency`, the reporting currency."""

    sessions: int
    visitors: int
    orders: int
    revenue: Decimal
    refunds: Decimal
    currency: str
    other_currencies: tuple[Money, ...]
    sessions_with_order: int
    bounces: int
    page_views: int
    abandoned_carts: int
    abandoned_cart_value: Decimal
    total_searches: int
    failed_searches: int
    repeat_visitors: int
    cookieless_events: int
    duplicate_orders: int
    orders_without_revenue: int

    @property
    def net_revenue(self) -> Decimal:
        """Gross revenue less the refunds made in the range."""
        return self.revenue - self.refunds

    @property
    def conversion_rate(self) -> Decimal | None:
        """Sessions with an order ÷ sessions, in per cent; None without sessions."""
        return per_cent(self.sessions_with_order, self.sessions)

    @property
    def bounce_rate(self) -> Decimal | None:
        """Bounced sessions ÷ sessions, in per cent; None without sessions."""
        return per_cent(self.bounces, self.sessions)


@dataclass(frozen=True)
class ChartPoint:
    """One bucket of a chart; `bucket` is the clock time in the property's zone it begins at."""

    bucket: datetime
    sessions: int
    visitors: int
    orders: int
    revenue: Decimal
    refunds: Decimal
    sessions_with_order: int
    abandoned_carts: int
    total_searches: int
    failed_searches: int

    @property
    def net_revenue(self) -> Decimal:
        """Revenue less the refunds made in the bucket."""
        return self.revenue - self.refunds

    @property
    def conversion_rate(self) -> Decimal | None:
        """Sessions with an order ÷ sessions, in per cent; None without sessions."""
        return per_cent(self.sessions_with_order, self.sessions)


@dataclass(frozen=True)
class BranchStats:
    """The figures of one branch; `location_id` None is what belongs to no branch."""

    location_id: str | None
    name: str
    status: BranchStatus
    sessions: int
    visitors: int
    orders: int
    orders_in_currency: int
    revenue: Decimal
    refunds: Decimal
    sessions_with_order: int
    abandoned_carts: int
    total_searches: int
    failed_searches: int
    sparkline: tuple[Decimal, ...]

    @property
    def net_revenue(self) -> Decimal:
        """Revenue less the refunds of its orders made in the range."""
        return self.revenue - self.refunds

    @property
    def conversion_rate(self) -> Decimal | None:
        """Sessions with an order ÷ sessions, in per cent; None without sessions."""
        return per_cent(self.sessions_with_order, self.sessions)

    @property
    def average_order(self) -> Decimal | None:
        """Revenue ÷ orders in the reporting currency; None without any."""
        return average(self.revenue, self.orders_in_currency)


def get_dashboard_overview_stats(
    conn: Connection, tenant_id: UUID, period: DateRange, location_ids: LocationIds = None
) -> Overview:
    """The headline figures of `period`, of all branches or of those named ('' is "no branch").

    Zeros when nothing was ingested.

    Source: sql/functions/figures/get_dashboard_overview_stats.sql
    """
    statement = text("select * from get_dashboard_overview_stats(:t, :start, :end, :branches)")
    row = conn.execute(statement, _arguments(tenant_id, period, location_ids)).one()
    others = tuple(money(entry) for entry in row.other_currencies)
    return Overview(**{**row._mapping, "other_currencies": others})


def get_chart_data(
    conn: Connection,
    tenant_id: UUID,
    period: DateRange,
    granularity: str,
    location_ids: LocationIds = None,
) -> list[ChartPoint]:
    """The figures of `period` in buckets, in time order, empty buckets included.

    `granularity` is hourly, 4hours, 12hours, daily, weekly or monthly.

    Source: sql/functions/figures/get_chart_data.sql
    """
    statement = text("select * from get_chart_data(:t, :start, :end, :granularity, :branches)")
    arguments = _arguments(tenant_id, period, location_ids) | {"granularity": granularity}
    return [ChartPoint(*row) for row in conn.execute(statement, arguments)]


def get_location_stats_bulk(
    conn: Connection, tenant_id: UUID, period: DateRange, location_ids: LocationIds = None
) -> list[BranchStats]:
    """One row per branch, highest net revenue first; together they add up to the overview.

    Source: sql/functions/figures/get_location_stats_bulk.sql
    """
    statement = text("select * from get_location_stats_bulk(:t, :start, :end, :branches)")
    rows = conn.execute(statement, _arguments(tenant_id, period, location_ids))
    return [_branch_stats(row) for row in rows]


def _arguments(tenant_id: UUID, period: DateRange, location_ids: LocationIds) -> dict[str, Any]:
    branches = None if location_ids is None else list(location_ids)
    return {"t": tenant_id, "start": period.start, "end": period.end, "branches": branches}


def money(entry: Mapping[str, Any]) -> Money:
    """An entry of `other_currencies` as a value."""
    return Money(
        entry["currency"],
        entry["orders"],
        Decimal(str(entry["revenue"])),
        Decimal(str(entry["refunds"])),
    )


def _branch_stats(row: Row[Any]) -> BranchStats:
    fields = dict(row._mapping)
    is_active, branch_id, name = (fields.pop(k) for k in ("is_active", "location_id", "name"))
    if not branch_id:
        return BranchStats(location_id=None, name="No branch", status="none", **_tuples(fields))
    if is_active is None:
        label, status = f"Unknown {branch_id}", "unknown"
    else:
        label, status = name, "active" if is_active else "inactive"
    return BranchStats(location_id=branch_id, name=label, status=status, **_tuples(fields))  # type: ignore[arg-type]  # one of the four words


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "sparkline": tuple(fields["sparkline"])}
