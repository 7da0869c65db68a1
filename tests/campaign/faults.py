"""What is done to the product in a trial, and how it is mended where a machine's keeper would.

Each fault answers when it struck, and None if the job ended before. Services that died are
started again, as a service manager does; nothing else is done for the product.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

import redis

from dev.process import python_module
from tests.campaign.plan import FAILING, STARTING, SWEEPING
from tests.campaign.scene import Scene, send
from tests.jobs.workers import is_alive

_THAW_LIMIT_S = 30.0
_HOLD_S = 1.0


def strike(scene: Scene) -> float | None:
    """Start the job and do what the trial says."""
    return _STRIKES[scene.trial.kind](scene)


def _at_failpoint(scene: Scene) -> float | None:
    point = scene.trial.point
    assert point is not None
    scene.stack.signals.arm(point, "both" if scene.trial.what == "both" else "child")
    if point in FAILING:
        _fail(scene)
    elif point in SWEEPING:
        scene.start_up_to("sources.listed", "child")
    elif point in STARTING:
        command = python_module("tests.campaign.starter", *scene.start_arguments)
        subprocess.run(command, env=scene.stack.env, check=False)
    else:
        scene.start()
    return time.monotonic() if scene.wait_hit(point) else None


def _hold(scene: Scene) -> float | None:
    """Nothing dies, but the run stands still for as long as a reader needs to look well."""
    if not _reach(scene):
        return None
    struck_at = time.monotonic()
    time.sleep(_HOLD_S)
    scene.release()
    return struck_at


def _fail(scene: Scene) -> None:
    """Let the run fail: its connection is cut while it stores."""
    scene.start_up_to("store.begun", "hold")
    with scene.stack.closed("postgres"):
        scene.stack.signals.release("store.begun")
        time.sleep(0.2)


def _kill(scene: Scene) -> float | None:
    return _kill_now(scene) if scene.begin() else None


def _kill_now(scene: Scene) -> float | None:
    victims = scene.victims()
    send(signal.SIGKILL, *victims)
    return time.monotonic() if victims else None


def _freeze(scene: Scene) -> float | None:
    """Stop a job's process (and its worker); `thaw()` wakes them."""
    job = None
    if scene.trial.point is not None:
        job = scene.start_up_to(scene.trial.point, "stop")
    else:
        scene.begin()
        while not job and not scene.is_over():
            job = next(iter(scene.running()), None)
            time.sleep(0.02)
    if not job:
        return None
    scene.frozen = [job]
    if scene.trial.what == "both" and (worker := scene.running().get(job)):
        scene.frozen.append(worker)
    send(signal.SIGSTOP, *scene.frozen)
    return time.monotonic()


def thaw(scene: Scene, struck_at: float) -> None:
    """Wake what was frozen, well after its lease ran out, and wait until the job's process ends."""
    lease_s = scene.stack.config.job_lease_s
    time.sleep(max(0.0, struck_at + lease_s + 1.0 - time.monotonic()))
    send(signal.SIGCONT, *scene.frozen)
    give_up_at = time.monotonic() + _THAW_LIMIT_S
    while is_alive(scene.frozen[0]) and time.monotonic() < give_up_at:
        time.sleep(0.02)


def _reach(scene: Scene) -> bool:
    """Hold a process at the trial's point, or come to a random moment; False after the end."""
    if scene.trial.point is None:
        return scene.begin()
    return scene.start_up_to(scene.trial.point, "hold") is not None


def _postgres(scene: Scene) -> float | None:
    return _break_postgres(scene) if _reach(scene) else None


def _break_postgres(scene: Scene) -> float:
    struck_at = time.monotonic()
    scene.stack.kill_postgres()
    scene.release()
    time.sleep(scene.dice.uniform(0, 2))
    scene.stack.restart_postgres()
    return struck_at


def _valkey(scene: Scene) -> float | None:
    """Half of them strike before anything is published."""
    if scene.trial.number % 4 < 2:
        return _break_valkey(scene) if scene.begin() else None
    struck_at = _break_valkey(scene)
    scene.start()
    return struck_at


def _break_valkey(scene: Scene) -> float:
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
    return _cut_off(scene, scene.trial.what) if _reach(scene) else None


def _cut_off(scene: Scene, part: str) -> float:
    struck_at = time.monotonic()
    with scene.stack.closed(part):
        scene.release()
        time.sleep(scene.dice.uniform(0.2, 3))
    return struck_at


def _two_faults(scene: Scene) -> float | None:
    """Somebody is killed, and something else breaks before that is over."""
    struck_at = _kill(scene)
    if struck_at is not None:
        time.sleep(scene.dice.uniform(0, 2))
        second = scene.dice.choice((_break_postgres, _break_valkey, _cut_postgres))
        second(scene)
    return struck_at


def _cut_postgres(scene: Scene) -> float:
    return _cut_off(scene, "postgres")


_STRIKES: dict[str, Callable[[Scene], float | None]] = {
    "failpoint": _at_failpoint,
    "hold": _hold,
    "kill": _kill,
    "freeze": _freeze,
    "postgres": _postgres,
    "valkey": _valkey,
    "cut": _cut,
    "two faults": _two_faults,
}
