"""Builds or takes up the ground, lets the clients loose on it, and prints a table.

    make load                                        # all scenes; STATE=DIR keeps the ground
    python -m tests.load --scale small --state DIR --only pace

The exit status is 1 when a goal was missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.ground import Ground
from bench.history import Month
from bench.loading import load_for_spare
from bench.results import Result, at_most, shown, table
from bench.scale import LARGEST_SHARE, SCALES
from tests.deploy import stack
from tests.deploy.stack import Stack
from tests.jobs.workers import children
from tests.load.clients import Answer, Clients, Plan, Visitor
from tests.load.ingesting import ingesting
from tests.load.operations import measure_operations
from tests.load.standing import member_of, standing

CLIENTS = 16
GOAL_S, NEIGHBOUR_GOAL = 0.150, 25.0
_MEMORY_GOALS_MB = {"auth": 512.0, "analytics": 1024.0, "data": 2048.0}
_LOAD_GOAL_MB = 2048.0
_SIGN_INS = 55  # a minute allows no more from one address
_LARGEST_PEOPLE = 6  # of the largest tenant
_PAUSE_S = 5.0
_EVENTS_PER_SESSION = 7


@dataclass
class Load:
    """What the scenes work with."""

    ground: Ground
    stack: Stack
    visitors: Sequence[Visitor]
    seconds: float
    seed: int

    def clients(
        self, visitors: Sequence[Visitor], clients: int, seconds: float, pause_s: float
    ) -> Clients:
        """Clients on these visitors' pages."""
        front = self.stack
        return Clients(
            Plan(front.base_url, front.ca_file, visitors, clients, seconds, pause_s, self.seed)
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    options = _options(arguments)
    results: list[Result] = []
    with _folder(options.state) as folder, _loaded(options, folder) as load:
        for name, measure in SCENES.items():
            if options.only in (None, name):
                results += measure(load)
                print(table(results[-12:]), flush=True)
        results += list(_memory(load.stack))
    print(table(results))
    return int(any(result.reached is False for result in results))


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        yield Path(folder)


@contextmanager
def _loaded(options: argparse.Namespace, folder: Path) -> Iterator[Load]:
    begin = time.monotonic()
    with standing(SCALES[options.scale], options.seed, folder) as ground:
        print(f"The ground stands after {time.monotonic() - begin:.0f} s.", flush=True)
        config = ground.config.model_copy(update={"tenant_calls_per_minute": 1_000_000})
        here = folder / "front"
        here.mkdir(mode=0o755, exist_ok=True)
        others = min(_SIGN_INS - _LARGEST_PEOPLE, len(ground.tenants) - 1)
        members = [member_of(number) for number in range(others + 1)]
        with stack.running(config, here, members) as front:
            share = LARGEST_SHARE / _LARGEST_PEOPLE
            visitors = [_sign_in(front, 0, share) for _ in range(_LARGEST_PEOPLE)]
            share = (1 - LARGEST_SHARE) / others
            visitors += [_sign_in(front, number, share) for number in range(1, others + 1)]
            load = Load(ground, front, visitors, options.seconds, options.seed)
            load.clients(visitors, CLIENTS, 15, 0).answers()  # warm
            yield load


def _sign_in(front: Stack, tenant: int, weight: float = 1.0) -> Visitor:
    with front.session() as client:
        front.sign_in(client, member_of(tenant).email).raise_for_status()
        cookie = "; ".join(f"{c.name}={c.value}" for c in client.cookies)
        return Visitor(tenant, cookie, weight)


def measure_pace(load: Load) -> list[Result]:
    """Sixteen people who look at a page for some seconds, while one tenant loads."""
    return list(_pages(load, "16 people, one ingest", pause_s=_PAUSE_S))


def measure_without_pause(load: Load) -> list[Result]:
    """Sixteen programs that ask for the next page at once, while one tenant loads."""
    return list(_pages(load, "16 programs without a pause, one ingest", pause_s=0.0))


def _pages(load: Load, name: str, pause_s: float) -> Iterator[Result]:
    month = load.ground.month(1, *load.ground.scale.months()[-1])
    with ingesting(load.ground.config, load.ground.tenants[1], month) as loaded:
        before, begin = loaded.value, time.monotonic()
        answers = load.clients(load.visitors, CLIENTS, load.seconds, pause_s).answers()
        rate = (loaded.value - before) / (time.monotonic() - begin)
    yield at_most(f"{name}: page, 95th percentile", 1000 * p95(answers), "ms", 1000 * GOAL_S)
    yield shown(f"{name}: median", 1000 * statistics.median(a.took_s for a in answers), "ms")
    yield shown(f"{name}: pages", len(answers) / load.seconds, "/s")
    yield at_most(f"{name}: errors", sum(a.status != 200 for a in answers), "", 0)
    yield shown(f"{name}: events loaded meanwhile", rate, "/s")
    for path in sorted({a.path for a in answers}):
        of_path = [a for a in answers if a.path == path]
        yield shown(f"{name}: {path}, 95th percentile", 1000 * p95(of_path), "ms")


def measure_neighbour(load: Load) -> list[Result]:
    """The others' pages beside a tenant that hammers, against the same without it."""
    others = [v for v in load.visitors if v.tenant != 2]
    noisy = [v for v in load.visitors if v.tenant == 2]
    quiet, beside, hammered = [], [], []
    for _ in range(3):  # in turn, so that what else the machine does meets both
        quiet += load.clients(others, CLIENTS, load.seconds, _PAUSE_S).answers()
        noise = load.clients(noisy, CLIENTS, load.seconds + 1, 0.0)
        beside += load.clients(others, CLIENTS, load.seconds, _PAUSE_S).answers()
        hammered += noise.answers()
    rise = 100 * (p95(beside) / p95(quiet) - 1)
    name = "one tenant hammers with 16 programs"
    return [
        at_most(f"{name}: the others' 95th percentile rises by", rise, "%", NEIGHBOUR_GOAL),
        shown("the others' 95th percentile alone", 1000 * p95(quiet), "ms"),
        shown("the others' 95th percentile beside it", 1000 * p95(beside), "ms"),
        at_most(f"{name}: the others' errors", sum(a.status != 200 for a in beside), "", 0),
        shown(f"{name}: it got", sum(a.status == 200 for a in hammered) / load.seconds / 3, "/s"),
        shown(f"{name}: it was refused", sum(a.status == 429 for a in hammered), "times"),
    ]


def measure_busy_day(load: Load) -> list[Result]:
    """A worker that loads one day of as many events as all tenants have page views together."""
    ground, day = load.ground, load.ground.scale.last_day
    sessions = ground.scale.page_views // _EVENTS_PER_SESSION
    month = Month(load.seed, len(ground.tenants), day, day, sessions, visitors=sessions // 2)
    events, peak = load_for_spare(ground, month)
    return [at_most(f"memory of a load of a day of {events:,} events", peak, "MB", _LOAD_GOAL_MB)]


def p95(answers: Sequence[Answer]) -> float:
    """The 95th percentile of the seconds of these answers."""
    spent = sorted(answer.took_s for answer in answers)
    return spent[min(len(spent) - 1, int(0.95 * len(spent)))]


def _operations(load: Load) -> list[Result]:
    return measure_operations(load.ground, load.stack, load.clients, load.visitors)


def _memory(front: Stack) -> Iterator[Result]:
    """What each service's processes hold together, as a container's limit counts it."""
    for name, process in front.processes.items():
        (master,) = children(process.pid)
        held = sum(_private_mb(pid) for pid in (master, *children(master)))
        yield at_most(f"memory of the service {name}", held, "MB", _MEMORY_GOALS_MB[name])


def _private_mb(pid: int) -> float:
    """Proportional set size: shared pages are counted once among those that share them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no memory of process {pid}")


SCENES: dict[str, Callable[[Load], list[Result]]] = {
    "pace": measure_pace,
    "programs": measure_without_pause,
    "neighbour": measure_neighbour,
    "operations": _operations,
    "day": measure_busy_day,
}


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default="full")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60, help="of each scene")
    parser.add_argument("--state", type=Path, help="a folder that keeps what is loaded")
    parser.add_argument("--only", choices=SCENES)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
