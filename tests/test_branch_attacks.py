"""What a member of one branch tries to see or take a customer of another: each attempt fails."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from app.settings import provision
from tests.branches import Customer, build
from tests.customers.world import World, ago, item
from tests.running import ADA, MIA, REP, Browser, Site, port, provider, site
from tests.tasks.acting import act, post

__all__ = ["port", "provider", "site"]

Superuser = psycopg.Connection[tuple[object, ...]]


@pytest.fixture(scope="module")
def world(site: Site, superuser: Superuser) -> World:
    return World(superuser, site.acme)


@pytest.fixture(scope="module")
def customers(world: World) -> dict[str, Customer]:
    provision.add_member(world.tenant_id, MIA.email, "manager", ["D01"])
    return build(world, REP.email)


@pytest.fixture(scope="module")
def mia(site: Site, customers: dict[str, Customer]) -> Iterator[Browser]:
    """The manager of D01."""
    with Browser(site) as opened:
        opened.sign_in(MIA)
        yield opened


@pytest.fixture(scope="module")
def rae(site: Site, customers: dict[str, Customer]) -> Iterator[Browser]:
    """A rep who owns some of the customers."""
    with Browser(site) as opened:
        opened.sign_in(REP)
        yield opened


@pytest.mark.parametrize("name", ["Zoe Owner", "hal@acme.example"])
def test_a_name_chosen_at_the_provider_opens_no_customer(
    mia: Browser, world: World, name: str
) -> None:
    company = f"K{len(name)}"
    world.contact(
        f"U{company}",
        company,
        branch_id="D03",
        account_owner=name,
        name="Ann Hidden",
        buying_company_name="Hidden firm",
    )
    world.task("cart", ago(days=2), company=company, name="Hidden firm", branch="D03")
    world.superuser.execute(
        "update membership set name = %s where tenant_id = %s and lower(email) = %s",
        (name, world.tenant_id, MIA.email),
    )
    assert mia.open(f"/analytics/customers/k:{company}").status_code == 404


@pytest.mark.parametrize("word", ["far", "held", "given"])
def test_a_visit_gives_nobody_the_right_to_assign_its_customer(
    mia: Browser, rae: Browser, customers: dict[str, Customer], word: str
) -> None:
    about = customers[word]
    assert about.visit is not None
    before = rae.open(f"/analytics/customers/{about.key}").status_code
    refused = act(mia, about.visit, "assign", owner=MIA.email)
    assert refused.status_code == 422
    assert "only part of this customer" in refused.text
    form = {"task": f"{about.visit}~0", "action": "assign", "owner": MIA.email}
    bulk = post(mia, "/analytics/tasks/cart-abandonment/bulk?range=30d", form)
    assert "Assigned 0" in bulk.text
    assert rae.open(f"/analytics/customers/{about.key}").status_code == before
    assert mia.open(f"/analytics/tasks/{about.cart}").status_code == 404


def test_a_customer_that_is_nobodys_yet_may_be_assigned(mia: Browser, world: World) -> None:
    task_id = world.task("cart", ago(days=2), company="Knew", name="New firm")
    assert act(mia, task_id, "assign", owner=MIA.email).status_code == 200


def test_a_term_of_another_branch_is_not_marked(mia: Browser, site: Site, world: World) -> None:
    _search(world, "elsewhere", "D03")
    _search(world, "here", "D01")
    address = "/analytics/tasks/search-terms/term?range=30d"
    for term, status in (("elsewhere", 404), ("here", 200)):
        form = {"term": term, "status": "fixed", "seen_at": "", "note": "x"}
        assert post(mia, address, form).status_code == status
    marked = world.superuser.execute("select term from search_term").fetchall()
    assert marked == [("here",)]


def test_a_term_shows_orders_of_ones_branches_alone(mia: Browser, world: World) -> None:
    _search(world, "saws", "D01", company="Kfar")
    for order, branch in (("there", "D03"), ("near", "D01")):
        world.order(
            f"O{order}",
            ago(days=1),
            50,
            company="Kfar",
            branch=branch,
            items=[item(f"saw-{order}", 1, name=f"saw-{order}")],
        )
    page = mia.open("/analytics/tasks/search-terms/term?term=saws&range=30d").text
    assert "saw-near" in page
    assert "saw-there" not in page


def test_a_session_shows_orders_of_ones_branches_alone(
    mia: Browser, site: Site, world: World
) -> None:
    session = world.session("mixed", 5, ago(days=2), company="Kmixed", branch="D01")
    world.event("page_view", ago(days=2), "mixed", 5, page_title="Seen page")
    world.event(
        "purchase",
        ago(days=2),
        "mixed",
        5,
        transaction_id="MIXED-1",
        revenue=9911,
        order_key="MIXED-1",
        event_name="purchase",
    )
    world.order("MIXED-1", ago(days=2), 9911, company="Kmixed", branch="D03", session_id=session)
    world.superuser.execute(
        "update shop_order set session_key = %s where order_key = 'MIXED-1'",
        (world.key("mixed", 5),),
    )
    page = mia.open(f"/analytics/sessions/{session}").text
    assert "Seen page" in page
    assert "MIXED-1" not in page
    with Browser(site) as admin:
        admin.sign_in(ADA)
        assert "MIXED-1" in admin.open(f"/analytics/sessions/{session}").text


def _search(world: World, term: str, branch: str, company: str = "Kx") -> None:
    """One failed search four days ago."""
    world.superuser.execute(
        "insert into term_visit (tenant_id, session_key, session_id, position, event_date,"
        " branch_id, term, term_key, customer_key, found, failed, is_first, is_first_failed,"
        " is_converted, last_at)"
        " values (%(t)s, %(n)s, %(s)s, 1, %(day)s, %(branch)s, %(term)s,"
        " hashtextextended(%(term)s, 0), %(key)s, 0, 2, true, true, false, %(at)s)",
        {
            "t": world.tenant_id,
            "n": len(term),
            "s": f"{term}.1",
            "branch": branch,
            "term": term,
            "key": f"k:{company}",
            "at": ago(days=4),
            "day": world.day(ago(days=4)),
        },
    )
