"""What Prometheus reads, and that the alert rules speak of what is there."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.database import engine as db
from app.status import metrics
from tests.customers.world import World, ago
from tests.running import Site, port, provider, site

__all__ = ["port", "provider", "site"]
Superuser = psycopg.Connection[Any]
ALERTS = Path(__file__).resolve().parents[2] / "deploy" / "prometheus" / "alerts.yml"
Key = tuple[str, frozenset[tuple[str, str]]]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing kept from before."""
    monkeypatch.setattr(metrics, "_kept", (0.0, []))


def scrape(site: Site) -> dict[Key, float]:
    answer = requests.get(site.url("/metrics"))
    assert answer.status_code == 200 and answer.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(found: dict[Key, float], name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


def test_requests_are_timed_by_route_not_by_address(site: Site) -> None:
    labels = {"method": "GET", "route": "/r/<letters>", "status": "4xx"}
    before = scrape(site).get(("http_request_duration_seconds_count", frozenset(labels.items())), 0)
    for letters in ("one", "two", "three"):
        requests.get(site.url(f"/r/{letters}"))
    requests.get(site.url("/no/such/place"))
    found = scrape(site)
    assert value(found, "http_request_duration_seconds_count", **labels) == before + 3
    routes = {dict(labels).get("route") for _, labels in found}
    assert "unmatched" in routes and not any("three" in (route or "") for route in routes)


def test_jobs_mail_days_and_connections(site: Site, superuser: Superuser) -> None:
    world = World(superuser, site.acme)
    for hours, status in ((9, "completed"), (5, "failed"), (4, "failed"), (3, "cancelled")):
        world.insert(
            "processing_jobs",
            kind="ingest",
            status=status,
            started_by="schedule",
            start_date=date(2026, 1, 1),
            end_date=date(2026, 1, 1),
            finished_at=ago(hours=hours),
        )
    world.insert(
        "processing_jobs",
        kind="ingest",
        status="queued",
        started_by="schedule",
        available_at=ago(minutes=7),
    )
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    world.insert(
        "day_load",
        event_date=yesterday,
        event_type="purchase",
        source_kind="daily",
        row_count=0,
        load_id=1,
    )
    superuser.execute(
        "insert into connection_check (tenant_id, section, job_id, is_good)"
        " values (%s, 'smtp', gen_random_uuid(), false)",
        (site.acme,),
    )
    found = scrape(site)
    assert value(found, "database_up") == 1
    assert value(found, "jobs_open", status="queued") == 1
    assert 400 < value(found, "jobs_oldest_due_seconds") < 500
    assert value(found, "ingest_failures_in_a_row", tenant="acme") == 3
    assert value(found, "ingest_failures_in_a_row", tenant="globex") == 0
    assert 9 * 3600 - 60 < value(found, "ingest_last_success_seconds", tenant="acme") < 9 * 3700
    assert 0 <= value(found, "data_age_seconds", tenant="acme") <= 86_400
    assert value(found, "dependency_up", tenant="acme", dependency="smtp") == 0
    assert value(found, "mail_messages", status="planned") == 0
    assert value(found, "database_pool_connections_max") == 12


def test_without_a_database_it_says_so(site: Site) -> None:
    db.configure(site.config.model_copy(update={"database_url": "postgresql://x@127.0.0.1:9/x"}))
    try:
        found = scrape(site)
    finally:
        db.configure(site.config)
    assert value(found, "database_up") == 0


def test_what_is_read_from_the_database_is_kept_for_seconds(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(metrics, "read_measures", lambda _: asked.append(1) or [])
    for _ in range(5):
        scrape(site)
    assert asked == [1]


def test_alert_rules_speak_of_what_is_measured(site: Site) -> None:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) >= 9
    requests.get(site.url("/health"))
    known = {re.sub(r"_(bucket|count|sum|created)$", "", name) for name, _ in scrape(site)}
    known |= {"mail_oldest_seconds", "dependency_up", "data_age_seconds"}
    known |= {"replica_up"}  # where there is one: tests/deploy/test_replica.py
    for rule in rules:
        used = set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", rule["expr"])) - {"histogram_quantile"}
        assert {re.sub(r"_(bucket|count)$", "", name) for name in used} <= known, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"]["summary"]
