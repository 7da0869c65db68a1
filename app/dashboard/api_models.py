"""The figures as the JSON routes answer them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from app.http.api import Day, Model, Money, Percent

BranchStatus = Literal["active", "inactive", "unknown", "none"]


class OtherCurrency(Model):
    """What was ordered in another currency than the reporting one."""

    currency: str
    orders: int
    revenue: Money
    refunds: Money
    net_revenue: Money


class Figures(Model):
    """The headline figures of one range. `conversion_rate` is per cent, null without sessions."""

    start_date: Day
    end_date: Day
    sessions: int
    visitors: int
    orders: int
    revenue: Money
    refunds: Money
    net_revenue: Money
    currency: str
    other_currencies: list[OtherCurrency]
    conversion_rate: Percent | None
    bounce_rate: Percent | None
    page_views: int
    abandoned_carts: int
    abandoned_cart_value: Money
    total_searches: int
    failed_searches: int
    repeat_visitors: int
    cookieless_events: int
    duplicate_orders: int
    orders_without_revenue: int


class Stats(Figures):
    """The figures, the branches they cover (null: all), and the compared range's figures."""

    location_ids: list[str] | None
    previous: Figures | None = None


class Bucket(Model):
    """One bucket; `bucket` is the clock time in the property's zone at which it begins."""

    bucket: datetime
    sessions: int
    visitors: int
    orders: int
    revenue: Money
    refunds: Money
    net_revenue: Money
    conversion_rate: Percent | None
    abandoned_carts: int
    total_searches: int
    failed_searches: int


class Chart(Model):
    """Every bucket of the range in time order, empty ones included."""

    start_date: Day
    end_date: Day
    granularity: str
    currency: str
    time_zone: str
    location_ids: list[str] | None
    data: list[Bucket]


class BranchFigures(Model):
    """One branch. `location_id` null is what belongs to no branch."""

    location_id: str | None
    name: str
    status: BranchStatus
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
    total_searches: int
    failed_searches: int


class TaskCount(Model):
    """Tasks of one type and state; `value` in the reporting currency."""

    type: str
    state: str
    tasks: int
    value: Money


class Complete(Stats):
    """All figures of Overview: headline, daily chart, branches and counts of tasks."""

    chart: list[Bucket]
    locations: list[BranchFigures]
    tasks: list[TaskCount]


class BranchRow(Model):
    """A branch as the customer file names it."""

    location_id: str
    name: str
    city: str | None
    region: str | None
    is_active: bool
