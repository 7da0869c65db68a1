"""Every change that somebody makes on a page or through the API has its entry, and no secret."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
import requests

from tests.auth.audit_log import Superuser, detail_of, entries_since, last_entry_id
from tests.customers.world import World, ago
from tests.running import ADA, Browser, Site

CONTACT = "cara@customer.example"
TERM = "/analytics/tasks/search-terms"


@pytest.fixture(scope="module")
def ada(site: Site) -> Iterator[Browser]:
    with Browser(site) as opened:
        opened.sign_in(ADA)
        yield opened


@pytest.fixture(scope="module")
def world(site: Site, superuser: Superuser) -> World:
    """A contact whose id is an address, a customer that can be marked, and searches."""
    made = World(superuser, site.acme)
    made.branch("D01", "Harbour")
    made.loaded()
    made.contact(CONTACT, None, name="Cara Diaz", email=CONTACT)
    made.session("p1", 1, ago(days=1), contact=CONTACT)
    made.order("T1", ago(days=1), 10, contact=CONTACT)
    return made


@pytest.fixture
def task_id(world: World) -> UUID:
    return world.task("cart", ago(days=1), contact=CONTACT)


def submit(browser: Browser, path: str, **fields: str) -> requests.Response:
    answer = browser.submit(path, **fields)
    assert answer.status_code < 400, answer.text
    return answer


def told(site: Site, superuser: Superuser, since: int) -> list[tuple[str, str]]:
    """Action and subject; whose it is and through what is always the same here."""
    found = entries_since(superuser, site.acme, since)
    assert {(entry[0], entry[3]) for entry in found} == {(ADA.email, "page")}
    return [(entry[1], entry[2]) for entry in found]


def test_a_step_of_a_task_names_the_step_and_repeats_nothing(
    ada: Browser, site: Site, superuser: Superuser, task_id: UUID
) -> None:
    since = last_entry_id(superuser)
    path = f"/analytics/tasks/{task_id}"
    submit(ada, f"{path}/call", version="0", note=f"asked {CONTACT}")
    row = superuser.execute(
        "select history_id::text from task_history where task_id = %s", (task_id,)
    ).fetchone()
    assert row is not None
    submit(ada, f"/analytics/tasks/steps/{row[0]}/undo")
    assert told(site, superuser, since) == [
        ("task.call", str(task_id)),
        ("task.undo", str(task_id)),
    ]
    assert detail_of(superuser, "task.call") == {"history_id": row[0]}


def test_each_task_of_a_bulk_change_has_its_entry(
    ada: Browser, site: Site, superuser: Superuser, world: World
) -> None:
    ids = [world.task("cart", ago(days=1), contact=f"U{number}") for number in range(2)]
    since = last_entry_id(superuser)
    form = {
        "csrf_token": ada.csrf_token(),
        "action": "assign",
        "owner": ADA.email,
        "task": [f"{task_id}~0" for task_id in ids],
    }
    headers = {"Origin": site.base_url}
    answer = ada.post(site.url("/analytics/tasks/cart-abandonment/bulk"), form, headers=headers)
    assert answer.status_code == 200, answer.text
    assert sorted(told(site, superuser, since)) == sorted(
        ("task.assign", str(task_id)) for task_id in ids
    )


def test_marks_of_a_customer_are_told_without_the_contact_s_address(
    ada: Browser, site: Site, superuser: Superuser, world: World
) -> None:
    since = last_entry_id(superuser)
    path = "/analytics/customers/c:cara~40customer.example"
    submit(ada, f"{path}/do-not-contact", reason=f"asked us, {CONTACT}")
    submit(ada, f"{path}/contact-again")
    submit(ada, f"{path}/exclude", reason="test")
    submit(ada, f"{path}/include")
    assert told(site, superuser, since) == [
        ("customer.do_not_contact", "c•••@customer.example"),
        ("customer.contact_again", "c•••@customer.example"),
        ("customer.excluded", "c•••@customer.example"),
        ("customer.included", "c•••@customer.example"),
    ]


def test_loading_and_cancelling_are_told(ada: Browser, site: Site, superuser: Superuser) -> None:
    since = last_entry_id(superuser)
    days = {"start_date": "2025-04-01", "end_date": "2025-04-03", "data_types": "events"}
    page = submit(ada, "/data/ingest", **days)
    job_id = page.url.rpartition("/")[2]
    submit(ada, f"/data/jobs/{job_id}/cancel")
    retried = submit(ada, f"/data/jobs/{job_id}/retry").url.rpartition("/")[2]
    estimated = submit(ada, "/data/estimate", **days).url.rpartition("/")[2]
    assert told(site, superuser, since) == [
        ("ingest.started", job_id),
        ("ingest.cancelled", job_id),
        ("ingest.retried", retried),
        ("ingest.estimated", estimated),
    ]
    assert detail_of(superuser, "ingest.started") == {
        "start_date": "2025-04-01",
        "end_date": "2025-04-03",
        "data_types": ["events"],
        "changed_only": False,
    }


def test_the_api_is_told_as_such(site: Site, superuser: Superuser) -> None:
    since = last_entry_id(superuser)
    body = {"start_date": "2025-04-01", "end_date": "2025-04-01"}
    url, headers = site.url("/data/api/v1/ingest/start"), site.headers()
    started = requests.post(url, json=body, headers=headers).json()
    requests.post(site.url(f"/data/api/v1/ingest/{started['job_id']}/cancel"), headers=headers)
    assert entries_since(superuser, site.acme, since) == [
        (ADA.email, "ingest.started", started["job_id"], "api"),
        (ADA.email, "ingest.cancelled", started["job_id"], "api"),
    ]


@pytest.mark.parametrize(
    ("path", "action", "subject"),
    [
        ("/analytics/tasks/cart-abandonment/export.csv", "export.tasks", "cart-abandonment"),
        ("/analytics/tasks/search-terms/export.xlsx", "export.terms", "search-terms"),
        ("/analytics/tasks/performance/pages/export.csv", "export.performance", "pages"),
        ("/auth/audit/export.csv", "export.audit", "audit-log"),
    ],
)
def test_an_export_says_who_took_what_under_which_filters(
    ada: Browser, site: Site, superuser: Superuser, path: str, action: str, subject: str
) -> None:
    since = last_entry_id(superuser)
    filters = "query=cara%40customer.example&start_date=2025-04-01&end_date=2025-04-02"
    answer = ada.open(f"{path}?{filters}")
    assert answer.status_code == 200, answer.text
    assert told(site, superuser, since) == [(action, subject)]
    assert detail_of(superuser, action)["filters"] == {
        "query": ["[email]"],
        "start_date": ["2025-04-01"],
        "end_date": ["2025-04-02"],
    }


def test_what_is_refused_leaves_no_entry(
    ada: Browser, site: Site, superuser: Superuser, task_id: UUID
) -> None:
    since = last_entry_id(superuser)
    assert ada.submit(f"/analytics/tasks/{task_id}/call", version="7").status_code == 409
    assert ada.submit("/data/ingest", start_date="", end_date="").status_code == 422
    assert ada.open("/analytics/tasks/nothing/export.csv").status_code == 404
    assert last_entry_id(superuser) == since
