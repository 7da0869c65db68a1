"""Starting, watching and stopping jobs as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import requests

from tests.running import ADA, GUS, REP, VIEWER, Site, port, provider, site

__all__ = ["port", "provider", "site"]

TODAY = datetime.now(UTC).date()
BODY = {
    "start_date": str(TODAY - timedelta(days=9)),
    "end_date": str(TODAY - timedelta(days=7)),
    "data_types": ["events", "users", "locations"],
    "changed_only": False,
}


def start(site: Site, member: Any = ADA, body: Any = BODY) -> requests.Response:
    return requests.post(
        site.url("/data/api/v1/ingest/start"), json=body, headers=site.headers(member)
    )


def test_a_started_job_is_queued_and_listed(site: Site) -> None:
    answer = start(site)
    assert answer.status_code == 201
    job_id = answer.json()["job_id"]
    assert answer.json() == {"job_id": str(UUID(job_id)), "status": "queued"}
    job = site.api(f"/data/api/v1/ingest/{job_id}").json()
    assert {name: job[name] for name in BODY} == BODY
    assert (job["status"], job["started_by"], job["can_cancel"]) == ("queued", ADA.email, True)
    listed = site.api("/data/api/v1/ingest/jobs").json()
    assert job_id in [row["job_id"] for row in listed["data"]]
    assert listed["total"] >= 1


def test_a_list_is_cut_into_pages_that_lead_on(site: Site) -> None:
    started = [start(site).json()["job_id"] for _ in range(3)]
    first = site.api("/data/api/v1/ingest/jobs?limit=2").json()
    assert [row["job_id"] for row in first["data"]] == started[:0:-1]
    assert first["has_more"] is True
    second = site.api(first["next"]).json()
    assert (second["page"], second["data"][0]["job_id"]) == (2, started[0])


def test_a_waiting_job_is_cancelled_once(site: Site) -> None:
    job_id = start(site).json()["job_id"]
    address = site.url(f"/data/api/v1/ingest/{job_id}/cancel")
    answer = requests.post(address, headers=site.headers())
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    again = requests.post(address, headers=site.headers())
    assert (again.status_code, again.json()["error"]) == (409, "conflict")


@pytest.mark.parametrize("member", [REP, VIEWER])
def test_only_admins_start_watch_and_stop(site: Site, member: Any) -> None:
    job_id = start(site).json()["job_id"]
    assert start(site, member).status_code == 403
    assert site.api("/data/api/v1/ingest/jobs", member).status_code == 403
    assert site.api(f"/data/api/v1/ingest/{job_id}", member).status_code == 403
    address = site.url(f"/data/api/v1/ingest/{job_id}/cancel")
    assert requests.post(address, headers=site.headers(member)).status_code == 403


def test_another_tenants_job_is_as_absent_as_none(site: Site) -> None:
    job_id = start(site).json()["job_id"]
    answers = []
    for wanted in (job_id, "00000000-0000-0000-0000-000000000000"):
        found = site.api(f"/data/api/v1/ingest/{wanted}", GUS, site.globex)
        address = site.url(f"/data/api/v1/ingest/{wanted}/cancel")
        stopped = requests.post(address, headers=site.headers(GUS, site.globex))
        answers += [
            (answer.status_code, answer.json()["error"], answer.json()["message"])
            for answer in (found, stopped)
        ]
    assert set(answers) == {(404, "not_found", "There is no such job.")}
    assert site.api(f"/data/api/v1/ingest/{job_id}").json()["status"] == "queued"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"start_date": "2024-02-30"}, "2024-02-30"),
        ({"start_date": str(TODAY)}, "before"),
        ({"start_date": None}, "start_date"),
        ({"data_types": []}, "data_types"),
        ({"data_types": ["orders"]}, "data_types"),
        ({"changed_only": "perhaps"}, "changed_only"),
        ({"dataset": "other"}, "dataset"),
        ({"start_date": "2010-01-01"}, "at most"),
    ],
)
def test_a_wrong_body_says_what_is_wrong(site: Site, change: dict[str, object], named: str) -> None:
    answer = start(site, body={**BODY, **change})
    assert answer.status_code == 422, answer.text
    assert named in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("{", "application/json"),
        ("[]", "application/json"),
        ("start_date=2024-01-01", "application/x-www-form-urlencoded"),
        ('{"start_date": "2024-01-01"}', "text/plain"),
    ],
)
def test_a_body_that_is_no_json_object_cannot_be_read(
    site: Site, body: str, content_type: str
) -> None:
    headers = {**site.headers(), "Content-Type": content_type}
    answer = requests.post(site.url("/data/api/v1/ingest/start"), body, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")


def test_a_body_without_end_is_not_read(site: Site) -> None:
    answer = start(site, body={**BODY, "data_types": ["x" * 2_100_000]})
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_an_empty_tenant_has_nothing_available(site: Site) -> None:
    assert site.api("/data/api/v1/availability").json() == {
        "summary": {
            "earliest_date": None,
            "latest_date": None,
            "complete_until": None,
            "total_events": 0,
        },
        "breakdown": [],
        "users": {"rows": None, "loaded_at": None},
        "locations": {"rows": None, "loaded_at": None},
    }


def test_days_older_than_are_kept_are_refused_with_the_reason(site: Site) -> None:
    answer = start(site, body=BODY | {"start_date": "2012-01-01", "end_date": "2012-01-03"})
    assert answer.status_code == 422
    assert "older than the 24 months that are kept" in answer.json()["message"]
