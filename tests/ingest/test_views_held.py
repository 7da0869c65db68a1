"""A held-back file on the job's page and in JSON: who may load it anyway, and how often."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
import requests

from tests.ingest.data_page import Superuser, ada, htmx_submit, loaded, settle, start
from tests.page import check_page
from tests.running import (
    ADA,
    GUS,
    REP,
    VIEWER,
    Browser,
    Member,
    Site,
    browser,
    path_of,
    port,
    provider,
    site,
)

__all__ = ["ada", "browser", "loaded", "port", "provider", "site"]

REASONS = [
    "has 2 contacts and had 1,200 the last time",
    "gives 50 % of its contacts the company “<b>”, which 1 % of them had the last time",
]
UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def job_id(ada: Browser, site: Site, superuser: Superuser) -> UUID:
    """A job of acme that held the customer file back."""
    made = start(ada)
    hold(superuser, site, made)
    settle(superuser, made, "failed", "users.csv has 2 contacts and had 1,200 the last time.")
    return made


def hold(superuser: Superuser, site: Site, job_id: UUID) -> None:
    superuser.execute(
        "insert into held_file (tenant_id, job_id, file_type, source_name, content_hash,"
        " row_count, previous_row_count, reasons)"
        " values (%s, %s, 'users', '/out/users.csv', 'x', 2, 1200, %s)",
        (site.acme, job_id, REASONS),
    )


def load_held(site: Site, job_id: object, member: Member = ADA, **body: str) -> requests.Response:
    tenant = site.globex if member is GUS else site.acme
    return requests.post(
        site.url(f"/data/api/v1/ingest/{job_id}/load-held"),
        json=body or {"file_type": "users"},
        headers=site.headers(member, tenant),
    )


def test_counts_reasons_and_a_button_stand_on_the_page(ada: Browser, job_id: UUID) -> None:
    page = check_page(ada.open(f"/data/jobs/{job_id}"))
    shown = page.text(page.by_id(f"held_users_{job_id}"))
    assert shown.startswith(
        "users.csv was held back. It has 2 rows; the last load had 1,200. The old customers stay. "
        f"The file {' '.join(REASONS)} Load it anyway"
    )


def test_without_javascript_the_button_starts_a_job_for_that_file_alone(
    ada: Browser, site: Site, job_id: UUID
) -> None:
    answer = ada.submit(f"/data/jobs/{job_id}/load-held/users")
    new_id = path_of(answer).rsplit("/", 1)[1]
    assert "Queued" in check_page(answer).text()
    job = site.api(f"/data/api/v1/ingest/{new_id}").json()
    assert (job["data_types"], job["started_by"]) == (["users"], ADA.email)
    old = check_page(ada.open(f"/data/jobs/{job_id}"))
    assert f"{ADA.email} loaded it anyway: job {new_id[:8]}" in old.text()
    assert "Load it anyway" not in old.text()


def test_with_htmx_the_new_job_takes_the_place_of_the_old_one(ada: Browser, job_id: UUID) -> None:
    token = ada.csrf_token()
    answer = ada.post(
        ada.site.url(f"/data/jobs/{job_id}/load-held/users"),
        {"csrf_token": token},
        headers={"HX-Request": "true", "Origin": ada.site.base_url},
    )
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (200, "jobs-changed")
    assert 'id="job_' in answer.text
    assert f'id="job_{job_id}"' not in answer.text


def test_a_second_approval_comes_too_late(ada: Browser, job_id: UUID) -> None:
    ada.submit(f"/data/jobs/{job_id}/load-held/users")
    status, html, _ = htmx_submit(ada, f"/data/jobs/{job_id}/load-held/users", "toasts")
    assert (status, f"{ADA.email} had this file loaded already." in html.text()) == (409, True)


def test_a_job_that_runs_offers_no_button_and_takes_no_approval(
    ada: Browser, site: Site, superuser: Superuser
) -> None:
    job_id = start(ada)
    hold(superuser, site, job_id)
    assert "Load it anyway" not in check_page(ada.open(f"/data/jobs/{job_id}")).text()
    assert load_held(site, job_id).status_code == 409


def test_a_form_without_its_token_starts_nothing(ada: Browser, site: Site, job_id: UUID) -> None:
    address = site.url(f"/data/jobs/{job_id}/load-held/users")
    assert ada.post(address, headers={"Origin": site.base_url}).status_code == 400
    assert site.api(f"/data/api/v1/ingest/{job_id}").json()["held_files"][0]["approved_by"] is None


def test_a_parent_shows_what_its_part_held_back(
    ada: Browser, site: Site, superuser: Superuser, job_id: UUID
) -> None:
    whole = start(ada)
    settle(superuser, whole, "completed_with_warnings", "1 of 2 parts are missing.")
    superuser.execute(
        "update processing_jobs set parent_job_id = %s where job_id = %s", (whole, job_id)
    )
    page = check_page(ada.open(f"/data/jobs/{whole}"))
    (form,) = [e for e in page.all("form") if "load-held" in (e.get("action") or "")]
    assert form.get("action") == f"/data/jobs/{job_id}/load-held/users"
    assert form.get("hx-target") == f"#job_{whole}"


def test_the_same_by_json(site: Site, job_id: UUID) -> None:
    held = {
        "job_id": str(job_id),
        "file_type": "users",
        "source_name": "/out/users.csv",
        "rows": 2,
        "previous_rows": 1200,
        "approved_by": None,
        "approval_job_id": None,
        "reasons": REASONS,
    }
    assert site.api(f"/data/api/v1/ingest/{job_id}").json()["held_files"] == [held]
    answer = load_held(site, job_id)
    assert (answer.status_code, answer.json()["status"]) == (201, "queued")
    approved = {"approved_by": ADA.email, "approval_job_id": answer.json()["job_id"]}
    assert site.api(f"/data/api/v1/ingest/{job_id}").json()["held_files"] == [held | approved]
    assert load_held(site, job_id).status_code == 409


def test_what_was_not_held_back_cannot_be_approved(site: Site, job_id: UUID) -> None:
    assert load_held(site, job_id, file_type="locations").status_code == 404
    assert load_held(site, job_id, file_type="events").status_code == 422


@pytest.mark.parametrize("member", [REP, VIEWER])
def test_only_admins_may(browser: Browser, site: Site, job_id: UUID, member: Member) -> None:
    browser.sign_in(member)
    assert browser.submit(f"/data/jobs/{job_id}/load-held/users").status_code == 403
    assert load_held(site, job_id, member).status_code == 403


def test_for_globex_there_is_no_such_job(browser: Browser, site: Site, job_id: UUID) -> None:
    browser.sign_in(GUS)
    for wanted in (job_id, uuid4()):
        assert browser.submit(f"/data/jobs/{wanted}/load-held/users").status_code == 404
    answers = [load_held(site, wanted, GUS) for wanted in (job_id, UNKNOWN)]
    assert {(a.status_code, a.json()["message"]) for a in answers} == {
        (404, "There is no such job.")
    }
    assert site.api(f"/data/api/v1/ingest/{job_id}").json()["held_files"][0]["approved_by"] is None
