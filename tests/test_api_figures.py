"""The figures as JSON: field names, money, ranges, branches, refusals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from app.dates import today
from tests.running import ADA, REP, VIEWER, Site, port, provider, site

__all__ = ["port", "provider", "site"]

RANGE = "start_date=2024-01-01&end_date=2024-01-07"
FIGURES = {
    "sessions",
    "visitors",
    "orders",
    "revenue",
    "refunds",
    "net_revenue",
    "currency",
    "other_currencies",
    "conversion_rate",
    "abandoned_carts",
    "total_searches",
    "failed_searches",
    "repeat_visitors",
    "cookieless_events",
    "duplicate_orders",
}


def stats(site: Site, query: str) -> dict[str, Any]:
    answer = site.api(f"/analytics/api/v1/stats?{query}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_empty_tenant_has_zeros_and_nothing_computed(site: Site) -> None:
    found = stats(site, RANGE)
    assert set(found) >= FIGURES
    assert (found["sessions"], found["revenue"], found["currency"]) == (0, "0.00", "USD")
    assert (found["conversion_rate"], found["other_currencies"]) == (None, [])
    assert found["previous"] is None


def test_the_default_is_the_seven_days_that_ended_yesterday_in_the_tenants_zone(
    site: Site,
) -> None:
    yesterday = today("America/New_York") - timedelta(days=1)
    found = stats(site, "")
    assert found["end_date"] == yesterday.isoformat()
    assert found["start_date"] == (yesterday - timedelta(days=6)).isoformat()


@pytest.mark.parametrize(
    ("compare", "start", "end"),
    [("previous", "2023-12-25", "2023-12-31"), ("year", "2023-01-02", "2023-01-08")],
)
def test_the_compared_range_has_the_same_fields(
    site: Site, compare: str, start: str, end: str
) -> None:
    previous = stats(site, f"{RANGE}&compare={compare}")["previous"]
    assert set(previous) >= FIGURES
    assert (previous["start_date"], previous["end_date"]) == (start, end)


@pytest.mark.parametrize(
    ("granularity", "buckets"),
    [("hourly", 168), ("4hours", 42), ("12hours", 14), ("daily", 7), ("weekly", 1), ("monthly", 1)],
)
def test_a_chart_has_every_bucket(site: Site, granularity: str, buckets: int) -> None:
    found = site.api(f"/analytics/api/v1/stats/chart?{RANGE}&granularity={granularity}").json()
    assert len(found["data"]) == buckets
    assert found["data"][0]["bucket"] == "2024-01-01T00:00:00"
    assert (found["currency"], found["time_zone"]) == ("USD", "America/New_York")


@pytest.mark.parametrize("path", ["stats/locations", "locations"])
def test_an_empty_list_is_an_empty_page(site: Site, path: str) -> None:
    assert site.api(f"/analytics/api/v1/{path}").json() == {
        "data": [],
        "total": 0,
        "page": 1,
        "limit": 50,
        "has_more": False,
        "next": None,
    }


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("start_date=2024-01-01", "end_date"),
        ("start_date=2024-02-30&end_date=2024-03-01", "2024-02-30"),
        ("start_date=1704067200&end_date=1704067200", "1704067200"),
        ("start_date=2024-01-07&end_date=2024-01-01", "before"),
        ("start_date=2000-01-01&end_date=2024-01-01", "at most"),
        (f"{RANGE}&compare=month", "compare"),
        (f"{RANGE}&location_id=D%0101", "location_id"),
    ],
)
def test_a_wrong_query_says_what_is_wrong(site: Site, query: str, field: str) -> None:
    answer = site.api(f"/analytics/api/v1/stats?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"] == "invalid"
    assert field in answer.json()["message"]


@pytest.mark.parametrize("query", ["page=0", "limit=201", "limit=x", "sort_field=password"])
def test_a_wrong_page_or_order_is_refused(site: Site, query: str) -> None:
    assert site.api(f"/analytics/api/v1/stats/locations?{query}").status_code == 422


@pytest.mark.parametrize(
    ("query", "covered"),
    [
        ("", ["D01", "D02"]),
        ("location_id=D02", ["D02"]),
        ("location_id=D02&location_id=D03", ["D02"]),
    ],
)
def test_a_rep_sees_the_assigned_branches_alone(site: Site, query: str, covered: list[str]) -> None:
    answer = site.api(f"/analytics/api/v1/stats?{RANGE}&{query}", REP)
    assert answer.json()["location_ids"] == covered


@pytest.mark.parametrize("path", ["stats", "stats/chart", "stats/locations"])
def test_asking_for_foreign_branches_alone_is_refused(site: Site, path: str) -> None:
    answer = site.api(f"/analytics/api/v1/{path}?location_id=D03", REP)
    assert answer.status_code == 403
    assert "D01, D02" in answer.json()["message"]


def test_everybody_else_sees_every_branch(site: Site) -> None:
    assert site.api(f"/analytics/api/v1/stats?{RANGE}", VIEWER).json()["location_ids"] is None
    asked = site.api(f"/analytics/api/v1/stats?{RANGE}&location_id=D03&location_id=D03", ADA)
    assert asked.json()["location_ids"] == ["D03"]
