"""A trial under way: the job, the processes that run it, and what can be done to them."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.campaign.arming import Manner
from tests.campaign.plan import SWEEPING, Trial
from tests.campaign.stack import Stack
from tests.jobs.workers import children

_HIT_LIMIT_S = 60.0


@dataclass
class Scene:
    """`start` commits the job, which is one of `start_arguments`; `is_over` once it has ended."""

    stack: Stack
    trial: Trial
    dice: random.Random
    job_lasts_s: float
    start: Callable[[], None]
    start_arguments: tuple[str, str, str]
    is_over: Callable[[], bool] = lambda: False
    frozen: list[int] = field(default_factory=list)

    def begin(self) -> bool:
        """Start the job and wait for a random moment of its life; whether it lives then."""
        self.start()
        time.sleep(self.dice.uniform(0, self.job_lasts_s))
        return not self.is_over()

    def start_up_to(self, point: str, manner: Manner) -> int | None:
        """Start the job; the process that meets this at that point, as `wait_hit()`."""
        self.stack.signals.arm(point, manner)
        self.start()
        return self.wait_hit(point)

    def wait_hit(self, point: str) -> int | None:
        """The process that met the point; None if the job ended without."""
        give_up_at = time.monotonic() + _HIT_LIMIT_S
        while (pid := self.stack.signals.hit(point)) is None:
            if time.monotonic() > give_up_at or (self.is_over() and point not in SWEEPING):
                return self.stack.signals.hit(point)
            time.sleep(0.005)
        return pid

    def release(self) -> None:
        """Let the process that is held at the trial's point go on, if there is one."""
        if self.trial.point is not None:
            self.stack.signals.release(self.trial.point)

    def running(self) -> dict[int, int]:
        """The processes that run jobs just now, and the worker of each."""
        assert self.stack.workers is not None
        workers = children(self.stack.workers.supervisor)
        return {job: worker for worker in workers for job in children(worker)}

    def victims(self) -> list[int]:
        """Whom the trial's word means just now; some worker where no job runs."""
        assert self.stack.workers is not None
        supervisor = self.stack.workers.supervisor
        direct, running = sorted(children(supervisor)), self.running()
        if self.trial.what == "tree":
            return [supervisor, *direct, *running]
        if self.trial.what == "scheduler":
            return direct[-1:]
        if not running:
            return [self.dice.choice(direct)] if direct else []
        job = self.dice.choice(sorted(running))
        worker = running[job]
        return {"job": [job], "worker": [worker], "both": [worker, job]}[self.trial.what]


def send(number: signal.Signals, *pids: int) -> None:
    """A signal to each of them, in this order; some may have ended by themselves meanwhile."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue
