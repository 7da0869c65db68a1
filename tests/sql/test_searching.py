"""What a member does not see is not found, not by one letter, and nothing is in its order."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.customers.queries import list_customers
from app.database.engine import tenant_transaction
from app.database.tenancy import Scope
from app.dates import DateRange, utc_now
from app.tasks import queries
from app.tasks.queries import Place, TaskFilters
from tests.branches import ABSENT, PARTLY, WHOLE, Customer, build, world_of_members
from tests.customers.world import Superuser, World, ago
from tests.scopes import EVERYTHING, at

MEMBER = "rae@acme.example"
REP, VIEWER, NEAR_VIEWER = at("D01", owner=MEMBER), Scope(None), Scope(("D01",))
PERIOD = DateRange(utc_now().date() - timedelta(days=90), utc_now().date() + timedelta(days=1))
PLACE = Place(limit=200)


@pytest.fixture(scope="module")
def world(config: object, superuser: Superuser) -> World:
    """A tenant with the member, an admin, and two people without a company."""
    made = world_of_members(superuser, MEMBER)
    for contact, name in (("a@p.example", "Zoe Zorn"), ("z@p.example", "Abe Ames")):
        made.contact(contact, name=name, email=contact, phone="0990", branch_id="D01")
        words = {
            "words": f" {name} 0990 {contact.replace('@', ' ')}".lower(),
            "shown_words": " ",
            "contact_words": f" {name} 0990 {contact.replace('@', ' ')}".lower(),
        }
        made.task("cart", ago(days=2), contact=contact, name=name, **words)
    return made


@pytest.fixture(scope="module")
def cast_of(world: World) -> dict[str, Customer]:
    return build(world, MEMBER)


def found(world: World, scope: Scope, query: str) -> set[str]:
    """The keys of customers that a search finds, in the list of customers or a list of tasks."""
    filters = TaskFilters(PERIOD, scope, query=query)
    with tenant_transaction(world.tenant_id) as conn:
        tenant_id = world.tenant_id
        rows = list_customers(conn, tenant_id, scope, query, "name", 200, 0)[0]
        tasks = [
            *queries.get_cart_abandonment_tasks(conn, tenant_id, filters, PLACE),
            *queries.get_purchase_tasks(conn, tenant_id, filters, PLACE),
        ]
        counts = queries.count_tasks(conn, tenant_id, ("cart", "purchase"), filters)
    assert sum(count.tasks for count in counts) == len(tasks), "the counts tell what rows do not"
    return {row.customer_key for row in rows} | {task.customer_key for task in tasks}


@pytest.mark.parametrize("word", [*WHOLE, *PARTLY, *ABSENT])
def test_people_of_another_branch_are_not_found(
    world: World, cast_of: dict[str, Customer], word: str
) -> None:
    about = cast_of[word]
    person, mail, phone = about.hidden[:3]
    for text in (person, person[:-1], mail, phone, phone[:-1], about.contact):
        assert about.key in found(world, EVERYTHING, text)
        assert (about.key in found(world, REP, text)) is (word in WHOLE), text
    assert (about.key in found(world, REP, f"{word}firm")) is (word not in ABSENT)


@pytest.mark.parametrize("scope", [VIEWER, NEAR_VIEWER], ids=["all branches", "one branch"])
def test_what_is_masked_is_not_found(
    world: World, cast_of: dict[str, Customer], scope: Scope
) -> None:
    near = cast_of["near"]
    for text in (*near.hidden[:3], near.hidden[0][:5], near.hidden[2][:5]):
        assert found(world, scope, text) == set(), text
    assert near.key in found(world, scope, "nearfirm")
    assert near.key in found(world, scope, near.contact), "an id that is no address is shown"
    everybody = found(world, EVERYTHING, "0990")
    assert everybody == {"c:a@p.example", "c:z@p.example"}
    for text in ("zoe", "z", "a", "099", "0990", "a@p.example"):
        assert not found(world, scope, text) & everybody, text


def test_what_is_masked_is_in_no_order(world: World, cast_of: dict[str, Customer]) -> None:
    for scope, wanted in ((EVERYTHING, ["abe ames", "zoe zorn"]), (VIEWER, ["", ""])):
        filters = TaskFilters(PERIOD, scope, sort_field="customer", sort_order="asc")
        with tenant_transaction(world.tenant_id) as conn:
            tasks = queries.get_cart_abandonment_tasks(conn, world.tenant_id, filters, PLACE)
            rows = list_customers(conn, world.tenant_id, scope, "", "name", 200, 0)[0]
        people = [task.sort_key for task in tasks if task.company_id is None]
        assert people == wanted
        named = [row.customer_name for row in rows if row.customer_key.startswith("c:")]
        by_key = ["Zoe Zorn", "Abe Ames"]
        assert named == (by_key if scope.is_masked else sorted(by_key))
