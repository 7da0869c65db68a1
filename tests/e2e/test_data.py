"""The Data page as an admin uses it: choosing days, starting, watching, cancelling."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OpenPage

pytestmark = pytest.mark.browser

DATA = "/data?start_date=2025-03-20&end_date=2025-04-10"
Superuser = psycopg.Connection[tuple[object, ...]]


def end_jobs(superuser: Superuser, status: str, message: str) -> None:
    """End what is open as a worker would have."""
    superuser.execute(
        """
        update processing_jobs
        set status = %s, message = %s, started_at = created_at, finished_at = now(),
            bytes_estimate = 2100000000
        where status in ('queued', 'processing')
        """,
        (status, message),
    )


def requests_of(page: Page) -> list[str]:
    """A list that grows with every request of the page."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    return sent


def test_days_are_chosen_by_clicking_the_calendar(open_page: OpenPage) -> None:
    page = open_page(DATA)
    page.click("td[data-day='2025-04-04'] >> nth=0")
    page.click("td[data-day='2025-04-02'] >> nth=2")
    expect(page.locator("#ingest_start_date")).to_have_value("2025-04-02")
    expect(page.locator("#ingest_end_date")).to_have_value("2025-04-04")
    expect(page.locator("th.is-chosen")).to_have_count(3)


def test_a_started_job_is_watched_until_it_ends_and_then_left_alone(
    open_page: OpenPage, superuser: Superuser
) -> None:
    page = open_page(DATA)
    page.click("#ingest_start")
    expect(page.locator("#toasts")).to_contain_text("Ingestion started")
    expect(page.locator("#active_job")).to_contain_text("Queued")
    expect(page.locator("#job_history tbody tr").first).to_contain_text("Queued")
    end_jobs(superuser, "completed", "Loaded 12 events of 4 days.")
    expect(page.locator("#active_job")).to_contain_text("Loaded 12 events of 4 days.")
    expect(page.locator("#job_history tbody tr").first).to_contain_text("Completed")
    expect(page.locator("#announcer")).to_have_text("Ingestion completed")
    page.wait_for_load_state("networkidle")
    sent = requests_of(page)
    page.wait_for_timeout(2600)
    assert sent == []


def test_an_estimate_says_how_much_would_be_scanned(
    open_page: OpenPage, superuser: Superuser
) -> None:
    page = open_page(DATA)
    page.click("#ingest_estimate")
    expect(page.locator("#estimate")).to_contain_text("Asking Google how much")
    end_jobs(superuser, "completed", "4 of 4 days are exported.")
    expect(page.locator("#estimate")).to_contain_text("4 days, 2.1 GB scanned, estimate.")


def test_a_wrong_form_moves_focus_to_what_is_wrong(open_page: OpenPage) -> None:
    page = open_page(DATA)
    page.fill("#ingest_end_date", "2020-01-01")
    page.click("#ingest_start")
    expect(page.locator("#end_date_error")).to_contain_text("is before the first one")
    expect(page.locator("#start_ingestion [role=alert]")).to_be_focused()


def test_a_waiting_job_is_cancelled_and_tried_again(open_page: OpenPage) -> None:
    page = open_page(DATA)
    page.click("#ingest_start")
    page.click("#active_job button:has-text('Cancel')")
    expect(page.locator("#active_job .chip")).to_contain_text("Canceled")
    page.click("#active_job button:has-text('Retry')")
    expect(page.locator("#active_job .chip")).to_contain_text("Queued")


def test_without_javascript_a_job_has_a_page_of_its_own(open_page: OpenPage) -> None:
    page = open_page(DATA, java_script_enabled=False)
    page.click("#ingest_start")
    assert "/data/jobs/" in page.url
    assert "Ingestion started" in page.inner_text("main")
    page.click("button:has-text('Cancel')")
    assert "Canceled" in page.inner_text("main")
