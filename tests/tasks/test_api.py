"""Tasks as JSON: lists, scope, changes and refusals, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from app import jobs
from app.database import engine as db
from app.dates import utc_now
from app.ingest.files.customer_file import BranchRow, ContactRow
from tests.loading import load_days
from tests.oracle.rows import add_to_cart, failed_search, item, purchase
from tests.running import ADA, GUS, REP, VIEWER, Site

LISTS = ("purchases", "cart-abandonment", "search-analysis", "repeat-visits")
FIELDS = {
    "task_id",
    "type",
    "state",
    "outcome",
    "version",
    "score",
    "value",
    "currency",
    "is_value_incomplete",
    "first_evidence_at",
    "last_evidence_at",
    "location_id",
    "customer",
    "contacts",
    "owner",
}


def day(ago: int) -> str:
    return f"{utc_now() - timedelta(days=ago):%Y-%m-%d}"


@pytest.fixture(scope="module", autouse=True)
def loaded(site: Site) -> Iterator[None]:
    """Two carts in D01 and D09, one order and a failed search, of the last days."""
    db.configure(site.config, role="worker")
    jobs.configure(site.config)
    rows = [
        add_to_cart(
            f"{day(5)} 15:00",
            "p",
            1,
            contact="U1",
            branch="D01",
            items=[item("A-1", name="Ball <b>valve</b>", price=30, quantity=2)],
        ),
        add_to_cart(
            f"{day(4)} 15:00", "q", 2, company="K2", branch="D09", items=[item("B", price=5)]
        ),
        failed_search(f"{day(4)} 15:10", "hose", "q", 2, company="K2", branch="D09"),
        purchase(f"{day(3)} 15:00", "r", 3, transaction_id="SO-7", revenue=99, branch="D01"),
    ]
    tables: dict[str, list[dict[str, Any]]] = {
        f"events_{day(ago).replace('-', '')}": [] for ago in range(1, 8)
    }
    for row in rows:
        tables[f"events_{row['event_date']}"].append(row)
    people = [
        ContactRow(
            "U1",
            name="Jane Doe",
            email="jane@k1.test",
            phone="555",
            buying_company_erp_id="K1",
            buying_company_name="Kay One",
        ),
        ContactRow("U2", name="Bo", buying_company_erp_id="K2", buying_company_name="Kay Two"),
        ContactRow("U3", name="Cy", buying_company_erp_id="K2"),
    ]
    load_days(site.acme, tables, contacts=people, branches=[BranchRow("D01", "Harbour")])
    db.configure(site.config)
    yield


def listed(site: Site, name: str, query: str = "", member: Any = ADA) -> dict[str, Any]:
    days = f"start_date={day(9)}&end_date={day(0)}"
    answer = site.api(f"/analytics/api/v1/tasks/{name}?{days}&{query}", member)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def patch(site: Site, task_id: str, body: dict[str, Any], member: Any = ADA) -> requests.Response:
    return requests.patch(
        site.url(f"/analytics/api/v1/tasks/{task_id}"), json=body, headers=site.headers(member)
    )


def test_a_cart_has_the_documented_fields(site: Site) -> None:
    found = listed(site, "cart-abandonment", "sort_field=value")
    assert (found["total"], found["has_more"]) == (2, False)
    cart = found["data"][0]
    assert set(cart) >= FIELDS
    assert (cart["type"], cart["state"], cart["value"], cart["currency"]) == (
        "cart",
        "open",
        "60.00",
        "USD",
    )
    assert cart["customer"] == {"key": "k:K1", "name": "Kay One", "company_id": "K1"}
    assert [c["email"] for c in cart["contacts"]] == ["jane@k1.test"]


def test_a_company_alone_lists_its_contacts(site: Site) -> None:
    (cart,) = listed(site, "cart-abandonment", "location_id=D09")["data"]
    assert [contact["name"] for contact in cart["contacts"]] == ["Bo", "Cy"]


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("query=valve", 1),
        ("query=jane+kay", 1),
        ("query=kay", 2),
        ("query=aisle", 0),
        ("reachable=true", 1),
        ("least_value=10", 1),
        ("state=done", 0),
        ("state=open", 2),
    ],
)
def test_filters(site: Site, query: str, total: int) -> None:
    found = listed(site, "cart-abandonment", query)
    assert (found["total"], len(found["data"])) == (total, total)


def test_pages_follow_each_other(site: Site) -> None:
    first = listed(site, "cart-abandonment", "limit=1&sort_field=value&sort_order=asc")
    assert (first["total"], first["has_more"]) == (2, True)
    second = requests.get(site.url(first["next"]), headers=site.headers()).json()
    assert [row["value"] for row in (*first["data"], *second["data"])] == ["5.00", "60.00"]


@pytest.mark.parametrize("name", LISTS)
def test_strangers_and_empty_tenants_have_empty_lists(site: Site, name: str) -> None:
    answer = requests.get(
        site.url(f"/analytics/api/v1/tasks/{name}?start_date={day(9)}&end_date={day(0)}"),
        headers=site.headers(GUS, site.globex),
    )
    assert answer.json() == {
        "data": [],
        "total": 0,
        "page": 1,
        "limit": 50,
        "has_more": False,
        "next": None,
    }


def test_a_rep_sees_the_own_branch_alone(site: Site) -> None:
    found = listed(site, "cart-abandonment", member=REP)
    assert [row["location_id"] for row in found["data"]] == ["D01"]
    other = listed(site, "cart-abandonment", "location_id=D09")["data"][0]["task_id"]
    assert patch(site, other, {"state": "in_progress", "version": 0}, REP).status_code == 404


def test_a_viewer_sees_no_people_and_changes_nothing(site: Site) -> None:
    found = listed(site, "cart-abandonment", member=VIEWER)
    assert all(row["contacts"] == [] for row in found["data"])
    task_id = found["data"][0]["task_id"]
    assert patch(site, task_id, {"note": "x"}, VIEWER).status_code == 403


def test_a_change_answers_the_task_and_a_stale_one_says_who(site: Site) -> None:
    order = listed(site, "purchases")["data"][0]
    body = {"state": "done", "outcome": "won", "note": "thanked", "version": order["version"]}
    done = patch(site, order["task_id"], body)
    assert done.status_code == 200, done.text
    assert (done.json()["state"], done.json()["outcome"], done.json()["version"]) == (
        "done",
        "won",
        1,
    )
    stale = patch(site, order["task_id"], {"state": "open", "version": 0}, REP)
    assert stale.status_code == 409
    assert stale.json()["changed_by"] == ADA.email
    again = patch(site, order["task_id"], {"state": "open", "version": 1, "owner": REP.email})
    assert (again.json()["state"], again.json()["owner"]) == ("open", REP.email)
    assert again.json()["version"] == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"state": "closed", "version": 0}, 422),
        ({"state": "done", "version": 0}, 422),
        ({"state": "snoozed", "version": 0}, 422),
        ({"state": "in_progress"}, 422),
        ({"state": "snoozed", "version": 0, "snoozed_until": "2020-01-01T00:00:00Z"}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(site: Site, body: dict[str, Any], status: int) -> None:
    task_id = listed(site, "search-analysis")["data"][0]["task_id"]
    answer = patch(site, task_id, body)
    assert (answer.status_code, bool(answer.json()["message"])) == (status, True)


def test_another_tenant_s_task_is_nothing(site: Site) -> None:
    task_id = listed(site, "cart-abandonment")["data"][0]["task_id"]
    answer = requests.patch(
        site.url(f"/analytics/api/v1/tasks/{task_id}"),
        json={"note": "mine"},
        headers=site.headers(GUS, site.globex),
    )
    assert answer.status_code == 404


def test_complete_has_figures_chart_branches_and_task_counts(site: Site) -> None:
    days = f"start_date={day(9)}&end_date={day(0)}"
    found = site.api(f"/analytics/api/v1/stats/complete?{days}").json()
    assert found["orders"] == 1
    assert sum(bucket["orders"] for bucket in found["chart"]) == 1
    assert {row["location_id"] for row in found["locations"]} >= {"D01", "D09"}
    carts = [row for row in found["tasks"] if row["type"] == "cart"]
    assert [(row["state"], row["tasks"], row["value"]) for row in carts] == [("open", 2, "65.00")]
