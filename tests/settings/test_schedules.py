"""Schedules of ingestion: their page, their API, and that each due instant starts one job."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import requests

from app.database.engine import tenant_transaction
from app.ingest.schedule.queries import find_schedule
from app.ingest.schedule.start import start_due
from tests.page import check_page
from tests.running import Browser, Site, port, provider, site
from tests.tasks.queue_page import ada

__all__ = ["ada", "port", "provider", "site"]
Superuser = psycopg.Connection[Any]
PAGE = "/data/schedule"
FORM: dict[str, str | list[str]] = {
    "kind": "days",
    "days": ["mon", "fri"],
    "at": "02:30",
    "time_zone": "America/New_York",
    "days_back": "4",
}


@pytest.fixture(autouse=True)
def fresh(site: Site, superuser: Superuser) -> Iterator[None]:
    superuser.execute("delete from ingest_schedule")
    superuser.execute("delete from processing_jobs")
    yield


def jobs_of(superuser: Superuser) -> list[tuple[Any, ...]]:
    return superuser.execute(
        "select kind, started_by, start_date, end_date, changed_only from processing_jobs"
    ).fetchall()


def test_a_schedule_is_made_paused_and_deleted(ada: Browser, site: Site) -> None:
    page = check_page(ada.open(PAGE))
    assert "Next three runs" not in page.text() and "02:30" in str(page.by_id("at").get("value"))
    page = check_page(ada.submit(PAGE, **FORM))
    assert "Schedule saved." in page.text() and "Next three runs" in page.text()
    with tenant_transaction(site.acme) as conn:
        found = find_schedule(conn, site.acme)
    assert found is not None and found.cron == "30 2 * * 1,5" and found.due_at is not None
    assert len(found.next_runs()) == 3 and found.next_runs()[0] == found.due_at
    page = check_page(ada.submit(PAGE, **FORM, is_paused="y"))
    assert "Nothing loads automatically while paused" in page.text()
    page = check_page(ada.submit(f"{PAGE}/delete"))
    assert "Nothing loads automatically anymore." in page.text()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"at": "25:00"}, "at"),
        ({"days": []}, "at"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"days_back": "40"}, "days_back"),
        ({"kind": "cron", "cron": "@reboot"}, "cron"),
        ({"kind": "cron", "cron": "30 2 31 2 *"}, "cron"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    ada: Browser, superuser: Superuser, change: dict[str, Any], field: str
) -> None:
    answer = ada.submit(PAGE, **(FORM | change))
    assert answer.status_code == 422
    page = check_page(answer)
    assert page.by_id(field).get("aria-invalid") == "true"
    assert "autofocus" in page.by_id("problems").attrib
    assert not superuser.execute("select from ingest_schedule").fetchall()


def test_run_now_loads_what_the_schedule_would(ada: Browser, superuser: Superuser) -> None:
    assert ada.submit(f"{PAGE}/run").status_code == 404
    ada.submit(PAGE, **FORM)
    assert "Ingestion started" in check_page(ada.submit(f"{PAGE}/run")).text()
    ((kind, by, first, last, changed_only),) = jobs_of(superuser)
    assert (kind, by, changed_only) == ("ingest", "ada@acme.example", True)
    assert (last - first).days == 3


def test_one_job_a_due_instant_however_many_look(site: Site, superuser: Superuser) -> None:
    headers = site.headers()
    url = site.url("/data/api/v1/schedule")
    body = {"cron": "30 2 * * *", "time_zone": "UTC"}
    assert requests.put(url, json=body, headers=headers).json()["next_runs"]
    missed = datetime.now(UTC) - timedelta(days=5)
    superuser.execute("update ingest_schedule set due_at = %s", (missed,))
    threads = [threading.Thread(target=start_due) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(jobs_of(superuser)) == 1, "one catches up, however many were missed"
    (due,) = superuser.execute("select due_at from ingest_schedule").fetchone() or ()
    assert due > datetime.now(UTC) and start_due() == 0
    superuser.execute("update ingest_schedule set due_at = %s", (missed,))
    superuser.execute("update tenant set is_suspended = true where slug = 'acme'")
    try:
        assert start_due() == 0
    finally:
        superuser.execute("update tenant set is_suspended = false where slug = 'acme'")


def test_programs_make_and_take_it(site: Site) -> None:
    url, headers = site.url("/data/api/v1/schedule"), site.headers()
    assert requests.get(url, headers=headers).status_code == 404
    for wrong in (
        {"cron": "x y z a b", "time_zone": "UTC"},
        {"cron": "0 2 * * *"},
        {"cron": "0 2 * * *", "time_zone": "Mars"},
    ):
        assert requests.put(url, json=wrong, headers=headers).status_code == 422
    body = {"cron": "0 2 * * *", "time_zone": "Europe/Berlin", "days_back": 7}
    made = requests.put(url, json=body, headers=headers).json()
    assert made["is_paused"] is False and len(made["next_runs"]) == 3
    assert requests.get(url, headers=headers).json() == made
    assert requests.post(f"{url}/run", headers=headers).status_code == 201
    assert requests.delete(url, headers=headers).json() == {"was_there": True}
    assert requests.delete(url, headers=headers).json() == {"was_there": False}
