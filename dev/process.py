"""Start and stop the services of the local stack.

Each service runs under `dev/guard.py`, in a session of its own: Ctrl-C in the terminal does not
reach it, and it ends with its starter however that one ends. Services listen on loopback only.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self, TypeVar

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parent.parent
START_LIMIT_S = 120.0
GRACE_S = 8.0
ATTEMPTS = 5
LOG_LIMIT_BYTES = 5_000_000
_FIRST_PORT, _PORTS = 20_000, 12_000


class StackError(Exception):
    """A service of the local stack did not start, or cannot."""


@dataclass(frozen=True)
class Plan:
    """What the guard runs. `uid` None: the starter's own user; `env` None: its environment."""

    command: list[str]
    parent: int = field(default_factory=os.getpid)
    stop_signal: int = int(signal.SIGTERM)
    grace_s: float = GRACE_S
    uid: int | None = None
    gid: int | None = None
    fds: list[int] = field(default_factory=list)
    env: dict[str, str] | None = None
    cwd: str = str(ROOT)


class Process:
    """A running service: its guard, its log. `stop()` may be called twice and from any thread."""

    def __init__(self, name: str, plan: Plan, log: Path) -> None:
        self.name = name
        self.log = log
        self._lock = Lock()
        self._guard = _spawn_guard(plan, log)

    @property
    def pid(self) -> int:
        """The guard's process id."""
        return self._guard.pid

    def is_running(self) -> bool:
        """False once the service has ended, for whatever reason."""
        return self._guard.poll() is None

    def stop(self) -> None:
        """Ask the service to end, kill it after its grace, and wait for that."""
        with self._lock:
            if self._guard.stdin:
                self._guard.stdin.close()
            self._guard.wait()

    def wait_until(self, is_ready: Callable[[], bool], limit_s: float = START_LIMIT_S) -> None:
        """Return once `is_ready()`.

        Raises:
            StackError: the service ended first or took over `limit_s`; it is stopped, and the
                message ends with the last lines of its log.
        """
        deadline = time.monotonic() + limit_s
        while self.is_running() and time.monotonic() < deadline:
            if is_ready():
                return
            time.sleep(0.03)
        reason = f"was not ready after {limit_s:.0f} s" if self.is_running() else "ended"
        self.stop()
        raise StackError(f"{self.name} {reason} while starting. {self.log}:\n{tail(self.log)}")


class Service:
    """Something with a process and a port, usable as a context manager."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port

    def is_running(self) -> bool:
        """False once the server has ended, for whatever reason."""
        return self.process.is_running()

    def stop(self) -> None:
        """End the server; nothing happens the second time."""
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


S = TypeVar("S", bound=Service)


def _spawn_guard(plan: Plan, log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    is_long = log.exists() and log.stat().st_size > LOG_LIMIT_BYTES
    with log.open("wb" if is_long else "ab") as out:
        guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py")), str(log)],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            pass_fds=plan.fds,
            start_new_session=True,
        )
    if guard.stdin is not None:
        guard.stdin.write(json.dumps(asdict(plan)).encode() + b"\n")
        guard.stdin.flush()
    return guard


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, empty if there is none."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def is_free(port: int) -> bool:
    """Whether a server may listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_listening(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((HOST, port)) == 0


def free_port() -> int:
    """A loopback port nobody listens on at this moment.

    It lies below those that systems give to outgoing connections, so that none of them takes it
    before it is used.
    """
    while True:
        port = _FIRST_PORT + secrets.randbelow(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port


def choose_port(state: Path) -> int:
    """The port used last time with this state when it is free, else a new one; remembered.

    Addresses that others keep (a token's issuer, a tenant's SFTP server) survive a restart so.
    """
    state.mkdir(parents=True, exist_ok=True)
    memory = state / "port"
    if memory.exists() and (text := memory.read_text().strip()).isdigit() and is_free(int(text)):
        return int(text)
    port = free_port()
    memory.write_text(f"{port}\n")
    return port


def start_on_port(state: Path, port: int | None, start: Callable[[int], S]) -> S:
    """Start on `port`, or on one of our choice; a choice that was snatched away is replaced.

    Raises:
        StackError: the service does not start, or somebody listens on the given port.
    """
    if port is not None:
        if not is_free(port):
            raise StackError(f"Port {port} is in use by another program.")
        return start(port)
    for _ in range(ATTEMPTS - 1):
        choice = choose_port(state)
        try:
            return start(choice)
        except StackError:
            if is_free(choice):
                raise
    return start(choose_port(state))


def python_module(module: str, *arguments: str) -> list[str]:
    """The command that runs one of our modules with this interpreter."""
    return [sys.executable, "-m", module, *arguments]


def stop_all(services: Sequence[Service | Process]) -> None:
    """Stop side by side, so that the slowest one alone decides how long it takes."""
    if not services:
        return
    with ThreadPoolExecutor(len(services)) as pool:
        for ending in [pool.submit(service.stop) for service in services]:
            ending.result()


def run_foreground(service: Service, address: str) -> None:
    """Print the address, then hold the service until Ctrl-C, SIGTERM or its own end."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    print(address, flush=True)
    with service:
        try:
            while service.is_running():
                time.sleep(0.2)
        except KeyboardInterrupt:
            return
