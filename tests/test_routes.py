"""Every route × every kind of caller × every kind of id, as tests/matrix.toml says.

A route that is missing there fails. What is another tenant's and what does not exist are told in
the same bytes, and the other tenant's rows are the same after it all.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.routes import matrix
from tests.routes.asking import (
    KINDS,
    REACHED,
    Asker,
    ask,
    asker,
    expected,
    is_absent,
    names_for,
    outcome,
    plain,
    readable,
    same,
)
from tests.routes.matrix import Route
from tests.routes.world import CALLERS, CANARY, Superuser, Things, digest, furnish, people
from tests.running import Site, port, provider, site

__all__ = ["port", "provider", "site"]

MATRIX = matrix.load()


@dataclass
class Scene:
    """The callers at the door, the things they ask for, and what globex was before."""

    site: Site
    superuser: Superuser
    own: Things
    foreign: Things
    askers: list[Asker]
    before: dict[str, str]
    endpoints: dict[str, str]
    asked: set[str] = field(default_factory=set)

    def entries(self) -> int:
        """How many entries the audit log of acme has."""
        row = self.superuser.execute(
            "select count(*) from audit_entry where tenant_id = %s", (self.site.acme,)
        ).fetchone()
        assert row is not None
        return int(str(row[0]))


@pytest.fixture(scope="module")
def scene(site: Site, superuser: Superuser) -> Iterator[Scene]:
    hooli = people(site, superuser)
    askers = []
    for caller in CALLERS:
        tenant = hooli if caller.name == "stranger" else site.acme
        askers.append(asker(site, superuser, caller, tenant))
    own, foreign = (
        furnish(superuser, tenant, prefix)
        for tenant, prefix in ((site.acme, "A"), (site.globex, "G"))
    )
    superuser.execute("update membership set is_active = false where email = 'dan@acme.example'")
    endpoints = matrix.endpoints_of(site.app)
    yield Scene(site, superuser, own, foreign, askers, digest(superuser, site.globex), endpoints)
    for one in askers:
        one.browser.close()


def test_the_matrix_has_every_route_and_no_other(site: Site) -> None:
    assert sorted(matrix.endpoints_of(site.app)) == sorted(MATRIX)


@pytest.mark.parametrize("key", MATRIX)
def test_a_route_answers_everybody_as_the_matrix_says(scene: Scene, key: str) -> None:
    route, faults = MATRIX[key], []
    entries, was_done = scene.entries(), False
    for who in scene.askers:
        answers = {}
        for kind in KINDS if route.id else ("own",):
            names = names_for(route, kind, scene.own, scene.foreign)
            answer = ask(scene.site, who, route, scene.endpoints[key], names)
            found, wanted = outcome(answer), expected(route, who.caller, kind)
            answers[kind] = plain(answer, names)
            if not same(found, wanted, answer):
                faults.append((who.caller.name, kind, f"{answer.status_code} is not {wanted}"))
            if who.caller.role == "viewer" and kind == "own":
                faults += [("viewer", "sees", c) for c in CANARY if c in readable(answer)]
            was_done |= wanted == REACHED and answer.status_code < 400
        faults += _told_apart(route, who, answers)
    assert not faults, "\n".join(map(str, faults))
    assert was_done or route.open, "nobody who may got through"
    if route.is_change and not route.silent and not route.open:
        assert scene.entries() > entries, "the change left no entry in the audit log"
    scene.asked.add(key)


def test_nothing_of_the_other_tenant_changed(scene: Scene) -> None:
    assert scene.asked == set(MATRIX), "this test looks at what the ones above did"
    assert scene.before["task"] and scene.before["membership"] and scene.before["users"]
    assert digest(scene.superuser, scene.site.globex) == scene.before


def _told_apart(
    route: Route, who: Asker, answers: dict[str, tuple[object, ...]]
) -> list[tuple[str, str, str]]:
    """Whether a caller learns that another tenant's thing, or another branch's, exists."""
    if route.id is None:
        return []
    absent = ["foreign"]
    if is_absent(route, who.caller):
        absent.append("own")
    return [
        (who.caller.name, kind, f"is told apart from a missing one: {_difference(answers, kind)}")
        for kind in absent
        if answers[kind] != answers["missing"]
    ]


def _difference(answers: dict[str, tuple[object, ...]], kind: str) -> str:
    texts = [str(answers[name]).split("\\n") for name in (kind, "missing")]
    lines = difflib.unified_diff(*texts, lineterm="", n=0)
    return " ".join(lines)[:400]
