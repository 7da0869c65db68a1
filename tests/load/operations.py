"""What operators do while people work: how long requests fail, and until when."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app import crypto
from app.database.migrate import SQL
from app.settings import provision
from bench.ground import Ground
from bench.results import Result, at_most, shown
from tests.deploy.stack import Stack
from tests.jobs.workers import children, environment
from tests.load.clients import Answer, Clients, Visitor

_GOAL_S = 60.0
_GRACE_S = 1.0
_PEOPLE, _PAUSE_S, _ROOM_S = 16, 0.5, 70.0
_RESTART_LIMIT_S = 60.0
_CREDENTIALS = 4
Start = Callable[..., Clients]


@dataclass(frozen=True)
class Operation:
    """Something an operator does; `accepts_at` is when the database took connections again."""

    name: str
    began_at: float
    ended_at: float
    answers: Sequence[Answer]
    accepts_at: float | None = None

    @property
    def failed_s(self) -> float:
        """Seconds in which a request that failed was under way."""
        spans = sorted((a.asked_at, a.asked_at + a.took_s) for a in self._failed())
        total, until = 0.0, 0.0
        for begin, end in spans:
            total += max(0.0, end - max(begin, until))
            until = max(until, end)
        return total

    @property
    def late(self) -> int:
        """Failures that began over a second after the database accepted again."""
        if self.accepts_at is None:
            return len(self._failed())
        return sum(a.asked_at > self.accepts_at + _GRACE_S for a in self._failed())

    def _failed(self) -> list[Answer]:
        return [a for a in self.answers if a.status in (0, *range(500, 600))]


def measure_operations(
    ground: Ground, front: Stack, start: Start, visitors: Sequence[Visitor]
) -> list[Result]:
    """Each operation under the load of sixteen people."""
    done = []
    for name, operate in OPERATIONS.items():
        clients = start(visitors, _PEOPLE, _ROOM_S, _PAUSE_S)
        time.sleep(3)
        began_at = time.time()
        accepts_at = operate(ground, front)
        ended_at = time.time()
        done.append(Operation(name, began_at, ended_at, clients.answers(), accepts_at))
    return _told(done)


def _told(done: Sequence[Operation]) -> list[Result]:
    results = []
    for one in done:
        results += [
            shown(f"{one.name} under load: pages", len(one.answers), ""),
            shown(f"{one.name}: lasted", one.ended_at - one.began_at, "s"),
            shown(f"{one.name}: requests failed for", one.failed_s, "s"),
            at_most(f"{one.name}: failures a second after PostgreSQL accepts", one.late, "", 0),
        ]
    together = sum(one.failed_s for one in done)
    return [*results, at_most("all of it: seconds of failed requests", together, "s", _GOAL_S)]


def _restart_services(_: Ground, front: Stack) -> None:
    """New processes, one service after the other, as a deployment does."""
    for process in front.processes.values():
        (master,) = children(process.pid)
        old = set(children(master))
        os.kill(master, signal.SIGHUP)
        give_up_at = time.monotonic() + _RESTART_LIMIT_S
        while old & set(children(master)):
            if time.monotonic() > give_up_at:
                raise TimeoutError("the old processes of a service do not end")
            time.sleep(0.1)


def _migrate(ground: Ground, _: Stack) -> None:
    """The migration step of a deployment: every function again, policies that changed."""
    command = [sys.executable, "-m", "app.database.migrate"]
    subprocess.run(command, check=True, env=environment(ground.config), cwd=SQL.parent)


def _restart_postgres(ground: Ground, _: Stack) -> float:
    """Everybody's connection ends; answers when it takes connections again, in epoch seconds."""
    ground.database.restart()
    return time.time()


def _rotate_keys(ground: Ground, front: Stack) -> None:
    """Every process learns the new key, then it encrypts, then the old one goes."""
    for tenant_id in ground.tenants[:_CREDENTIALS]:
        provision.set_sftp(
            tenant_id,
            "files.example",
            22,
            "shop",
            "a password",
            "ssh-ed25519 AAAA",
            "/u.csv",
            "/l.csv",
        )
    old, new = ground.config.credential_keys, f"b2:{b64encode(os.urandom(32)).decode()}"
    for ring in (f"{old},{new}", f"{new},{old}"):
        front.set_settings(CREDENTIAL_KEYS=ring)
        _restart_services(ground, front)
    crypto.configure(f"{new},{old}")
    assert provision.rotate_credentials() >= _CREDENTIALS
    front.set_settings(CREDENTIAL_KEYS=new)
    _restart_services(ground, front)


OPERATIONS: dict[str, Callable[[Ground, Stack], float | None]] = {
    "rolling restart": _restart_services,
    "migration": _migrate,
    "restart of PostgreSQL": _restart_postgres,
    "key rotation": _rotate_keys,
}
