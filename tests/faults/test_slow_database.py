"""PostgreSQL is frozen, unreachable, slow or cut off: pages say so soon, and soon are right again.

    OUTAGE_S=60 pytest tests/faults/test_slow_database.py -s

prints the figures of docs/reliability.md. CI does it with ten seconds each.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from dev.process import Process, free_port
from tests.deploy import stack
from tests.faults.slow_relay import SlowRelay
from tests.running import ADA, Browser, Site, port, provider, site

__all__ = ["port", "provider", "site"]

OUTAGE_S = float(os.environ.get("OUTAGE_S", "10"))
PEOPLE, PAUSE_S = 30, 1.0  # more than there are threads, and more than may wait
PAGE_LIMIT_S, LIVE_LIMIT_S, RETURN_LIMIT_S = 10.0, 1.0, 5.0
PAGES = ("/analytics/queue", "/analytics/overview", "/analytics/customers", "/auth/members")
SHOWN = {
    "/analytics/queue": "My queue",
    "/analytics/overview": "Overview",
    "/analytics/customers": "Customers",
    "/auth/members": "ada@acme.example",
}
WAYS: dict[str, Callable[[SlowRelay], AbstractContextManager[None]]] = {
    "freeze": SlowRelay.freeze,
    "blackhole": SlowRelay.blackhole,
    "throttle": SlowRelay.throttle,
    "reset": SlowRelay.reset,
}


@dataclass(frozen=True)
class Answer:
    """One answer: when it was asked for, how long it took, its status, and whether it is right."""

    asked_at: float
    took_s: float
    status: int
    is_right: bool


@dataclass
class Scene:
    """Services that reach PostgreSQL through a relay, and somebody's cookie."""

    url: str
    relay: SlowRelay
    cookies: dict[str, str]
    pages: list[Answer] = field(default_factory=list)
    signs: list[Answer] = field(default_factory=list)
    is_over: threading.Event = field(default_factory=threading.Event)

    def ask(self, path: str) -> Answer:
        """A page as somebody who is signed in."""
        began = time.monotonic()
        try:
            answer = requests.get(self.url + path, cookies=self.cookies, timeout=60)
        except requests.RequestException:
            return Answer(began, time.monotonic() - began, 0, is_right=False)
        is_right = answer.status_code == 200 and SHOWN.get(path, "") in answer.text
        return Answer(began, time.monotonic() - began, answer.status_code, is_right)

    def look_around(self, number: int) -> None:
        """Ask for one page after the other until the end."""
        while not self.is_over.wait(PAUSE_S):
            number += 1
            self.pages.append(self.ask(PAGES[number % len(PAGES)]))

    def look_alive(self) -> None:
        """Ask for a sign of life several times a second until the end."""
        while not self.is_over.wait(0.2):
            self.signs.append(self.ask("/health/live"))


@pytest.fixture(scope="module")
def scene(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder: Path = tmp_path_factory.mktemp("slow")
    (folder / stack.ENV_FILE).touch()
    number = urlsplit(site.config.database_url).port or 0
    relay, own = SlowRelay(number), free_port()
    config = site.config.model_copy(
        update={
            "database_url": re.sub(rf":{number}/", f":{relay.port}/", site.config.database_url),
            "log_dir": str(folder / "logs"),
            "tenant_calls_per_minute": 1_000_000,
        }
    )
    service: Process = stack.start_service(config, "all", own, folder)
    try:
        service.wait_until(lambda: stack.is_alive(own))
        with Browser(site) as browser:
            browser.sign_in(ADA)
            cookies = {"signed-in": browser.cookie() or ""}
        yield Scene(f"http://127.0.0.1:{own}", relay, cookies)
    finally:
        service.stop()
        relay.close()


@pytest.mark.parametrize("way", WAYS)
def test_every_wait_has_an_end(scene: Scene, way: str) -> None:
    scene.pages, scene.signs, scene.is_over = [], [], threading.Event()
    assert all(scene.ask(path).is_right for path in PAGES)
    people = [threading.Thread(target=scene.look_around, args=(n,)) for n in range(PEOPLE)]
    people.append(threading.Thread(target=scene.look_alive))
    for person in people:
        person.start()
    time.sleep(2)
    began = time.monotonic()
    with WAYS[way](scene.relay):
        time.sleep(OUTAGE_S)
    back_at = time.monotonic()
    time.sleep(RETURN_LIMIT_S + 3)
    scene.is_over.set()
    for person in people:
        person.join()
    judge(scene, way, began, back_at)


def judge(scene: Scene, way: str, began: float, back_at: float) -> None:
    """Print the figures, and compare them with the limits."""
    struck = [one for one in scene.pages if one.asked_at + one.took_s > began]
    slowest = max(one.took_s for one in struck if one.asked_at < back_at)
    signs = [one for one in scene.signs if began < one.asked_at < back_at]
    live, before = (
        max(one.took_s for one in some)
        for some in (signs, [one for one in scene.signs if one.asked_at < began - 1])
    )
    wrong = [one for one in struck if not one.is_right]
    right_after = max((one.asked_at for one in wrong), default=back_at) - back_at
    refused = sum(one.status == 503 for one in struck)
    print(
        f"\n| {way} | {len(struck):,} | {refused:,} | {slowest:.1f} s | {live:.2f} s "
        f"({before:.2f} before) | {max(0.0, right_after):.1f} s |"
    )
    assert {one.status for one in wrong} <= {503}
    assert wrong, "the outage was not noticed"
    assert slowest <= PAGE_LIMIT_S
    # A sign that waited for the database would be late as long as the outage lasts. One that is
    # late alone, or as slow as before, waited for the machine.
    late = [one for one in signs if one.took_s > LIVE_LIMIT_S + before]
    assert len(late) <= max(1, len(signs) // 20)
    assert {one.status for one in scene.signs} == {200}
    assert right_after <= RETURN_LIMIT_S
