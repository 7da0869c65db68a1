"""A share of the fuzz on every run; FUZZ=100 asks all of it, as `make fuzz` does."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from tests.fuzz.asking import Fuzzer
from tests.routes import asking, matrix
from tests.routes.matrix import Route
from tests.routes.world import CALLERS, furnish, people
from tests.running import ADA, Browser, Site, port, provider, site

__all__ = ["port", "provider", "site"]

SEED = int(os.environ.get("SEED", "1"))
SHARE = int(os.environ.get("FUZZ", "0"))  # percent of the whole
COUNTS = {"posts": (10_000, 250), "gets": (3_000, 150), "bodies": (1_000, 100)}
CHOOSE: dict[str, Callable[[Route], bool]] = {
    "posts": lambda route: route.is_change and not route.is_api,
    "gets": lambda route: not route.is_change,
    "bodies": lambda route: route.is_change and route.is_api,
}
ASKERS = ("admin", "admin", "manager", "rep", "viewer", "anonymous")
AGAIN_AFTER = 200


@dataclass
class Scene:
    """Who asks, and what there is to ask for."""

    site: Site
    superuser: psycopg.Connection[Any]
    askers: dict[str, asking.Asker]
    fuzzer: Fuzzer

    def renew(self) -> None:
        """Everybody may work again, and signs in again."""
        self.superuser.execute("update membership set is_active = true")
        for name in set(ASKERS):
            caller = next(caller for caller in CALLERS if caller.name == name)
            if name in self.askers:
                self.askers[name].browser.close()
            self.askers[name] = asking.asker(self.site, self.superuser, caller, self.site.acme)


@pytest.fixture(scope="module")
def config(config: Any) -> Any:
    """Without the limit that a fuzzer meets within a minute."""
    return config.model_copy(update={"tenant_calls_per_minute": 1_000_000})


@pytest.fixture(scope="module")
def scene(site: Site, superuser: psycopg.Connection[Any]) -> Iterator[Scene]:
    people(site, superuser)
    site.app.config["RATELIMIT_ENABLED"] = False
    with Browser(site) as browser:
        browser.sign_in(ADA)
    things = furnish(superuser, site.acme, "A")
    fuzzer = Fuzzer(site, things, matrix.endpoints_of(site.app), random.Random(SEED))
    made = Scene(site, superuser, {}, fuzzer)
    yield made
    for one in made.askers.values():
        one.browser.close()


@pytest.mark.parametrize("kind", COUNTS)
def test_no_request_is_a_fault_of_ours(scene: Scene, kind: str) -> None:
    routes = [route for route in matrix.load().values() if CHOOSE[kind](route) and not route.ends]
    fuzzer, (whole, few) = scene.fuzzer, COUNTS[kind]
    fuzzer.random.seed(f"{SEED} {kind}")
    faults: list[tuple[object, ...]] = []
    statuses: Counter[int] = Counter()
    for number in range(whole * SHARE // 100 or few):
        if number % AGAIN_AFTER == 0:
            scene.renew()
        route = routes[number % len(routes)]
        name = fuzzer.random.choice(ASKERS)
        answer = fuzzer.ask(route, scene.askers[name])
        statuses[answer.status_code] += 1
        if answer.status_code >= 500:
            sent = (answer.request.body or b"")[:500]
            faults.append((number, name, route.key, answer.status_code, answer.url[-400:], sent))
    print(kind, sorted(statuses.items()))
    assert not faults, f"seed {SEED}\n" + "\n".join(map(str, faults[:40]))
    assert statuses[200] + statuses[303] > sum(statuses.values()) / 20, "almost nothing got through"
