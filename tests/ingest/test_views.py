"""The Data page in front of a real database and real jobs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from app import db, jobs
from app.dates import today
from tests.loading import load_days
from tests.oracle import rows
from tests.page import Html, check_fragment, check_page
from tests.running import (
    ADA,
    GUS,
    REP,
    VIEWER,
    Browser,
    Site,
    browser,
    path_of,
    port,
    provider,
    site,
)  # fmt: skip

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


def test_the_calendar_shows_loaded_missing_and_untouched_days(ada: Browser) -> None:
    html = check_page(ada.open("/data?start_date=2025-03-31&end_date=2025-04-04"))
    row = next(e for e in html.by_id("availability").iter("tr") if html.text(e)[:4] == "Page")
    shown = [e.get("class", "").split()[1] for e in row.iter("td")]
    assert shown == ["heat--before", "heat--loaded", "heat--gap", "heat--loaded", "heat--after"]
    assert "Missing: 2 Apr 2025 (everything)" in html.text()
    assert "2 events from Tue 1 Apr 2025 to Thu 3 Apr 2025" in html.text()


def test_the_calendar_comes_alone_to_htmx(ada: Browser) -> None:
    path = "/data?start_date=2025-03-31&end_date=2025-04-04"
    check_fragment(ada.open(path, headers=HTMX), "availability")


@pytest.mark.parametrize("query", ["start_date=x&end_date=2025-01-01", "page=-1&limit=9999999"])
def test_a_wrong_address_is_no_crash(ada: Browser, query: str) -> None:
    assert ada.open(f"/data?{query}").status_code in (200, 422)


@pytest.mark.parametrize("member", [REP, VIEWER])
def test_only_admins_may(browser: Browser, member: object) -> None:
    browser.sign_in(member)  # type: ignore[arg-type] # one of the cast
    for path in ("/data", "/data/jobs", f"/data/jobs/{uuid4()}"):
        page = browser.open(path)
        assert page.status_code == 403
        check_page(page)
    for path in ("/data/ingest", "/data/estimate", f"/data/jobs/{uuid4()}/cancel"):
        assert browser.submit(path, **DAYS).status_code == 403


def test_an_empty_tenant_is_asked_to_start(browser: Browser) -> None:
    browser.sign_in(GUS)
    html = check_page(browser.open("/data"))
    assert "No data yet: start the first ingestion" in html.text()
    assert "No job yet" in html.text()


def test_a_started_job_has_its_page_and_stands_in_the_history(ada: Browser) -> None:
    job_id = start(ada)
    page = check_page(ada.open(f"/data/jobs/{job_id}"))
    assert "Ingestion 1–3 Apr 2025" in page.text()
    assert "Queued" in page.text()
    history = check_page(ada.open("/data/jobs"))
    assert [e for e in history.all("a") if e.get("href") == f"/data/jobs/{job_id}"]


def test_htmx_gets_a_fresh_form_the_progress_and_a_note(ada: Browser) -> None:
    status, html, event = htmx_submit(
        ada, "/data/ingest", "start_ingestion", data_types="events", **DAYS
    )
    assert (status, event) == (200, "jobs-changed")
    assert html.by_id("active_job").get("hx-swap-oob") == "innerHTML"
    assert [e for e in html.all("section") if e.get("hx-trigger") == "every 2s"]
    assert "Ingestion started." in html.text(html.by_id("toasts"))


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
    assert "Cancelled" in cancelled.text()
    again = ada.submit(f"/data/jobs/{job_id}/retry")
    assert path_of(again) not in ("/data", f"/data/jobs/{job_id}")
    assert "Queued" in check_page(again).text()


def test_a_second_cancel_is_told_it_came_too_late(ada: Browser) -> None:
    job_id = start(ada)
    ada.submit(f"/data/jobs/{job_id}/cancel")
    assert ada.submit(f"/data/jobs/{job_id}/cancel").status_code == 409
    status, html, _ = htmx_submit(ada, f"/data/jobs/{job_id}/cancel", "toasts")
    assert (status, [e.get("role") for e in html.all("div")][1]) == (409, "alert")


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


def test_globex_finds_no_job_of_acme(ada: Browser, site: Site) -> None:
    job_id = start(ada)
    with Browser(site) as other:
        other.sign_in(GUS)
        foreign, missing = (other.open(f"/data/jobs/{one}") for one in (job_id, uuid4()))
        assert (foreign.status_code, missing.status_code) == (404, 404)
        assert str(job_id) not in check_page(other.open("/data/jobs")).text()
        assert other.submit(f"/data/jobs/{job_id}/cancel").status_code == 404


TOMORROW = (today("UTC") + timedelta(days=2)).isoformat()


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"end_date": "2025-03-01"}, "The last day lies before the first one."),
        ({"end_date": "31.12.2025"}, "Enter a day, like 2024-01-31."),
        ({"start_date": ""}, "Choose the first day."),
        ({"start_date": "2001-01-01"}, "At most 731 days can be loaded at once."),
        ({"end_date": TOMORROW}, "This day has not come yet."),
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


def test_the_history_is_cut_into_pages(ada: Browser) -> None:
    for _ in range(11):
        start(ada)
    first = check_page(ada.open("/data/jobs?limit=10"))
    link = next(e for e in first.all("a") if first.text(e) == "Next")
    second = check_fragment(ada.open(link.get("href") or "", headers=HTMX), "job_history")
    assert "11–" in second.text()


def test_a_fresh_form_offers_the_days_google_may_rewrite(ada: Browser) -> None:
    html = check_page(ada.open("/data"))
    now = today("UTC")
    shown = [html.by_id(f"ingest_{name}").get("value") for name in ("start_date", "end_date")]
    spans = {now + timedelta(days=n): None for n in (-1, 0)}
    assert date.fromisoformat(shown[1] or "") in {day - timedelta(days=1) for day in spans}
