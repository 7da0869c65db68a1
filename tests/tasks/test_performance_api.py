"""Performance as JSON: three views of one address."""

from __future__ import annotations

from typing import Any

import pytest

from tests.running import GUS, REP, VIEWER, Member, Site
from tests.tasks.shop_rows import DAYS, PAGE, loaded

__all__ = ["loaded"]

PATH = f"/analytics/api/v1/tasks/performance?{DAYS}"


def answer(site: Site, query: str = "", **asked: Any) -> dict[str, Any]:
    response = site.api(f"{PATH}{query}", **asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_branches_are_rows_with_money_as_text_and_rates_as_numbers(site: Site) -> None:
    found = answer(site)
    assert (found["total"], found["page"], found["has_more"], found["next"]) == (2, 1, False, None)
    assert found["data"][0] == {
        "location_id": "D01",
        "name": "Harbour & <Sons>",
        "status": "active",
        "currency": "USD",
        "sessions": 36,
        "visitors": 35,
        "orders": 1,
        "revenue": "50.00",
        "refunds": "0.00",
        "net_revenue": "50.00",
        "conversion_rate": 2.78,
        "average_order": "50.00",
        "abandoned_carts": 0,
        "cart_abandonment": None,
        "top_items": [
            {"item_id": "A", "item_name": "=Valve <i>", "quantity": 2.0, "revenue": "50.00"},
        ],
    }
    assert found["data"][1]["average_order"] is None


def test_pages_are_rows_too(site: Site) -> None:
    found = answer(site, "&view=pages")
    assert found["data"] == [
        {
            "page": PAGE,
            "sessions": 40,
            "bounces": 10,
            "bounce_rate": 25.0,
            "value": "15.62",
            "currency": "USD",
        }
    ]
    assert answer(site, "&view=pages&query=nothing")["data"] == []


def test_a_page_of_branches_leads_to_the_next(site: Site) -> None:
    first = answer(site, "&limit=1")
    assert (len(first["data"]), first["has_more"]) == (1, True)
    after = site.api(first["next"]).json()
    assert [row["location_id"] for row in after["data"]] == ["D03"]


def test_sessions_are_tasks(site: Site, superuser: Any) -> None:
    superuser.execute(
        "insert into task (tenant_id, task_type, subject, first_at, order_key, task_id, last_at,"
        " last_date, contact_id, company_id, customer_key, customer_name, branch_id,"
        " ready_at, expires_at, currency, value, is_value_incomplete,"
        " estimate_sessions, is_task, is_flagged, has_checkout, reach, is_known_buyer, detail,"
        " words, row_hash) values (%s, 'bounce', 'c:U1', '2025-04-01', '', gen_random_uuid(),"
        " '2025-04-01', '2025-04-01', 'U1', 'K1', 'k:K1', 'Kay One', 'D01', '2025-04-01',"
        " '2099-01-01', '', 16, false, 0, true, false, false, 10, false, '{}', ' ', 0)",
        (site.acme,),
    )
    (row,) = answer(site, "&view=sessions")["data"]
    known = (row["type"], row["state"], row["outcome"], row["version"])
    assert known == ("bounce", "open", None, 0)
    assert (row["value"], row["currency"], row["is_value_incomplete"]) == ("16.00", "USD", False)
    assert (row["location_id"], row["customer"]["name"]) == ("D01", "Kay One")
    assert [person["contact_id"] for person in row["contacts"]] == ["U1"]
    assert {"task_id", "score", "first_evidence_at", "last_evidence_at", "owner"} <= set(row)
    (masked,) = answer(site, "&view=sessions", member=VIEWER)["data"]
    assert masked["contacts"] == []
    superuser.execute("delete from task where task_type = 'bounce'")


@pytest.mark.parametrize("view", ["branches", "pages", "sessions"])
def test_globex_sees_nothing_and_a_rep_the_own_branches(site: Site, view: str) -> None:
    assert answer(site, f"&view={view}", member=GUS, tenant=site.globex)["data"] == []
    found = answer(site, f"&view={view}", member=REP)["data"]
    assert {row.get("location_id", "D01") for row in found} <= {"D01", "D02"}
    assert site.api(f"{PATH}&view={view}&location_id=D03", REP).status_code == 403


@pytest.mark.parametrize("query", ["view=gone", "page=0", "limit=500", "query=" + "x" * 201])
def test_a_wrong_query_is_refused(site: Site, query: str) -> None:
    assert site.api(f"{PATH}&{query}").status_code == 422


@pytest.mark.parametrize("member", [GUS])
def test_a_stranger_is_refused(site: Site, member: Member) -> None:
    assert site.api(PATH, member, site.acme).status_code in (403, 404)
