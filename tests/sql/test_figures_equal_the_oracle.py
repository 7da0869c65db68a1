"""Every figure equals the independent oracle's, on generated histories loaded in any order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app import db, jobs
from app.config import Config
from app.dashboard.queries import (
    get_chart_data,
    get_dashboard_overview_stats,
    get_location_stats_bulk,
)
from app.dates import DateRange
from app.db import tenant_transaction
from dev.generate import generate, tiny
from tests.loading import BranchRow, Contact, load_days
from tests.oracle import Oracle, OracleSettings

GRANULARITIES = ("hourly", "4hours", "12hours", "daily", "weekly", "monthly")
FIRST = date(2025, 3, 27)

Superuser = psycopg.Connection[Any]


@pytest.fixture(scope="module", autouse=True)
def _as_worker(config: Config) -> Iterator[None]:
    db.configure(config, role="worker")
    jobs.configure(config)
    yield
    db.configure(config)


def make_tenant(superuser: Superuser, zone: str, currency: str) -> UUID:
    """A tenant of its own for one history."""
    row = superuser.execute(
        "insert into tenant (slug, name) values (%s, 'T') returning tenant_id",
        (f"t{uuid4().hex[:20]}",),
    ).fetchone()
    assert row is not None
    superuser.execute(
        """
        insert into tenant_config (tenant_id, property_time_zone, reporting_currency)
        values (%s, %s, %s)
        """,
        (row[0], zone, currency),
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
    "sessions", "visitors", "orders", "revenue", "refunds", "net_revenue", "other_currencies",
    "conversion_rate", "abandoned_carts", "abandoned_cart_value", "total_searches",
    "failed_searches", "repeat_visitors", "cookieless_events", "duplicate_orders",
    "orders_without_revenue", "bounces",
}  # fmt: skip
CHART = {
    "bucket", "sessions", "visitors", "orders", "revenue", "refunds", "net_revenue",
    "conversion_rate", "abandoned_carts", "total_searches", "failed_searches",
}  # fmt: skip
COUNTED = ("sessions", "orders", "refunds", "abandoned_carts", "total_searches")
BRANCH = (CHART - {"bucket"}) | {"location_id", "name", "status"}


def compare(tenant_id: UUID, oracle: Oracle, period: DateRange, branches: list[str]) -> None:
    """Overview of all and of some branches, branch rows, and a chart of every granularity."""
    with tenant_transaction(tenant_id) as conn:
        for chosen in (None, *((b,) for b in branches[:2]), tuple(branches) or None):
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


@given(
    seed=st.integers(0, 10_000),
    days=st.integers(5, 9),
    zone=st.sampled_from(["UTC", "America/New_York", "Europe/Berlin"]),
    order=st.randoms(use_true_random=False),
)
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking loads for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_figures_equal_the_oracle_in_any_order_of_loads(
    superuser: Superuser, seed: int, days: int, zone: str, order: Random
) -> None:
    profile = tiny(seed, days=days, zone=zone)
    last = FIRST + timedelta(days=days - 1)
    tables = {name: list(rows) for name, rows in generate(profile, FIRST, last, seed)}
    contacts = [
        Contact(contact_id, company)
        for contact_id, company in sorted(listed_companies(profile, seed).items())
    ]
    branches = [BranchRow(b.branch_id, b.name, is_active=b.is_active) for b in profile.branches]
    tenant_id = make_tenant(superuser, zone, profile.currency)
    load_in_pieces(tenant_id, tables, contacts, branches, order)
    oracle = Oracle(
        None,
        [row for rows in tables.values() for row in rows],
        [asdict(c) for c in contacts],
        [asdict(b) for b in branches],
        OracleSettings(zone, profile.currency),
    )
    start = FIRST + timedelta(days=order.randrange(days))
    period = DateRange(start, start + timedelta(days=order.randrange((last - start).days + 1)))
    some = [*order.sample([b.location_id for b in branches], 2), ""]
    compare(tenant_id, oracle, DateRange(FIRST, last), some)
    compare(tenant_id, oracle, period, some)


def listed_companies(profile: Any, seed: int) -> dict[str, str | None]:
    """Contact → company as the profile's customer file has it, the last row of an id counting."""
    from dev.generator.customer_files import contact_rows

    rows = contact_rows(profile, seed)
    return {str(r[0]): (str(r[4]) if r[4] != "" else None) for r in rows if r[0]}


def load_in_pieces(
    tenant_id: UUID,
    tables: dict[str, list[Any]],
    contacts: list[Contact],
    branches: list[BranchRow],
    order: Random,
) -> None:
    """Every day at least once, some twice, some cut short first; the files somewhere between."""
    names = sorted(tables)
    pieces = [[n] for n in names] + [order.sample(names, min(3, len(names))) for _ in range(2)]
    order.shuffle(pieces)
    early = order.choice(names)
    load_days(tenant_id, {early: tables[early][: len(tables[early]) // 2]})
    position = order.randrange(len(pieces) + 1)
    for number, piece in enumerate(pieces):
        if number == position:
            load_days(tenant_id, {}, contacts=contacts, branches=branches)
        load_days(tenant_id, {name: tables[name] for name in piece})
    if position == len(pieces):
        load_days(tenant_id, {}, contacts=contacts, branches=branches)


