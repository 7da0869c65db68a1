"""Every route, asked by members of one branch about customers of another: no row, no change.

The world is tests/branches.py. Rae owns and was given some of the customers; Mia and Val have
nothing but their branch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest

from app.settings import provision
from tests.branches import ABSENT, PARTLY, WHOLE, Customer, build
from tests.customers.world import World
from tests.routes import matrix
from tests.routes.asking import Asker, ask, asker, readable
from tests.routes.matrix import Route
from tests.routes.world import Caller, Superuser
from tests.running import ADA, MIA, REP, VAL, Site, port, provider, site

__all__ = ["port", "provider", "site"]

MATRIX = matrix.load()
READS = [key for key, route in MATRIX.items() if not route.is_change]
WRITES = [key for key, route in MATRIX.items() if route.is_change and not route.ends]
BY_HOME = ("near", "bought")  # whole for whoever has D01
CALLERS = (
    Caller("rep", REP, "rep"),
    Caller("manager", MIA, "manager"),
    Caller("viewer", VAL, "viewer"),
)
CHANGED = {
    "task": "task_id = any(%(tasks)s)",
    "task_work": "task_id = any(%(tasks)s)",
    "task_history": "task_id = any(%(tasks)s)",
    "task_cooldown": "task_id = any(%(tasks)s)",
    "customer_note": "customer_key = any(%(keys)s)",
    "do_not_contact": "value = any(%(values)s)",
    "exclusion": "value = any(%(values)s)",
}


@dataclass
class Scene:
    """The members at the door and the customers."""

    site: Site
    superuser: Superuser
    customers: dict[str, Customer]
    askers: list[Asker]
    admin: Asker
    endpoints: dict[str, str]

    def outside(self, who: Asker) -> list[Customer]:
        """The customers that this member does not see whole."""
        whole = WHOLE if who.caller.name == "rep" else BY_HOME
        return [one for word, one in self.customers.items() if word not in whole]

    def ask(self, who: Asker, key: str, about: Customer) -> tuple[int, str]:
        """Status and text of a route's answer, asked for things of that customer."""
        route = MATRIX[key]
        things = names_of(about, str(self.site.acme))
        names = {**things, "id": things.get(route.id or "tenant", str(uuid4()))}
        answer = ask(self.site, who, route, self.endpoints[key], names)
        return answer.status_code, readable(answer)

    def digest(self) -> dict[str, object]:
        """A hash of all that can change of customers that nobody here sees whole."""
        about = [self.customers[word] for word in (*PARTLY, *ABSENT)]
        values = {
            "tasks": [task for one in about for task in (one.cart, one.purchase)],
            "keys": [one.key for one in about],
            "values": [
                x for one in about for x in (one.company, one.contact, f"{one.word}.example")
            ],
        }
        found = {}
        for table, condition in CHANGED.items():
            (found[table],) = self.superuser.execute(
                f"select string_agg(t::text, '|' order by t::text) from {table} as t"
                f" where {condition}",
                values,
            ).fetchone() or (None,)
        return found


def names_of(about: Customer, tenant: str) -> dict[str, str]:
    """The things of a customer that lie at D03, by the words of the matrix."""
    cart, purchase = str(about.cart), str(about.purchase)
    return {
        "tenant": tenant,
        "customer": about.key,
        "session": about.session,
        "task": cart,
        "task_2": purchase,
        "task_3": cart,
        "task_4": purchase,
        "task_5": cart,
        "step": str(about.step),
        "step_2": str(about.step),
    }


@pytest.fixture(scope="module")
def scene(site: Site, superuser: Superuser) -> Iterator[Scene]:
    provision.add_member(site.acme, MIA.email, "manager", ["D01"])
    provision.add_member(site.acme, VAL.email, "viewer", ["D01"])
    askers = [asker(site, superuser, caller, site.acme) for caller in CALLERS]
    admin = asker(site, superuser, Caller("admin", ADA, "admin"), site.acme)
    world = World(superuser, site.acme)
    customers = build(world, REP.email)
    endpoints = matrix.endpoints_of(site.app)
    yield Scene(site, superuser, customers, askers, admin, endpoints)
    for one in (*askers, admin):
        one.browser.close()


@pytest.mark.parametrize("key", READS)
def test_a_read_tells_no_row_of_another_branch(scene: Scene, key: str) -> None:
    route = MATRIX[key]
    for who in scene.askers:
        outside = scene.outside(who)
        for about in outside if route.id else outside[:1]:
            _, text = scene.ask(who, key, about)
            told = [word for one in outside for word in one.hidden if word in text]
            assert not told, (who.caller.name, about.word)


def test_an_admin_is_told_all_of_it(scene: Scene) -> None:
    """So that the words above are ones that the routes do tell."""
    about = [scene.customers[word] for word in (*PARTLY, *ABSENT)]
    texts = [
        scene.ask(scene.admin, key, one)[1]
        for key in READS
        if _is_about_customers(MATRIX[key])
        for one in about
    ]
    missing = {word for one in about for word in one.hidden if not any(word in t for t in texts)}
    assert missing == set()


def test_whoever_owns_a_customer_sees_it_whole(scene: Scene) -> None:
    rep, *others = scene.askers
    key = "GET /analytics/customers/<key:customer_key>"
    for word in WHOLE:
        about = scene.customers[word]
        status, text = scene.ask(rep, key, about)
        assert status == 200 and f"{word}mail" in text and f"{word}note" in text, word
        task = "GET /analytics/tasks/<uuid:task_id>"
        assert scene.ask(rep, task, about)[0] == 200, word
        statuses = {scene.ask(who, task, about)[0] for who in others}
        assert statuses == ({200} if word in BY_HOME else {404}), word


@pytest.mark.parametrize("key", WRITES)
def test_a_write_changes_nothing_of_another_branch(scene: Scene, key: str) -> None:
    before = scene.digest()
    for who in scene.askers:
        for about in scene.outside(who):
            if about.word in (*PARTLY, *ABSENT):
                scene.ask(who, key, about)
    assert scene.digest() == before


@pytest.mark.parametrize(
    ("kind", "value"),
    [("company", "K{}"), ("contact", "U{}"), ("email_domain", "{}.example")],
)
def test_only_customers_that_are_seen_whole_are_excluded(
    scene: Scene, kind: str, value: str
) -> None:
    manager = scene.askers[1]
    unknown = _exclude(scene, manager, kind, value.format("nobody"))
    for word in ("held", *PARTLY, *ABSENT):
        refused = _exclude(scene, manager, kind, value.format(word))
        assert refused == unknown and refused[0] == 403, "as one that nobody knows"
        scene.superuser.execute(
            "insert into exclusion (tenant_id, kind, value, reason, created_by)"
            " values (%s, %s, %s, 'hiddenreason', 'x')",
            (scene.site.acme, kind, value.format(word)),
        )
        assert _exclude(scene, manager, kind, value.format(word), "/end")[0] == 403
    page = manager.browser.open("/analytics/customers/excluded").text
    assert "hiddenreason" not in page
    assert _exclude(scene, manager, kind, value.format("near"))[0] == 303
    assert _exclude(scene, manager, kind, value.format("near"), "/end")[0] == 303
    kept = scene.superuser.execute("delete from exclusion where reason = 'hiddenreason'").rowcount
    assert kept == 4


def test_a_domain_that_others_have_too_is_not_theirs_to_exclude(scene: Scene) -> None:
    """On the page of a customer that is seen whole."""
    manager, near = scene.askers[1], scene.customers["near"]
    world = World(scene.superuser, scene.site.acme)
    for contact, company in (("U8", near.company), ("U9", scene.customers["gone"].company)):
        world.contact(contact, company, email=f"{contact}@shared.example")
    statuses = {
        domain: _post(scene, manager, f"/{near.key}/exclude", email_domain=domain, reason="x")[0]
        for domain in ("shared.example", "near.example")
    }
    assert statuses == {"shared.example": 403, "near.example": 303}
    world.insert(
        "exclusion", kind="email_domain", value="shared.example", reason="x", created_by="x"
    )
    assert _post(scene, manager, f"/{near.key}/include")[0] == 303
    left = scene.superuser.execute("delete from exclusion returning value").fetchall()
    assert left == [("shared.example",)]
    scene.superuser.execute("delete from users where user_id in ('U8', 'U9')")


def _is_about_customers(route: Route) -> bool:
    return route.rule.startswith("/analytics/") and "/email/" not in route.rule


def _exclude(scene: Scene, who: Asker, kind: str, value: str, path: str = "") -> tuple[int, str]:
    status, text = _post(scene, who, f"/excluded{path}", kind=kind, value=value, reason="test")
    said = text.partition("<h1>")[2].partition("Ref")[0]
    return status, said.replace(value, "VALUE")


def _post(scene: Scene, who: Asker, path: str, **form: str) -> tuple[int, str]:
    answer = who.browser.post(
        scene.site.url(f"/analytics/customers{path}"),
        form | {"csrf_token": who.csrf_token},
        allow_redirects=False,
        headers={"Origin": scene.site.base_url},
    )
    return answer.status_code, answer.text
