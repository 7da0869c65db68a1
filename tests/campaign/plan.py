"""Which trials a campaign has. The seed decides every random moment of every one."""

from __future__ import annotations

import random
from dataclasses import dataclass

from app.jobs.failpoints import POINTS

STARTING = ("publish.begun", "publish.pushed")
SPLITTING = ("children.written", "children.committed", "children.published", "parent.ended")
FAILING = ("outcome.begun", "outcome.written")
SWEEPING = ("sweep.found", "sweep.cut", "sweep.decided", "sweep.committed")
# Those that every undisturbed job comes to, in the process that runs it.
RUNNING = tuple(
    point for point in POINTS if point not in (*STARTING, *SPLITTING, *FAILING, *SWEEPING)
)
VICTIMS = ("job", "job", "worker", "both", "both", "scheduler", "tree")
PARTS = ("postgres", "valkey", "bigquery", "sftp")


@dataclass(frozen=True)
class Trial:
    """One fault. `point` None: at a random moment; `what` is the manner, victim or service."""

    kind: str
    number: int
    what: str
    point: str | None = None
    is_split: bool = False

    @property
    def name(self) -> str:
        """Stands for the trial in a file of results."""
        return f"{self.kind} {self.number} {self.what} {self.point or '-'}"

    def dice(self, seed: int, attempt: int) -> random.Random:
        """The same trial of the same seed has the same moments."""
        return random.Random(f"{seed} {attempt} {self.name}")


def whole(seed: int) -> list[Trial]:
    """All trials in their order."""
    dice = random.Random(seed)
    return [
        *_at_failpoints(),
        *_of("freeze", 20, ("job", "job", "both"), dice, points=RUNNING),
        *_of("postgres", 20, ("kill",), dice, points=RUNNING),
        *_of("valkey", 20, ("flush", "kill"), dice, points=()),
        *_of("cut", 20, PARTS, dice, points=RUNNING),
        *_of("two faults", 20, VICTIMS, dice, points=()),
        *_of("kill", 100, VICTIMS, dice, points=()),
        *(Trial("hold", number, "look", point) for number, point in enumerate(RUNNING)),
    ]


def as_shipped() -> list[Trial]:
    """A few trials for the waits of a deployment, in which each takes about a minute."""
    points = ("claim.committed", "query.done", "store.locked", "swap.events", "finish.written")
    return [
        *(Trial("failpoint", number, "both", point) for number, point in enumerate(points)),
        *(Trial("failpoint", number, "child", point) for number, point in enumerate(points)),
        Trial("kill", 0, "tree"),
        Trial("freeze", 0, "both", "derive.done"),
        Trial("postgres", 0, "kill", "swap.days"),
        Trial("valkey", 2, "flush"),
        Trial("cut", 0, "postgres", "end.written"),
    ]


def sample(seed: int, size: int) -> list[Trial]:
    """Some of all trials, with every kind among them as far as `size` allows."""
    dice = random.Random(f"sample {seed}")
    trials = whole(seed)
    dice.shuffle(trials)
    kinds = sorted({trial.kind for trial in trials})
    firsts = [next(t for t in trials if t.kind == kind) for kind in kinds]
    return [*firsts, *(t for t in trials if t not in firsts)][:size]


def _at_failpoints() -> list[Trial]:
    return [
        Trial("failpoint", number, manner, point, is_split=point in SPLITTING)
        for number, point in enumerate(POINTS)
        for manner in ("child", "both")
    ]


def _of(
    kind: str, count: int, whats: tuple[str, ...], dice: random.Random, points: tuple[str, ...]
) -> list[Trial]:
    """Every second one at a failpoint, if there are any; every fourth on a job of two parts."""
    return [
        Trial(
            kind,
            number,
            whats[number % len(whats)],
            dice.choice(points) if points and number % 2 else None,
            is_split=number % 4 == 2,
        )
        for number in range(count)
    ]
