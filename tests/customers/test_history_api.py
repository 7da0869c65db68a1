"""Histories as JSON: shape, paging, and who may see them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from tests.customers.world import World, ago, item
from tests.running import ADA, GUS, REP, VIEWER, Member, Site
from tests.tasks.queue_page import world

__all__ = ["world"]
START = ago(days=2)
SESSION = "/analytics/api/v1/history/session"
USER = "/analytics/api/v1/history/user"


def at(seconds: int) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def visit(world: World) -> World:
    """A visit of contact U1 of company K1 with three events, and an order."""
    world.contact("U1", "K1", name="Ann Lee")
    world.session("p1.7", 100, START, contact="U1", company="K1")
    world.session("p2.9", 100, START, contact="U2", branch="D09")
    world.event("page_view", START, "p1.7", 100, page_title="Home", user_id="U1")
    world.event("add_to_cart", at(60), "p1.7", 100, items_json=[item("A", 10)], value=10)
    world.event("purchase", at(90), "p1.7", 100, transaction_id="T1", revenue=10, currency="USD")
    world.event("page_view", START, "p2.9", 100, page_title="Other")
    world.order("T1", at(90), 10, contact="U1", company="K1", session_id="p1.7.100")
    return world


def asked(site: Site, path: str, member: Member = ADA, **more: Any) -> Any:
    answer: requests.Response = site.api(path, member, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_viewer_sees_ids_that_are_addresses_shortened(site: Site, world: World) -> None:
    world.session("p3", 1, START, contact="ann@k1.example")
    world.event("page_view", START, "p3", 1, user_id="ann@k1.example")
    for member, shown in ((ADA, "ann@k1.example"), (VIEWER, "a•••@k1.example")):
        (row,) = asked(site, f"{SESSION}/p3.1", member)["data"]
        assert row["contact_id"] == shown
    (row,) = asked(site, f"{USER}/ann@k1.example", ADA)["data"]
    assert row["contact_id"] == "ann@k1.example", "a viewer asks by a sealed key: test_sealed_keys"


def test_a_sessions_events_in_order(site: Site, visit: World) -> None:
    page = asked(site, f"{SESSION}/p1.7.100")
    assert {key: page[key] for key in ("total", "page", "limit", "has_more", "next")} == {
        "total": 3,
        "page": 1,
        "limit": 50,
        "has_more": False,
        "next": None,
    }
    assert [(e["place"], e["event_name"], e["offset_s"]) for e in page["data"]] == [
        (1, "page_view", 0),
        (2, "add_to_cart", 60),
        (3, "purchase", 90),
    ]
    assert page["data"][2] == {
        "place": 3,
        "event_ts": at(90).isoformat().replace("+00:00", "Z"),
        "offset_s": 90,
        "event_name": "purchase",
        "page_url": None,
        "contact_id": "U1",
        "label": "T1",
        "item_id": None,
        "amount": "10.00",
        "currency": "USD",
        "term": None,
        "items": None,
    }
    assert page["data"][1]["items"][0]["item_id"] == "A"


def test_next_leads_through_all_events(site: Site, visit: World) -> None:
    seen, path = [], f"{SESSION}/p1.7.100?limit=2"
    while path:
        page = asked(site, path)
        seen += [event["place"] for event in page["data"]]
        path = page["next"]
    assert seen == [1, 2, 3]
    assert [e["place"] for e in asked(site, f"{SESSION}/p1.7.100?limit=2&page=2")["data"]] == [3]


def test_a_companys_history_newest_first(site: Site, visit: World) -> None:
    page = asked(site, f"{USER}/k:K1")
    assert [(e["kind"], e["key"]) for e in page["data"]] == [
        ("order", "T1"),
        ("session", "p1.7.100"),
    ]
    assert page["data"][0]["amount"] == "10.00"
    assert page["data"][1]["detail"]["page_views"] == 1
    assert asked(site, f"{USER}/U1")["data"] == page["data"]
    assert asked(site, f"{USER}/k%3AK1?kind=order")["total"] == 1


def test_next_leads_through_the_whole_history(site: Site, visit: World) -> None:
    for number in range(7):
        visit.order(f"S{number}", START, 1, company="K1")
    seen, path = [], f"{USER}/k:K1?limit=3&kind=order"
    while path:
        page = asked(site, path)
        assert page["total"] == 8
        seen += [entry["key"] for entry in page["data"]]
        path = page["next"]
    assert seen == ["T1", "S6", "S5", "S4", "S3", "S2", "S1", "S0"]
    second = asked(site, f"{USER}/k:K1?limit=3&kind=order&page=2")
    assert [entry["key"] for entry in second["data"]] == ["S4", "S3", "S2"]


def test_a_rep_of_other_branches_gets_404(site: Site, visit: World) -> None:
    for path in (f"{SESSION}/p2.9.100", f"{USER}/c:U2", f"{USER}/U2"):
        assert asked(site, path)["total"] == 1
        refused = site.api(path, REP)
        assert (refused.status_code, refused.json()["error"]) == (404, "not_found")
    assert asked(site, f"{SESSION}/p1.7.100", REP)["total"] == 3


def test_another_tenant_and_what_is_not_there_are_the_same_404(site: Site, visit: World) -> None:
    for path in (f"{SESSION}/p1.7.100", f"{USER}/k:K1", f"{USER}/U1"):
        stranger = site.api(path, GUS, site.globex)
        missing = site.api(path + "9", ADA)
        assert stranger.status_code == missing.status_code == 404
        assert stranger.json()["message"] == missing.json()["message"]
    assert requests.get(site.url(f"{USER}/U1")).status_code == 401


@pytest.mark.parametrize(
    "wrong", ["limit=0", "limit=201", "page=0", "kind=x", "cursor=x", "cursor=W10%3D"]
)
def test_a_wrong_question_is_refused(site: Site, visit: World, wrong: str) -> None:
    refused = site.api(f"{USER}/k:K1?{wrong}")
    assert (refused.status_code, refused.json()["error"]) == (422, "invalid")


def test_ids_with_any_characters_can_be_asked_for(site: Site, visit: World) -> None:
    visit.order("X", START, 5, contact="a b/é?")
    assert asked(site, f"{USER}/a%20b%2F%C3%A9%3F")["total"] == 1
    assert asked(site, f"{USER}/c:a~20b~2F~C3~A9~3F")["total"] == 1


def test_both_are_described(site: Site) -> None:
    paths = requests.get(site.url("/openapi.json")).json()["paths"]
    assert any("history/session" in path for path in paths)
    assert any("history/user" in path for path in paths)
