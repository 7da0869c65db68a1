"""System status: each threshold, and nothing of other tenants."""

from __future__ import annotations

import pytest

from app.format import Format
from app.status.measures import Measure
from app.status.system import Check, Requests, list_checks
from tests.page import check_page
from tests.running import Site, port, provider, site
from tests.tasks.queue_page import ada

__all__ = ["ada", "port", "provider", "site"]


def check(
    name: str,
    *measures: Measure,
    requests: Requests | None = None,
    pool: int = 0,
    workers: int | None = 2,
) -> Check:
    found = list_checks(
        measures, "acme", requests or Requests(0, 0, None), (pool, 12), workers, Format()
    )
    return next(one for one in found if one.name.startswith(name))


def one(name: str, value: float, **labels: str) -> Measure:
    return Measure(name, "", value, labels)


@pytest.mark.parametrize(
    ("found", "is_good"),
    [
        (check("PostgreSQL", one("database_up", 1)), True),
        (check("PostgreSQL", one("database_up", 0)), False),
        (check("Read replica", one("replica_up", 1)), True),
        (check("Read replica", one("replica_up", 0)), False),
        (check("Workers", workers=0), False),
        (check("Workers", workers=None), None),
        (check("Database connections", pool=9), True),
        (check("Database connections", pool=10), False),
        (check("Response time", requests=Requests(100, 0, 0.5)), True),
        (check("Response time", requests=Requests(100, 0, 1.0)), False),
        (check("Response time"), None),
        (check("Requests", requests=Requests(1000, 10, 0.1)), True),
        (check("Requests", requests=Requests(1000, 11, 0.1)), False),
        (check("Failed ingestions", one("ingest_failures_in_a_row", 3, tenant="acme")), True),
        (check("Failed ingestions", one("ingest_failures_in_a_row", 4, tenant="acme")), False),
        (check("Failed ingestions", one("ingest_failures_in_a_row", 4, tenant="globex")), None),
        (
            check("Since your last complete day", one("data_age_seconds", 172_801, tenant="acme")),
            False,
        ),
        (check("Oldest due job", one("jobs_oldest_due_seconds", 901)), False),
        (check("Mail server", one("dependency_up", 0, tenant="acme", dependency="smtp")), False),
    ],
)
def test_thresholds(found: Check, is_good: bool | None) -> None:
    assert found.is_good is is_good


def test_the_page(site: Site, ada: object) -> None:
    page = check_page(ada.open("/analytics/status"))  # type: ignore[attr-defined]  # a Browser
    assert "PostgreSQL answers answers Good" in page.text()
    assert "globex" not in page.text(page.by_id("system")).lower()
