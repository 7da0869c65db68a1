"""Our figures and the oracle's, side by side."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

import psycopg

from app.dashboard.queries import (
    get_chart_data,
    get_dashboard_overview_stats,
    get_location_stats_bulk,
)
from app.database.engine import tenant_transaction
from app.dates import DateRange
from tests.oracle import Oracle

GRANULARITIES = ("hourly", "4hours", "12hours", "daily", "weekly", "monthly")

Superuser = psycopg.Connection[Any]


def make_tenant(
    superuser: Superuser, zone: str, currency: str, retention_months: int = 120
) -> UUID:
    """A tenant of its own for one history, which it keeps long: the days of tests are fixed."""
    row = superuser.execute(
        "insert into tenant (slug, name) values (%s, 'T') returning tenant_id",
        (f"t{uuid4().hex[:20]}",),
    ).fetchone()
    assert row is not None
    superuser.execute(
        """
        insert into tenant_config (
            tenant_id, property_time_zone, reporting_currency, retention_months
        )
        values (%s, %s, %s, %s)
        """,
        (row[0], zone, currency, retention_months),
    )
    tenant_id: UUID = row[0]
    return tenant_id


def shown(figures: object) -> dict[str, Any]:
    """A dataclass of figures with its computed ones, comparable with the oracle's answer."""
    computed = ("net_revenue", "conversion_rate")
    values = asdict(figures) | {name: getattr(figures, name) for name in computed}  # type: ignore[call-overload]
    if "other_currencies" in values:
        values["other_currencies"] = [
            {**asdict(m), "net_revenue": m.net_revenue}
            for m in figures.other_currencies  # type: ignore[attr-defined]
        ]
    return values


def assert_equal(ours: dict[str, Any], theirs: dict[str, Any], names: set[str]) -> None:
    """Compare the figures of those names, all of which both sides have."""
    assert names <= set(ours) and names <= set(theirs)
    assert {name: ours[name] for name in names} == {name: theirs[name] for name in names}


OVERVIEW = {
    "sessions",
    "visitors",
    "orders",
    "revenue",
    "refunds",
    "net_revenue",
    "other_currencies",
    "conversion_rate",
    "abandoned_carts",
    "abandoned_cart_value",
    "total_searches",
    "failed_searches",
    "repeat_visitors",
    "cookieless_events",
    "duplicate_orders",
    "orders_without_revenue",
    "bounces",
}
CHART = {
    "bucket",
    "sessions",
    "visitors",
    "orders",
    "revenue",
    "refunds",
    "net_revenue",
    "conversion_rate",
    "abandoned_carts",
    "total_searches",
    "failed_searches",
}
COUNTED = ("sessions", "orders", "refunds", "abandoned_carts", "total_searches")
BRANCH = (CHART - {"bucket"}) | {"location_id", "name", "status"}


def compare(tenant_id: UUID, oracle: Oracle, period: DateRange, branches: list[str]) -> None:
    """Overview of all and of some branches, branch rows, and a chart of every granularity."""
    with tenant_transaction(tenant_id) as conn:
        choices = [None, *((b,) for b in branches[:2]), *([tuple(branches)] if branches else [])]
        for chosen in choices:
            ours = get_dashboard_overview_stats(conn, tenant_id, period, chosen)
            asked = None if chosen is None else [b or None for b in chosen]
            theirs = oracle.overview(period.start, period.end, asked)
            assert_equal(shown(ours), theirs, OVERVIEW)
            for granularity in GRANULARITIES:
                points = get_chart_data(conn, tenant_id, period, granularity, chosen)
                expected = oracle.chart(period.start, period.end, granularity, asked)
                assert [p.bucket for p in points] == [p["bucket"] for p in expected]
                for point, want in zip(points, expected, strict=True):
                    assert_equal(shown(point), want, CHART)
        rows = {r.location_id: r for r in get_location_stats_bulk(conn, tenant_id, period)}
        wanted = {
            r["location_id"]: r
            for r in oracle.branches(period.start, period.end)
            if r["status"] == "active" or any(r[name] for name in COUNTED)
        }
        assert set(wanted) <= set(rows)
        for location_id, want in wanted.items():
            assert_equal(shown(rows[location_id]), want, BRANCH)


DERIVED = (
    "session",
    "visitor_gap",
    "repeat_gap",
    "shop_order",
    "order_repeat",
    "refund",
    "fact",
    "term_visit",
    "task",
    "branch_day",
    "branch_day_money",
    "clock_hour",
    "clock_zone",
    "odd_row",
    "customer_account",
)


def derived_rows(superuser: Superuser, tenant_id: UUID) -> dict[str, list[str]]:
    """Every derived row of a tenant as text, without the tenant itself."""
    query = """
        select (to_jsonb(d) - 'tenant_id' - 'row_hash')::text from {} as d where tenant_id = %s
    """
    return {
        name: sorted(row[0] for row in superuser.execute(query.format(name), (tenant_id,)))
        for name in DERIVED
    }
