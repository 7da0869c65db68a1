"""The real GA4 rows of eight days: published figures, and the oracle over random ranges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app import jobs
from app.config import Config
from app.dashboard.queries import get_dashboard_overview_stats
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.dates import DateRange
from dev.generator.export_files import read_table
from tests.loading import load_days
from tests.oracle import Oracle, OracleSettings, SourceKind
from tests.sql.comparing import Superuser, compare, make_tenant
from tests.sql.task_rows import oracle_tasks, stored_tasks

ZONE = "UTC"  # of the public sample shop: its event dates are UTC days
FIRST, LAST = date(2020, 12, 24), date(2020, 12, 31)


@pytest.fixture(scope="module")
def tenant_id(config: Config, superuser: Superuser, ga4_directory: Path) -> Iterator[UUID]:
    """A tenant with the eight days loaded, one after the other."""
    db.configure(config, role="worker")
    jobs.configure(config)
    made = make_tenant(superuser, ZONE, "USD")
    for path in sorted((ga4_directory / "demo").glob("events_*.json.gz")):
        load_days(made, {path.name.split(".")[0]: list(read_table(path))})
    yield made
    db.configure(config)


@pytest.fixture(scope="module")
def oracle(ga4_directory: Path) -> Oracle:
    return Oracle(ga4_directory / "demo", None, [], [], OracleSettings(ZONE, "USD"))


def test_the_published_figures_of_the_eight_days(tenant_id: UUID) -> None:
    with tenant_transaction(tenant_id) as conn:
        figures = get_dashboard_overview_stats(conn, tenant_id, DateRange(FIRST, LAST))
    assert (figures.sessions, figures.visitors) == (23_425, 20_335)
    assert figures.bounce_rate == Decimal("35.71")
    assert (figures.orders, figures.duplicate_orders) == (195, 4)
    assert figures.revenue == Decimal("11225")
    assert figures.conversion_rate == Decimal("0.73")
    assert figures.total_searches == 1_425


def test_stored_rows_by_event_name(tenant_id: UUID, superuser: Superuser) -> None:
    query = " union all ".join(
        f"select event_name, count(*) from {table} where tenant_id = %(t)s group by 1"
        for table in ("purchase", "add_to_cart", "page_view", "view_item", "view_search_results")
    )
    assert dict(superuser.execute(query, {"t": tenant_id}).fetchall()) == {
        "purchase": 199,
        "add_to_cart": 3_816,
        "begin_checkout": 1_800,
        "page_view": 66_480,
        "view_item": 15_769,
        "view_search_results": 1_425,
    }


@given(start=st.integers(0, 7), length=st.integers(1, 8))
@settings(
    max_examples=3,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_figures_equal_the_oracle_on_real_rows(
    tenant_id: UUID, oracle: Oracle, start: int, length: int
) -> None:
    first = FIRST + timedelta(days=start)
    compare(tenant_id, oracle, DateRange(first, min(first + timedelta(days=length - 1), LAST)), [])


def test_tasks_equal_the_oracle_on_real_rows(
    tenant_id: UUID, oracle: Oracle, superuser: Superuser
) -> None:
    stored = stored_tasks(superuser, tenant_id)
    assert {row[0] for row in stored} == {"purchase", "cart", "no_conversion"}  # nobody signs in
    assert stored == oracle_tasks(oracle.tasks())


def test_no_real_cart_is_judged_before_a_day_that_is_not_loaded(
    config: Config, superuser: Superuser, ga4_directory: Path
) -> None:
    db.configure(config, role="worker")
    jobs.configure(config)
    made = make_tenant(superuser, ZONE, "USD")
    before, missing, after = (date(2020, 12, day) for day in (27, 28, 29))
    loaded = {}
    for day, carts in ((before, 0), (after, 0), (missing, 75)):
        name = f"events_{day:%Y%m%d}"
        load_days(made, {name: list(read_table(ga4_directory / "demo" / f"{name}.json.gz"))})
        loaded[day] = SourceKind.DAILY
        settings_ = OracleSettings(ZONE, "USD", loaded=dict(loaded))
        whole = Oracle(ga4_directory / "demo", None, [], [], settings_)
        with tenant_transaction(made) as conn:
            found = get_dashboard_overview_stats(conn, made, DateRange(before, before))
        due = whole.overview(before, before)["abandoned_carts"]
        assert found.abandoned_carts == due == carts
    db.configure(config)
