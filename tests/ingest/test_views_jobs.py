"""Jobs on their pages: progress, failures, cancelling, another try, history."""

from __future__ import annotations

from uuid import uuid4

import pytest

from tests.ingest.data_page import (
    HTMX,
    Superuser,
    ada,
    htmx_submit,
    loaded,
    settle,
    start,
)
from tests.page import check_fragment, check_page
from tests.running import (
    GUS,
    Browser,
    Site,
    browser,
    path_of,
    port,
    provider,
    site,
)

__all__ = ["ada", "browser", "loaded", "port", "provider", "site"]


def test_a_started_job_has_its_page_and_stands_in_the_history(ada: Browser) -> None:
    job_id = start(ada)
    page = check_page(ada.open(f"/data/jobs/{job_id}"))
    assert "Ingestion 1–3 Apr 2025" in page.text()
    assert "Queued" in page.text()
    history = check_page(ada.open("/data/jobs"))
    assert [e for e in history.all("a") if e.get("href") == f"/data/jobs/{job_id}"]


def test_a_job_is_polled_while_it_runs_and_not_after(ada: Browser, superuser: Superuser) -> None:
    job_id = start(ada)
    path, root = f"/data/jobs/{job_id}", f"job_{job_id}"
    running = ada.open(path, headers=HTMX)
    assert check_fragment(running, root).by_id(root).get("hx-trigger") == "every 2s"
    assert "HX-Trigger" not in running.headers
    settle(superuser, job_id, "completed", "Loaded 2 events of 3 days.")
    ended = ada.open(path, headers=HTMX)
    assert check_fragment(ended, root).by_id(root).get("hx-trigger") is None
    assert ended.headers["HX-Trigger"] == "jobs-changed"


@pytest.mark.parametrize(
    ("status", "message", "chip"),
    [
        ("failed", "Google refused the service account. Upload a new key.", "Failed"),
        ("completed_with_warnings", "There is no table for 2 Apr.", "With warnings"),
        ("failed", "The SFTP server shows another host key.", "Failed"),
    ],
)
def test_a_failure_says_what_happened_and_offers_another_try(
    ada: Browser, superuser: Superuser, status: str, message: str, chip: str
) -> None:
    job_id = start(ada)
    settle(superuser, job_id, status, message)
    html = check_page(ada.open(f"/data/jobs/{job_id}"))
    for words in (message, chip, "Technical details", "Refused: invalid_grant <b>", "Retry"):
        assert words in html.text()
    assert message in check_page(ada.open("/data")).text()
    assert "2 events from" in check_page(ada.open("/data")).text()


def test_a_long_range_shows_its_months(ada: Browser, site: Site, superuser: Superuser) -> None:
    whole = start(ada)
    under_way = "update processing_jobs set status = 'processing' where job_id = %s"
    superuser.execute(under_way, (whole,))
    for month, status in (("2025-04", "completed"), ("2025-05", "processing")):
        superuser.execute(
            """
            with part as (
                insert into processing_jobs
                    (tenant_id, kind, status, started_by, start_date, end_date, parent_job_id)
                values (%s, 'ingest', %s, 'schedule', %s, %s, %s)
                returning tenant_id, job_id
            )
            insert into job_step (tenant_id, job_id, step, position, status, row_count)
            select tenant_id, job_id, 'extract:page_view', 3, 'running', 1200 from part
            """,
            (site.acme, status, f"{month}-01", f"{month}-28", whole),
        )
    text = check_page(ada.open(f"/data/jobs/{whole}")).text()
    assert "Completed 1–28 Apr 2025" in text
    assert "Running 1–28 May 2025 Page views 1,200" in text
    history = check_page(ada.open("/data/jobs"))
    row = next(e for e in history.all("tr") if str(whole) in (history.links(e) or [""])[0])
    assert "2,400" in history.text(row)


def test_a_waiting_job_is_cancelled_and_started_again(ada: Browser) -> None:
    job_id = start(ada)
    cancelled = check_page(ada.submit(f"/data/jobs/{job_id}/cancel"))
    assert "Canceled" in cancelled.text()
    again = ada.submit(f"/data/jobs/{job_id}/retry")
    assert path_of(again) not in ("/data", f"/data/jobs/{job_id}")
    assert "Queued" in check_page(again).text()


def test_a_second_cancel_is_told_it_came_too_late(ada: Browser) -> None:
    job_id = start(ada)
    ada.submit(f"/data/jobs/{job_id}/cancel")
    assert ada.submit(f"/data/jobs/{job_id}/cancel").status_code == 409
    status, html, _ = htmx_submit(ada, f"/data/jobs/{job_id}/cancel", "toasts")
    assert (status, [e.get("role") for e in html.all("div")][1]) == (409, "alert")


def test_globex_finds_no_job_of_acme(ada: Browser, site: Site) -> None:
    job_id = start(ada)
    with Browser(site) as other:
        other.sign_in(GUS)
        foreign, missing = (other.open(f"/data/jobs/{one}") for one in (job_id, uuid4()))
        assert (foreign.status_code, missing.status_code) == (404, 404)
        assert str(job_id) not in check_page(other.open("/data/jobs")).text()
        assert other.submit(f"/data/jobs/{job_id}/cancel").status_code == 404


def test_the_history_is_cut_into_pages(ada: Browser) -> None:
    for _ in range(11):
        start(ada)
    first = check_page(ada.open("/data/jobs?limit=10"))
    link = next(e for e in first.all("a") if first.text(e) == "Next")
    second = check_fragment(ada.open(link.get("href") or "", headers=HTMX), "job_history")
    assert "11–" in second.text()
