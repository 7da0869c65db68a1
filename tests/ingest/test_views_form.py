"""The form that starts an ingestion or estimates its size."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest

from app.dates import today
from tests.ingest.data_page import (
    DAYS,
    HTMX,
    Superuser,
    ada,
    htmx_submit,
    loaded,
    settle,
)
from tests.page import check_fragment, check_page
from tests.running import (
    Browser,
    browser,
    port,
    provider,
    site,
)

__all__ = ["ada", "browser", "loaded", "port", "provider", "site"]


def test_htmx_gets_a_fresh_form_the_progress_and_a_note(ada: Browser) -> None:
    status, html, event = htmx_submit(
        ada, "/data/ingest", "start_ingestion", data_types="events", **DAYS
    )
    assert (status, event) == (200, "jobs-changed")
    assert html.by_id("active_job").get("hx-swap-oob") == "innerHTML"
    assert [e for e in html.all("section") if e.get("hx-trigger") == "every 2s"]
    assert "Ingestion started." in html.text(html.by_id("toasts"))


def test_an_estimate_is_asked_for_and_polled(ada: Browser, superuser: Superuser) -> None:
    status, html, _ = htmx_submit(
        ada, "/data/estimate", "start_ingestion", data_types="events", **DAYS
    )
    assert status == 200
    address = html.by_id("estimate").get("hx-get")
    assert address is not None
    job_id = UUID(address.rsplit("/", 1)[1])
    settle(superuser, job_id, "completed", "2 of 3 days are exported.")
    superuser.execute(
        "update processing_jobs set bytes_estimate = 2100000000 where job_id = %s", (job_id,)
    )
    ended = check_fragment(ada.open(address, headers=HTMX), "estimate")
    assert ended.text() == "part 3 days, 2.1 GB scanned, estimate. 2 of 3 days are exported."
    assert ended.by_id("estimate").get("hx-trigger") is None
    check_page(ada.open(address))


TOMORROW = (today("UTC") + timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"end_date": "2025-03-01"}, "The last day is before the first one."),
        ({"end_date": "31.12.2025"}, "Enter a day, like 2024-01-31."),
        ({"start_date": ""}, "Choose the first day."),
        ({"start_date": "2001-01-01"}, "At most 731 days can be loaded at once."),
        ({"end_date": TOMORROW}, "This day is in the future."),
        ({"data_types": "payroll"}, "not a valid choice"),
    ],
)
def test_a_wrong_form_says_so_beside_its_fields(
    ada: Browser, form: dict[str, str], words: str
) -> None:
    asked = {"data_types": "events", **DAYS, **form}
    status, html, event = htmx_submit(ada, "/data/ingest", "start_ingestion", **asked)
    assert (status, event) == (422, "")
    assert words in html.text()
    assert "Nothing was started." in html.text()
    page = ada.submit("/data/ingest", **asked)
    assert page.status_code == 422
    assert words in check_page(page).text()


def test_a_form_with_nothing_to_load_is_refused(ada: Browser) -> None:
    status, html, _ = htmx_submit(ada, "/data/ingest", "start_ingestion", **DAYS)
    assert (status, "Choose at least one." in html.text()) == (422, True)


def test_a_form_without_its_token_or_from_elsewhere_changes_nothing(ada: Browser) -> None:
    before = ada.open("/data/jobs").text.count("/data/jobs/")
    assert ada.submit("/data/ingest", csrf_token="wrong", **DAYS).status_code == 400
    assert ada.submit("/data/ingest", origin="https://evil.example", **DAYS).status_code == 403
    assert ada.open("/data/jobs").text.count("/data/jobs/") == before


def test_a_fresh_form_offers_the_days_google_may_rewrite(ada: Browser) -> None:
    html = check_page(ada.open("/data"))
    now = today("UTC")
    shown = [html.by_id(f"ingest_{name}").get("value") for name in ("start_date", "end_date")]
    spans = {now + timedelta(days=n): None for n in (-1, 0)}
    assert date.fromisoformat(shown[1] or "") in {day - timedelta(days=1) for day in spans}


def test_days_older_than_are_kept_are_refused_beside_the_field(
    ada: Browser, superuser: Superuser
) -> None:
    asked = {"start_date": "2012-01-01", "end_date": "2012-01-05"}
    status, html, _ = htmx_submit(
        ada, "/data/ingest", "start_ingestion", data_types="events", **asked
    )
    assert status == 422
    assert "older than the 24 months that are kept" in html.text(html.by_id("start_ingestion"))
    status, _, _ = htmx_submit(ada, "/data/ingest", "start_ingestion", data_types="users", **asked)
    assert status == 200
