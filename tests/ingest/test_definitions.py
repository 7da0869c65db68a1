"""A tenant whose rows an earlier version stored: brought to the current definitions by a job."""

from __future__ import annotations

from datetime import date
from typing import Any

from app import jobs
from app.dashboard.queries import get_dashboard_overview_stats
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.queries import find_job, get_data_availability_combined
from app.ingest.store.rederive import start_updating
from tests.loading import Row
from tests.oracle.rows import event, failed_search, page_view, search
from tests.sql.conftest import Shop, as_worker, shop

__all__ = ["as_worker", "shop"]

APRIL = DateRange(date(2025, 4, 1), date(2025, 4, 30))
SIX = (
    "purchase",
    "add_to_cart",
    "page_view",
    "view_item",
    "view_search_results",
    "no_search_results",
)
ROWS: list[Row] = [
    page_view("2025-04-01 10:00", "p1.1", 100, contact="U1"),
    failed_search("2025-04-01 10:01", "पानी", "p1.1", 100, contact="U1"),
    search("2025-04-01 10:02", "C++", "p1.1", 100, contact="U1"),
    event("scroll", "2025-04-01 11:00", "p2.1", 200),
]


def as_an_earlier_version_left_it(shop: Shop) -> None:
    """Terms by the rule of then, no extraction of sessions, the version of then."""
    shop.load(ROWS, event_types=SIX)
    for table in ("view_search_results", "no_search_results"):
        shop.superuser.execute(
            f"update {table} set term = regexp_replace(term, '[^a-z]', '', 'g')"
            " where tenant_id = %s",
            (shop.tenant_id,),
        )
    shop.superuser.execute(
        "update derivation set version = 1 where tenant_id = %s", (shop.tenant_id,)
    )


def terms(shop: Shop) -> list[Any]:
    """The terms of facts and events."""
    return shop.rows(
        "select term from no_search_results where tenant_id = %(t)s"
        " union all select term from view_search_results where tenant_id = %(t)s order by 1"
    )


def run_waiting(shop: Shop) -> list[Any]:
    """Run what waits for this tenant, and return the jobs."""
    waiting = shop.rows(
        "select job_id from processing_jobs where tenant_id = %(t)s and status = 'queued'"
    )
    for (job_id,) in waiting:
        jobs.run_job(str(job_id))
    with tenant_transaction(shop.tenant_id) as conn:
        return [find_job(conn, shop.tenant_id, job_id) for (job_id,) in waiting]


def test_rows_of_an_earlier_version_follow_the_current_definitions(shop: Shop) -> None:
    as_an_earlier_version_left_it(shop)
    assert start_updating() >= 1
    assert start_updating() == 0, "one job is enough"
    (job,) = run_waiting(shop)
    assert job.status == "completed"
    assert [(step.name, step.status) for step in job.steps] == [
        ("definitions", "done"),
        ("derive", "done"),
    ]
    assert terms(shop) == [("c++",), ("पानी",)]
    assert start_updating() == 0, "nothing is left to do"


def test_a_load_brings_the_rows_to_the_current_definitions_too(shop: Shop) -> None:
    as_an_earlier_version_left_it(shop)
    shop.load([page_view("2025-04-02 10:00", "p1.1", 300)])
    assert terms(shop) == [("c++",), ("पानी",)]
    assert start_updating() == 0


def test_days_loaded_without_sessions_say_so_until_they_are_loaded_again(shop: Shop) -> None:
    as_an_earlier_version_left_it(shop)
    with tenant_transaction(shop.tenant_id) as conn:
        before = get_data_availability_combined(conn, shop.tenant_id)
        figures = get_dashboard_overview_stats(conn, shop.tenant_id, APRIL)
    assert before.days_without_sessions == [date(2025, 4, 1)]
    assert figures.sessions == 1
    shop.load(ROWS, event_types=("session_part",))
    with tenant_transaction(shop.tenant_id) as conn:
        after = get_data_availability_combined(conn, shop.tenant_id)
        figures = get_dashboard_overview_stats(conn, shop.tenant_id, APRIL)
    assert after.days_without_sessions == []
    assert figures.sessions == 2
