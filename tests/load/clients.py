"""Programs that open whole pages as browsers do, in processes of their own."""

from __future__ import annotations

import http.client
import multiprocessing
import random
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_PROCESSES = 4
_TIMEOUT_S = 60

# How often each page is opened: lists and the overview most, as people do.
PAGES = {
    "/analytics/overview?range=30d&full=1": 4,
    "/analytics/queue": 3,
    "/analytics/tasks/purchases?range=30d": 2,
    "/analytics/tasks/cart-abandonment?range=30d": 3,
    "/analytics/tasks/search-analysis?range=30d": 2,
    "/analytics/tasks/repeat-visits?range=30d": 2,
    "/analytics/tasks/performance?range=30d": 1,
    "/analytics/tasks/performance/branches?range=30d": 1,
    "/analytics/customers": 1,
    "/analytics/customers/k:K1": 1,
    "/data": 1,
    "/auth/settings/bigquery": 1,
}


@dataclass(frozen=True)
class Visitor:
    """A signed-in browser of one tenant, and how often it asks beside the others."""

    tenant: int
    cookie: str
    weight: float = 1.0


@dataclass(frozen=True)
class Plan:
    """What the clients do. `pause_s` is the mean of the time between two pages of one client."""

    base_url: str
    ca_file: Path
    visitors: Sequence[Visitor]
    clients: int
    seconds: float
    pause_s: float
    seed: int


@dataclass(frozen=True)
class Answer:
    """One page: when it was asked for (epoch seconds), of whom, and how it came out.

    Status 0: nothing came back.
    """

    asked_at: float
    tenant: int
    path: str
    status: int
    took_s: float


class Clients:
    """Clients at work in the background; `answers()` waits for their end."""

    def __init__(self, plan: Plan) -> None:
        context = multiprocessing.get_context("spawn")
        self._results: multiprocessing.Queue[list[Answer]] = context.Queue()
        self._processes = []
        for number in range(min(_PROCESSES, plan.clients)):
            clients = len(range(number, plan.clients, _PROCESSES))
            arguments = (plan, number, clients, self._results)
            self._processes.append(context.Process(target=_run, args=arguments, daemon=True))
        for process in self._processes:
            process.start()

    def answers(self) -> list[Answer]:
        """Everything that was asked, in order of time."""
        found = [answer for _ in self._processes for answer in self._results.get()]
        for process in self._processes:
            process.join()
        return sorted(found, key=lambda one: one.asked_at)


def _run(plan: Plan, number: int, clients: int, results: multiprocessing.Queue) -> None:  # type: ignore[type-arg]
    found: list[Answer] = []
    end = time.time() + plan.seconds
    threads = [
        threading.Thread(target=_visit, args=(plan, hash((plan.seed, number, n)), end, found))
        for n in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put(found)


def _visit(plan: Plan, seed: int, end: float, found: list[Answer]) -> None:
    dice = random.Random(seed)
    wire = _Wire(plan.base_url, plan.ca_file)
    time.sleep(dice.uniform(0, plan.pause_s))  # nobody begins with everybody else
    weights = [visitor.weight for visitor in plan.visitors]
    while time.time() < end:
        (visitor,) = dice.choices(plan.visitors, weights)
        (path,) = dice.choices(list(PAGES), list(PAGES.values()))
        begin, asked_at = time.perf_counter(), time.time()
        status = wire.get(path, visitor.cookie)
        took_s = time.perf_counter() - begin
        found.append(Answer(asked_at, visitor.tenant, path, status, took_s))
        if plan.pause_s:
            time.sleep(min(dice.expovariate(1 / plan.pause_s), max(0.0, end - time.time())))
        elif status in (0, 429, 502, 503):
            time.sleep(0.05)


class _Wire:
    """A kept-alive connection that is opened anew when it broke."""

    def __init__(self, base_url: str, ca_file: Path) -> None:
        address = urlsplit(base_url)
        self._context = ssl.create_default_context(cafile=str(ca_file))
        self._place = (address.hostname or "", address.port or 443)
        self._open()

    def get(self, path: str, cookie: str) -> int:
        """The status; 0 when nothing came."""
        headers = {"Cookie": cookie, "Accept-Encoding": "gzip"}
        for attempt in (1, 2):  # a connection that the server closed while it was idle is no error
            is_fresh = self._wire.sock is None
            try:
                self._wire.request("GET", path, headers=headers)
                answer = self._wire.getresponse()
                answer.read()
                return answer.status
            except (OSError, http.client.HTTPException):
                self._wire.close()
                self._open()
                if is_fresh or attempt == 2:
                    return 0
        return 0

    def _open(self) -> None:
        self._wire = http.client.HTTPSConnection(
            *self._place, timeout=_TIMEOUT_S, context=self._context
        )
