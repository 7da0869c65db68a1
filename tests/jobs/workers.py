"""Real worker processes, to be killed, frozen and stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from app.config import Config
from dev.process import Plan, Process, python_module, tail
from tests.jobs.bench import wait_until


class Workers:
    """`worker.py` in a process tree: supervisor, its workers and scheduler, and running jobs."""

    def __init__(
        self,
        folder: Path,
        env: Mapping[str, str],
        options: Sequence[str],
        module: str = "tests.jobs.run_worker",
    ) -> None:
        command = python_module(module, *options)
        self.log = folder / "worker.out"
        plan = Plan(command, env=dict(env), stop_signal=int(signal.SIGKILL))
        self._process = Process("worker", plan, self.log)
        wait_until(lambda: bool(children(self._process.pid)), lambda: "the supervisor")
        self.supervisor = children(self._process.pid)[0]

    def is_running(self) -> bool:
        """Whether the supervisor lives; what started it may notice its end a moment later."""
        return is_alive(self.supervisor)

    def wait_ended(self) -> None:
        """Wait until the whole tree is gone."""
        wait_until(
            lambda: not self._process.is_running(),
            lambda: f"the end of the workers: {tail(self.log)}",
        )

    def ask_to_stop(self) -> None:
        """As a deployment does before a new version."""
        os.kill(self.supervisor, signal.SIGTERM)

    def stop(self) -> None:
        """End all of it."""
        self._process.stop()

    def job_processes(self) -> list[int]:
        """The processes that run jobs: the grandchildren of the supervisor."""
        return [pid for worker in children(self.supervisor) for pid in children(worker)]


def environment(config: Config) -> dict[str, str]:
    """This process's environment with that configuration."""
    values = {name.upper(): str(value) for name, value in config if value is not None}
    return dict(os.environ) | values


def kill(*pids: int) -> None:
    """SIGKILL, in this order; a child may have ended with its parent by then."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def freeze(pid: int) -> None:
    """Stop a process without its notice."""
    os.kill(pid, signal.SIGSTOP)


def wake(pid: int) -> None:
    """Let a frozen process go on."""
    os.kill(pid, signal.SIGCONT)


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """These processes stand still for the block: their connections stay open, and say nothing."""
    for pid in pids:
        freeze(pid)
    try:
        yield
    finally:
        for pid in pids:
            wake(pid)


def parent(pid: int) -> int:
    """The process that started this one."""
    return int(_fields(pid)[1])


def is_alive(pid: int) -> bool:
    """Whether the process exists and has not ended."""
    try:
        return _fields(pid)[0] != "Z"
    except OSError:
        return False


def is_going(pid: int) -> bool:
    """Whether the process is alive and not frozen."""
    try:
        return _fields(pid)[0] not in "ZTt"
    except OSError:
        return False


def _fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()


def children(pid: int) -> list[int]:
    """The living processes that this one started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = _fields(int(entry.name))
        except OSError:
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(entry.name))
    return found
