"""The Data page's admin, days and jobs, for the tests of its views."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from app import jobs
from app.database import engine as db
from tests.loading import load_days
from tests.oracle import rows
from tests.page import Html, check_fragment
from tests.running import (
    ADA,
    Browser,
    Site,
    browser,
    path_of,
    port,
    provider,
    site,
)

__all__ = ["browser", "port", "provider", "site"]

HTMX = {"HX-Request": "true"}
DAYS = {"start_date": "2025-04-01", "end_date": "2025-04-03"}
Superuser = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module", autouse=True)
def loaded(site: Site) -> Iterator[None]:
    """Two days of acme with one missing between them."""
    db.configure(site.config, role="worker")
    jobs.configure(site.config)
    tables = {
        f"events_{day}": [rows.page_view(f"{day[:4]}-{day[4:6]}-{day[6:]}T14:00:00Z")]
        for day in ("20250401", "20250403")
    }
    load_days(site.acme, tables)
    db.configure(site.config)
    yield


@pytest.fixture(scope="module")
def ada(site: Site) -> Iterator[Browser]:
    """A browser of acme's admin."""
    with Browser(site) as opened:
        opened.sign_in(ADA)
        yield opened


def start(browser: Browser, **form: str) -> UUID:
    """Start an ingestion without JavaScript; answers the id of its job."""
    page = browser.submit("/data/ingest", data_types="events", **DAYS, **form)
    assert page.status_code == 200
    return UUID(path_of(page).rsplit("/", 1)[1])


def htmx_submit(browser: Browser, path: str, root: str, **form: str) -> tuple[int, Html, str]:
    """The status, the fragment and the announced event of an htmx form."""
    token = browser.csrf_token()
    response = browser.post(
        browser.site.url(path),
        {"csrf_token": token, **form},
        headers=HTMX | {"Origin": browser.site.base_url},
    )
    event = response.headers.get("HX-Trigger", "")
    return response.status_code, check_fragment(response, root), event


def settle(superuser: Superuser, job_id: UUID, status: str, message: str) -> None:
    """End a job as a worker would have."""
    superuser.execute(
        """
        update processing_jobs
        set status = %s, message = %s, detail = 'Refused: invalid_grant <b>',
            started_at = created_at, finished_at = now()
        where job_id = %s
        """,
        (status, message, job_id),
    )
