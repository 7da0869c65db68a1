"""What is done to the product in a trial, and how it is mended where a machine's keeper would.

Each fault answers when it struck. Services that died are started again, as a service manager
does; nothing else is done for the product.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import redis

from dev.process import python_module
from tests.campaign.arming import Manner
from tests.campaign.plan import FAILING, STARTING, SWEEPING, Trial
from tests.campaign.stack import Stack
from tests.jobs.workers import children, is_alive

_HIT_LIMIT_S = 60.0


@dataclass
class Scene:
    """A trial under way. `start` commits the job; `is_over` is true once it has ended."""

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

    def wait_hit(self, point: str) -> int | None:
        """The process that met the point; None if the job ended without."""
        give_up_at = time.monotonic() + _HIT_LIMIT_S
        while (pid := self.stack.signals.hit(point)) is None:
            if time.monotonic() > give_up_at or (self.is_over() and point not in SWEEPING):
                return self.stack.signals.hit(point)
            time.sleep(0.005)
        return pid


def strike(scene: Scene) -> float | None:
    """Start the job and do what the trial says; when that was, None if it never came to it."""
    return _STRIKES[scene.trial.kind](scene)


def _at_failpoint(scene: Scene) -> float | None:
    point, manner = scene.trial.point, scene.trial.what
    assert point is not None
    scene.stack.signals.arm(point, "both" if manner == "both" else "child")
    if point in FAILING:
        return _fail_into(scene, point)
    if point in SWEEPING:
        scene.stack.signals.arm("sources.listed", "child")
    if point in STARTING:
        command = python_module("tests.campaign.starter", *scene.start_arguments)
        subprocess.run(command, env=scene.stack.env, check=False)
    else:
        scene.start()
    return time.monotonic() if scene.wait_hit(point) else None


def _fail_into(scene: Scene, point: str) -> float | None:
    """The points of a failing run: its connection is cut while it stores."""
    held = _hold(scene, "store.begun")
    if held is None:
        return None
    with _closed(scene, "postgres"):
        scene.stack.signals.release("store.begun")
        time.sleep(0.2)
    return time.monotonic() if scene.wait_hit(point) else None


def _kill(scene: Scene) -> float | None:
    return _kill_now(scene) if scene.begin() else None


def _kill_now(scene: Scene) -> float | None:
    assert scene.stack.workers is not None
    supervisor = scene.stack.workers.supervisor
    victims = _victims(scene, supervisor)
    for pid in victims:
        _signal(pid, signal.SIGKILL)
    return time.monotonic() if victims else None


def _victims(scene: Scene, supervisor: int) -> list[int]:
    """Whom the trial's word means just now; a worker where no job runs."""
    direct = sorted(children(supervisor))
    running = {job: worker for worker in direct for job in children(worker)}
    if scene.trial.what == "tree":
        return [supervisor, *direct, *running]
    if scene.trial.what == "scheduler":
        return direct[-1:]
    if not running:
        return [scene.dice.choice(direct)] if direct else []
    job = scene.dice.choice(sorted(running))
    return {"job": [job], "worker": [running[job]], "both": [running[job], job]}[scene.trial.what]


def _freeze(scene: Scene) -> float | None:
    """Stop a job's process (and its worker); `thaw()` wakes them."""
    if scene.trial.point is not None:
        scene.stack.signals.arm(scene.trial.point, "stop")
        scene.start()
        job = scene.wait_hit(scene.trial.point)
        scene.frozen += [job] if job else []
    else:
        scene.begin()
        while not scene.frozen and not scene.is_over():
            scene.frozen += [job for job, _ in _running(scene)][:1]
            time.sleep(0.02)
    for job in list(scene.frozen):
        scene.frozen += [w for j, w in _running(scene) if j == job and scene.trial.what == "both"]
    for pid in scene.frozen:
        _signal(pid, signal.SIGSTOP)
    return time.monotonic() if scene.frozen else None


def thaw(scene: Scene, struck_at: float) -> None:
    """Wake what was frozen, well after its lease ran out, and wait until the job's process ends."""
    lease_s = scene.stack.config.job_lease_s
    time.sleep(max(0.0, struck_at + lease_s + 1.0 - time.monotonic()))
    for pid in scene.frozen:
        _signal(pid, signal.SIGCONT)
    give_up_at = time.monotonic() + 30
    while is_alive(scene.frozen[0]) and time.monotonic() < give_up_at:
        time.sleep(0.02)


def _running(scene: Scene) -> list[tuple[int, int]]:
    assert scene.stack.workers is not None
    workers = children(scene.stack.workers.supervisor)
    return [(job, worker) for worker in workers for job in children(worker)]


def _postgres(scene: Scene) -> float | None:
    if not (scene.begin() if scene.trial.point is None else _hold(scene, scene.trial.point)):
        return None
    return _kill_postgres_now(scene)


def _kill_postgres_now(scene: Scene) -> float:
    struck_at = time.monotonic()
    scene.stack.kill_postgres()
    if scene.trial.point is not None:
        scene.stack.signals.release(scene.trial.point)
    time.sleep(scene.dice.uniform(0, 2))
    scene.stack.restart_postgres()
    return struck_at


def _valkey(scene: Scene) -> float | None:
    if scene.trial.number % 4 < 2:  # half of them strike before anything is published
        return _break_valkey_now(scene) if scene.begin() else None
    struck_at = _break_valkey_now(scene)
    scene.start()
    return struck_at


def _break_valkey_now(scene: Scene) -> float:
    struck_at = time.monotonic()
    if scene.trial.what == "flush":
        with redis.Redis.from_url(scene.stack.config.redis_url) as client:
            client.flushall()
        return struck_at
    scene.stack.kill_valkey()
    time.sleep(scene.dice.uniform(0, 2))
    scene.stack.restart_valkey()
    return struck_at


def _cut(scene: Scene) -> float | None:
    if not (scene.begin() if scene.trial.point is None else _hold(scene, scene.trial.point)):
        return None
    return _cut_now(scene, scene.trial.what)


def _cut_now(scene: Scene, part: str) -> float:
    struck_at = time.monotonic()
    with _closed(scene, part):
        if scene.trial.point is not None:
            scene.stack.signals.release(scene.trial.point)
        time.sleep(scene.dice.uniform(0.2, 3))
    return struck_at


def _two_faults(scene: Scene) -> float | None:
    """Somebody is killed, and something else breaks before that is over."""
    if not scene.begin():
        return None
    struck_at = _kill_now(scene)
    time.sleep(scene.dice.uniform(0, 2))
    second = scene.dice.choice(("postgres", "valkey", "cut"))
    if second == "postgres":
        _kill_postgres_now(scene)
    elif second == "valkey":
        _break_valkey_now(scene)
    else:
        _cut_now(scene, "postgres")
    return struck_at


def _hold(scene: Scene, point: str) -> int | None:
    """Start the job and wait until a process is held at that point."""
    manner: Manner = "hold"
    scene.stack.signals.arm(point, manner)
    scene.start()
    return scene.wait_hit(point)


class _closed:
    """The relay to that service cuts every connection and stays closed for the block."""

    def __init__(self, scene: Scene, part: str) -> None:
        self._relay = scene.stack.relays[part]

    def __enter__(self) -> None:
        self._relay.__exit__(None, None, None)

    def __exit__(self, *_: object) -> None:
        self._relay.__enter__()


def _signal(pid: int, number: signal.Signals) -> None:
    """It may have ended by itself meanwhile."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


_STRIKES: dict[str, Callable[[Scene], float | None]] = {
    "failpoint": _at_failpoint,
    "kill": _kill,
    "freeze": _freeze,
    "postgres": _postgres,
    "valkey": _valkey,
    "cut": _cut,
    "two faults": _two_faults,
}
