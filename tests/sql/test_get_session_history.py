"""The events of one session, in order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.customers.history_queries import Event, find_session, get_session_history
from app.database.engine import tenant_transaction
from tests.customers.world import Superuser, World, ago, item
from tests.scopes import EVERYTHING, at
from tests.sql.comparing import make_tenant

START = ago(days=2)


@pytest.fixture
def world(config: object, superuser: Superuser) -> World:
    """A tenant with one session of six events, and another visitor's with the same number."""
    made = World(superuser, make_tenant(superuser, "UTC", "USD"))
    made.session("p1.7", 100, START, contact="U1")
    made.session("p2.7", 100, START)
    seen = {"visitor": "p1.7", "number": 100}
    made.event("page_view", START, **seen, page_title="Home", page_url="https://shop.example/")
    made.event("view_search_results", after(10), **seen, search_term="valve", term="valve")
    made.event("no_search_results", after(20), **seen, search_term="vlave", term="vlave")
    made.event("view_item", after(30), **seen, item_id="A", item_name="Valve", item_price=100)
    made.event("add_to_cart", after(400), **seen, items_json=[item("A", 100, 2, "Valve")])
    made.event("purchase", after(400), **seen, transaction_id="T1", revenue=200)
    made.event("page_view", START, "p2.7", 100, page_title="Other")
    return made


def after(seconds: int) -> object:
    return START + timedelta(seconds=seconds)


def history(world: World, session_id: str = "p1.7.100", **more: object) -> tuple[list[Event], int]:
    with tenant_transaction(world.tenant_id) as conn:
        return get_session_history(
            conn,
            world.tenant_id,
            EVERYTHING,
            session_id,
            **more,  # type: ignore[arg-type]
        )


def test_events_stand_in_order_with_their_offsets(world: World) -> None:
    events, total = history(world)
    assert total == 6
    assert [(e.place, e.event_name, e.offset_s) for e in events] == [
        (1, "page_view", 0),
        (2, "view_search_results", 10),
        (3, "no_search_results", 20),
        (4, "view_item", 30),
        (5, "add_to_cart", 400),
        (6, "purchase", 400),
    ]
    assert (events[0].label, events[1].term, events[3].item_id) == ("Home", "valve", "A")
    assert (events[5].label, events[5].amount) == ("T1", 200)
    assert events[4].items == [item("A", 100, 2, "Valve")]


def test_two_visitors_with_one_ga_session_id_are_two_sessions(world: World) -> None:
    events, total = history(world, "p2.7.100")
    assert ([e.label for e in events], total) == (["Other"], 1)


def test_pages_lead_forth_and_back(world: World) -> None:
    places = lambda **more: [e.place for e in history(world, **more)[0]]  # noqa: E731
    assert places(limit=2) == [1, 2]
    assert places(limit=2, after=2) == [3, 4]
    assert places(limit=2, after=5, is_back=True) == [3, 4]
    assert places(limit=2, after=6) == []


@pytest.mark.parametrize("name", ["", "p1.7", "p1.7.", "x.1", "p1.7.999999999999999999999", "a.b"])
def test_what_is_no_session_has_no_events(world: World, name: str) -> None:
    assert history(world, name) == ([], 0)
    with tenant_transaction(world.tenant_id) as conn:
        assert find_session(conn, world.tenant_id, EVERYTHING, name) is None


def test_a_session_knows_its_neighbours_of_the_branches_that_may_be_seen(world: World) -> None:
    world.session("p1.7", 99, ago(days=3), contact="U1", branch="D02")
    world.session("p9", 1, ago(days=4), contact="U1")
    with tenant_transaction(world.tenant_id) as conn:
        anywhere = find_session(conn, world.tenant_id, EVERYTHING, "p1.7.100")
        here = find_session(conn, world.tenant_id, at("D01"), "p1.7.100")
        elsewhere = find_session(conn, world.tenant_id, at("D02"), "p1.7.100")
    assert anywhere is not None and here is not None
    assert (anywhere.previous_id, anywhere.next_id) == ("p1.7.99", None)
    assert here.previous_id == "p9.1"
    assert elsewhere is None


def test_another_tenant_sees_no_event(world: World) -> None:
    stranger = World(world.superuser, make_tenant(world.superuser, "UTC", "USD"))
    assert history(stranger) == ([], 0)


def test_an_event_belongs_to_its_own_contact_else_the_nearest_earlier_else_later(
    world: World,
) -> None:
    world.session("p3", 5, START, contact="U2")
    named = (None, "U1", None, "U2", None)
    for number, contact in enumerate(named):
        seen = {"user_id": contact, "page_title": str(number)}
        world.event("page_view", after(number), "p3", 5, **seen)
    events, _ = history(world, "p3.5")
    assert [e.contact_id for e in events] == ["U1", "U1", "U1", "U2", "U2"]
    last, _ = history(world, "p3.5", limit=1, after=4)
    assert [e.contact_id for e in last] == ["U2"]
    assert {e.contact_id for e in history(world)[0]} == {"U1"}  # of the session's other events
