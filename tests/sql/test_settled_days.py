"""When a loaded day is settled, and everything that says so."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app.database.engine import admin_transaction, tenant_transaction
from app.dates import DateRange
from app.format import Format
from app.ingest.freshness import get_freshness
from app.ingest.pages.heatmap import build_heatmap
from app.ingest.queries import EVENT_TYPES, get_data_availability_combined
from app.ingest.schedule.queries import Schedule
from app.ingest.schedule.start import _request
from app.status.measures import _FRESHNESS
from tests.conftest import Cast
from tests.sql.comparing import make_tenant

Superuser = psycopg.Connection[Any]
TODAY = datetime.now(UTC).date()
TABLES = {"daily": "events_", "intraday": "events_intraday_", "fresh": "events_fresh_"}


@pytest.fixture
def tenant_id(cast: Cast, superuser: Superuser) -> UUID:
    return make_tenant(superuser, "UTC", "USD")


def load(superuser: Superuser, tenant_id: UUID, kind: str, *ages: int, at: str = "now()") -> None:
    for ago in ages:
        day = TODAY - timedelta(days=ago)
        for event_type in EVENT_TYPES:
            superuser.execute(
                "insert into day_load (tenant_id, event_date, event_type, source_kind,"
                " source_table, row_count, load_id, loaded_at)"
                f" values (%s, %s, %s, %s, %s, 1, 1, {at})",
                (tenant_id, day, event_type, kind, f"{TABLES[kind]}{day:%Y%m%d}"),
            )


def days(ages: range) -> list[date]:
    return [TODAY - timedelta(days=ago) for ago in ages][::-1]


@pytest.mark.parametrize(("kind", "first_settled"), [("daily", 4), ("intraday", 6), ("fresh", 6)])
def test_a_day_settles_at_the_same_age_wherever_it_is_said(
    superuser: Superuser, tenant_id: UUID, kind: str, first_settled: int
) -> None:
    load(superuser, tenant_id, kind, *range(10))
    period = DateRange(TODAY - timedelta(days=9), TODAY)
    with tenant_transaction(tenant_id) as conn:
        fresh = get_freshness(conn, tenant_id)
        listed = get_data_availability_combined(conn, tenant_id)
    settled = TODAY - timedelta(days=first_settled)
    assert fresh.provisional_days(period) == days(range(first_settled))
    assert fresh.complete_until == listed.complete_until == settled
    assert {d.event_date for d in listed.days if d.is_provisional} == set(
        days(range(first_settled))
    )
    streamed = [] if kind == "daily" else days(range(first_settled, 10))
    assert fresh.streamed_days(period) == streamed
    assert sorted({d.event_date for d in listed.days if d.settled_from}) == streamed
    heatmap = build_heatmap(listed, period, Format())
    cells = {cell.day: cell for cell in heatmap.rows[0].cells}
    assert [d for d, cell in cells.items() if cell.state == "provisional"] == days(
        range(first_settled)
    )
    said = f"settled from its {kind} table: Google exported no daily one"
    assert [d for d, cell in cells.items() if said in cell.title] == streamed
    assert heatmap.streamed == len(streamed)


def asked(tenant_id: UUID) -> tuple[date, date]:
    schedule = Schedule(tenant_id, "0 2 * * *", "UTC", 4, False, None, None, None)
    with tenant_transaction(tenant_id) as conn:
        request = _request(conn, schedule)
    assert request.changed_only
    return request.start_date, request.end_date


@pytest.mark.parametrize(
    ("kind", "ago", "back"),
    [
        ("intraday", 5, 5),
        ("fresh", 6, 6),
        ("intraday", 7, 4),
        ("daily", 6, 4),
        ("intraday", 2, 4),
    ],
)
def test_the_nightly_load_asks_for_a_late_daily_table_until_the_day_settles(
    superuser: Superuser, tenant_id: UUID, kind: str, ago: int, back: int
) -> None:
    load(superuser, tenant_id, kind, ago)
    assert asked(tenant_id) == (TODAY - timedelta(days=back), TODAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("streamed", "daily", "at", "is_whole"),
    [
        ((1, 6), (), "now()", True),  # only streams, and yesterday was read after its end
        ((1, 6), (), "now() - interval '2 days'", False),
        (
            (1, 6),
            (3,),
            "now()",
            False,
        ),  # a daily table came since: one is awaited for yesterday too
        ((1,), (), "now()", False),  # nothing known yet
        ((), (1,), "now()", True),
        ((), (2,), "now()", False),
    ],
)
def test_mail_waits_for_a_daily_table_only_where_there_are_any(
    superuser: Superuser,
    tenant_id: UUID,
    streamed: tuple[int, ...],
    daily: tuple[int, ...],
    at: str,
    is_whole: bool,
) -> None:
    load(superuser, tenant_id, "intraday", *streamed, at=at)
    load(superuser, tenant_id, "daily", *daily)
    found = superuser.execute(
        "select _is_day_whole(%s, %s)", (tenant_id, TODAY - timedelta(days=1))
    ).fetchone()
    assert found == (is_whole,)


def test_the_age_of_the_data_counts_streamed_days_where_no_daily_table_comes(
    superuser: Superuser, tenant_id: UUID
) -> None:
    load(superuser, tenant_id, "intraday", *range(8))
    mixed = make_tenant(superuser, "UTC", "USD")
    load(superuser, mixed, "intraday", 0, 1)
    load(superuser, mixed, "daily", 2, 3)
    with admin_transaction() as conn:
        ages = {row[0]: row[1] for row in conn.execute(_FRESHNESS)}
    slugs = dict(superuser.execute("select tenant_id, slug from tenant").fetchall())
    assert 0 <= ages[slugs[tenant_id]] < 86_400
    assert 86_400 <= ages[slugs[mixed]] < 2 * 86_400
