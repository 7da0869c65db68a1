"""Every query that names customers, contacts, orders or exclusions, asked by a member of D01."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection

from app.customers import exclusions
from app.customers import queries as customers
from app.customers.history_queries import find_session, get_session_history, get_user_history
from app.dashboard.orders.queries import OrderQuestion, list_orders
from app.dashboard.sessions.queries import SessionQuestion, list_sessions
from app.database.engine import tenant_transaction
from app.database.tenancy import Scope
from app.dates import DateRange, utc_now
from app.tasks import queries
from app.tasks.contacts import list_contacts
from app.tasks.lists import context as lookups
from app.tasks.queries import Place, TaskFilters
from app.tasks.queue import queries as queue_queries
from tests.branches import ABSENT, PARTLY, WHOLE, Customer, build, world_of_members
from tests.customers.world import Superuser, World
from tests.scopes import EVERYTHING, at

MEMBER = "rae@acme.example"
SCOPE = at("D01", owner=MEMBER)
PERIOD = DateRange(utc_now().date() - timedelta(days=90), utc_now().date() + timedelta(days=1))
PLACE = Place(limit=200)
Ask = Callable[[Connection, UUID, Scope, Customer], object]


def task_list(name: str, **more: Any) -> Ask:
    """A list under filters that name everything."""

    def ask(conn: Connection, tenant_id: UUID, scope: Scope, about: Customer) -> object:
        filters = TaskFilters(PERIOD, scope, **more)
        return getattr(queries, name)(conn, tenant_id, filters, PLACE)

    return ask


# What is asked about one customer, and which of its hidden words the answer holds for who sees all.
QUERIES: dict[str, tuple[Ask, tuple[str, ...]]] = {
    "find_task": (lambda c, t, s, x: queries.find_task(c, t, s, x.purchase), ("order", "person")),
    "get_tasks": (lambda c, t, s, x: queries.get_tasks(c, t, s, [x.cart]), ("item",)),
    "list_contacts": (
        lambda c, t, s, x: list_contacts(c, t, s, [x.company])[x.company],
        ("person", "mail"),
    ),
    "get_purchase_tasks": (task_list("get_purchase_tasks"), ("order", "person")),
    "get_cart_abandonment_tasks": (task_list("get_cart_abandonment_tasks"), ("item",)),
    "list_orders": (
        lambda c, t, s, x: list_orders(c, t, OrderQuestion(PERIOD, s), 500, 0),
        ("order", "person"),
    ),
    "list_sessions": (
        lambda c, t, s, x: list_sessions(c, t, SessionQuestion(PERIOD, s), 500, 0),
        ("person",),
    ),
    "get_task_queue": (
        lambda c, t, s, x: queue_queries.get_task_queue(c, t, TaskFilters(PERIOD, s), PLACE),
        ("order", "item"),
    ),
    "get_customer_summaries": (
        lambda c, t, s, x: queue_queries.get_customer_summaries(c, t, s, [x.key]),
        ("revenue",),
    ),
    "list_last_words": (
        lambda c, t, s, x: queue_queries.list_last_words(c, t, s, [x.key]),
        ("step",),
    ),
    "list_order_lines": (
        lambda c, t, s, x: lookups.list_order_lines(c, t, s, _purchase(c, t, x)),
        ("item",),
    ),
    "list_earlier_orders": (
        lambda c, t, s, x: lookups.list_earlier_orders(c, t, s, _later(_purchase(c, t, x))),
        ("order",),
    ),
    "find_order_visit": (lambda c, t, s, x: lookups.find_order_visit(c, t, s, x.order), ("page",)),
    "list_customers": (
        lambda c, t, s, x: _row_of(customers.list_customers(c, t, s, "", "name", 200, 0)[0], x),
        ("revenue",),
    ),
    "find_customer": (lambda c, t, s, x: customers.find_customer(c, t, s, x.key), ("revenue",)),
    "list_people": (
        lambda c, t, s, x: customers.list_people(c, t, s, x.key),
        ("person", "mail"),
    ),
    "list_devices": (lambda c, t, s, x: customers.list_devices(c, t, s, x.key), ("'U",)),
    "list_products": (lambda c, t, s, x: customers.list_products(c, t, s, x.key), ("item",)),
    "get_user_history": (
        lambda c, t, s, x: get_user_history(c, t, s, x.key),
        ("order", "note", "step", "item"),
    ),
    "a contact's history": (
        lambda c, t, s, x: get_user_history(c, t, s, x.contact),
        ("order",),
    ),
    "find_session": (lambda c, t, s, x: find_session(c, t, s, x.session), ("person",)),
    "get_session_history": (
        lambda c, t, s, x: get_session_history(c, t, s, x.session),
        ("page",),
    ),
    "list_exclusions": (lambda c, t, s, x: exclusions.list_exclusions(c, t, s), ("'K{}'",)),
}
SELECT_BY_BRANCH = {
    "get_purchase_tasks",
    "get_cart_abandonment_tasks",
    "list_orders",
    "list_sessions",
}


@pytest.fixture(scope="module")
def world(config: object, superuser: Superuser) -> World:
    """A tenant with the member among its people."""
    return world_of_members(superuser, MEMBER)


@pytest.fixture(scope="module")
def cast_of(world: World) -> dict[str, Customer]:
    made = build(world, MEMBER)
    for one in made.values():
        world.insert("exclusion", kind="company", value=one.company, reason="x", created_by="x")
    return made


@pytest.fixture(autouse=True)
def excluded_only_where_asked(world: World, request: pytest.FixtureRequest) -> None:
    """Exclusions would hide the tasks from every list."""
    kind = "company" if "list_exclusions" in request.node.name else "contact"
    world.superuser.execute("update exclusion set kind = %s", (kind,))


@pytest.mark.parametrize("name", QUERIES)
def test_of_a_customer_of_another_branch_nothing_is_told(
    world: World, cast_of: dict[str, Customer], name: str
) -> None:
    ask, words = QUERIES[name]
    for word in (*WHOLE, *PARTLY, *ABSENT):
        about = cast_of[word]
        told, everything = (_told(world, ask, scope, about) for scope in (SCOPE, EVERYTHING))
        wanted = [_filled(one, about) for one in words]
        assert all(one in everything for one in wanted), f"{name} does not tell {wanted} at all"
        if word in WHOLE and name not in SELECT_BY_BRANCH:
            assert all(one in told for one in wanted), f"{word} is whole, and misses {wanted}"
        elif word not in WHOLE:
            outside = (*wanted, *about.hidden, *([about.company] if word in ABSENT else []))
            assert not [one for one in outside if one in told], word


def test_who_sleeps_elsewhere_is_not_counted(world: World, cast_of: dict[str, Customer]) -> None:
    """Of one task of each customer, at D03, those count that are seen whole."""
    later = utc_now() + timedelta(days=2)
    world.superuser.execute(
        "update task set state = 'snoozed', snoozed_until = %s"
        " where tenant_id = %s and task_type = 'cart' and branch_id = 'D03'",
        (later, world.tenant_id),
    )
    week = utc_now() - timedelta(days=7)
    with tenant_transaction(world.tenant_id) as conn:
        for scope, wanted in ((EVERYTHING, len(cast_of)), (SCOPE, len(WHOLE)), (at("D02"), 0)):
            counts = queue_queries.get_queue_counts(
                conn, world.tenant_id, scope, PERIOD, week, None, None, None
            )
            assert counts.snoozed == wanted, scope


def _told(world: World, ask: Ask, scope: Scope, about: Customer) -> str:
    with tenant_transaction(world.tenant_id) as conn:
        return repr(ask(conn, world.tenant_id, scope, about))


def _filled(word: str, about: Customer) -> str:
    """`person` as it stands in the rows of this customer: `farperson`."""
    if word == "'U":
        return word
    if word == "revenue":
        return about.hidden[4].replace(",", "")
    return word.format(about.word) if "{" in word else f"{about.word}{word}"


def _purchase(conn: Connection, tenant_id: UUID, about: Customer) -> queries.Task:
    found = queries.find_task(conn, tenant_id, EVERYTHING, about.purchase)
    assert found is not None
    return found


def _later(purchase: queries.Task) -> queries.Task:
    """The same purchase, long after."""
    return replace(purchase, first_at=purchase.first_at + timedelta(days=30))


def _row_of(rows: list[customers.CustomerRow], about: Customer) -> list[customers.CustomerRow]:
    return [row for row in rows if row.customer_key == about.key]
