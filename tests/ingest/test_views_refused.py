"""Refused rows on a job's page and as a download."""

from __future__ import annotations

import csv
import io
import json
from uuid import UUID, uuid4

import pytest

from app.format import csv_line
from tests.ingest.data_page import Superuser, ada, loaded, settle, start
from tests.page import check_page
from tests.running import (
    GUS,
    REP,
    VIEWER,
    Browser,
    Site,
    browser,
    port,
    provider,
    site,
)

__all__ = ["ada", "browser", "loaded", "port", "provider", "site"]

HOSTILE = '=HYPERLINK("http://x")<script>alert(1)</script>'
HEADER = [
    "first_day",
    "last_day",
    "source",
    "reason",
    "line",
    "id",
    "event_date",
    "event_ts",
    "event_name",
    "source_table",
    "column",
    "value",
]


def refuse(
    superuser: Superuser,
    site: Site,
    job_id: UUID,
    source: str,
    reason: str,
    count: int,
    kept: list[dict[str, str | None]],
) -> None:
    superuser.execute(
        "insert into job_refusal (tenant_id, job_id, source, reason, row_count, samples, kept_rows)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (site.acme, job_id, source, reason, count, json.dumps(kept[:20]), json.dumps(kept)),
    )


def child(superuser: Superuser, site: Site, whole: UUID, first: str, last: str) -> UUID:
    row = superuser.execute(
        "insert into processing_jobs"
        " (tenant_id, kind, status, started_by, start_date, end_date, parent_job_id)"
        " values (%s, 'ingest', 'completed', 'schedule', %s, %s, %s) returning job_id",
        (site.acme, first, last, whole),
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def download(browser: Browser, job_id: UUID) -> tuple[str, list[list[str]]]:
    answer = browser.open(f"/data/jobs/{job_id}/refused.csv")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert f"refused-rows-{str(job_id)[:8]}.csv" in answer.headers["Content-Disposition"]
    text = answer.content.decode()
    assert text.startswith("\ufeff")
    return text, list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_reasons_counts_and_samples_stand_on_the_page(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    job_id = start(ada)
    rows = [{"line": str(line), "id": HOSTILE} for line in range(2, 7)]
    refuse(superuser, site, job_id, "users", "the row has no id", 1_200, rows)
    settle(superuser, job_id, "completed_with_warnings", "Loaded 5 contacts.")
    page = check_page(ada.open(f"/data/jobs/{job_id}"))
    shown = page.text(page.by_id(f"refused_{job_id}"))
    assert shown.startswith(
        "1,200 rows not taken 1,200 Customers: the row has no id "
        f"line 2 id {HOSTILE} line 3 id {HOSTILE} line 4 id {HOSTILE} and 1,197 more"
    )
    assert "It holds at most 1,000 rows per reason" in shown
    assert f"/data/jobs/{job_id}/refused.csv" in page.links(page.by_id(f"refused_{job_id}"))


def test_a_job_without_refused_rows_offers_no_download(ada: Browser) -> None:
    job_id = start(ada)
    assert "not taken" not in check_page(ada.open(f"/data/jobs/{job_id}")).text()
    assert download(ada, job_id)[1] == [HEADER]


def test_the_download_is_safe_and_says_what_is_missing(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    job_id = start(ada)
    event = {
        "event_date": "20250401",
        "event_ts": "-1",
        "event_name": "purchase",
        "source_table": "events_20250401",
        "revenue": '@a "b",\r\nc',
    }
    refuse(superuser, site, job_id, "purchase", "revenue is no number", 1, [event])
    rows: list[dict[str, str | None]] = [{"line": "2", "id": HOSTILE}]
    refuse(superuser, site, job_id, "users", "twice", 1_001, rows * 1_000)
    text, lines = download(ada, job_id)
    days = ["2025-04-01", "2025-04-03"]
    assert lines[1] == [
        *days,
        "purchase",
        "revenue is no number",
        "",
        "",
        "20250401",
        "'-1",
        "purchase",
        "events_20250401",
        "revenue",
        '\'@a "b",\r\nc',
    ]
    assert lines[2:1002] == [[*days, "users", "twice", "2", f"'{HOSTILE}", *[""] * 6]] * 1_000
    assert lines[1002:] == [
        [
            "Only 1,000 of 1,001 rows are listed of users: twice. At most 1,000 a reason are kept.",
            *[""] * 11,
        ],
    ]
    assert text.count("\n") == text.count("\r\n")


def test_a_parent_shows_the_sums_of_its_parts_and_downloads_them_all(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    whole = start(ada)
    april = child(superuser, site, whole, "2025-04-01", "2025-04-30")
    may = child(superuser, site, whole, "2025-05-01", "2025-05-31")
    refuse(superuser, site, april, "page_view", "no day", 3, [{"event_name": "april"}] * 3)
    refuse(superuser, site, may, "page_view", "no day", 4, [{"event_name": "may"}] * 4)
    page = check_page(ada.open(f"/data/jobs/{whole}"))
    assert "7 rows not taken 7 Page views: no day event name april" in page.text()
    assert [line[0] for line in download(ada, whole)[1][1:]] == ["2025-04-01"] * 3 + [
        "2025-05-01"
    ] * 4
    assert len(download(ada, may)[1]) == 5
    (told,) = site.api(f"/data/api/v1/ingest/{whole}").json()["refusals"]
    assert (told["source"], told["rows"], told["samples"][0]) == (
        "page_view",
        7,
        {"event_name": "april"},
    )


def test_rows_refused_before_they_were_kept_are_the_samples(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    job_id = start(ada)
    refuse(superuser, site, job_id, "users", "the row has no id", 30, [])
    superuser.execute(
        "update job_refusal set samples = %s where job_id = %s",
        (json.dumps([{"line": "9", "id": None}]), job_id),
    )
    lines = download(ada, job_id)[1]
    assert lines[1][3:6] == ["the row has no id", "9", ""]
    assert lines[2][0].startswith("Only 1 of 30 rows")


@pytest.mark.parametrize("member", [REP, VIEWER])
def test_only_admins_download(browser: Browser, ada: Browser, member: object) -> None:
    job_id = start(ada)
    browser.sign_in(member)  # type: ignore[arg-type] # one of the cast
    assert browser.open(f"/data/jobs/{job_id}/refused.csv").status_code == 403


def test_globex_downloads_nothing_of_acme(browser: Browser, ada: Browser) -> None:
    job_id = start(ada)
    browser.sign_in(GUS)
    for wanted in (job_id, uuid4()):
        assert browser.open(f"/data/jobs/{wanted}/refused.csv").status_code == 404


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_begins_as_a_formula(start: str) -> None:
    assert next(csv.reader(io.StringIO(csv_line([f"{start}1", "2"]), newline=""))) == [
        f"'{start}1",
        "2",
    ]
