"""Starting and stopping: nothing is left behind, whoever is killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from dev import valkey
from dev.process import (
    ROOT,
    Plan,
    Process,
    StackError,
    choose_port,
    free_port,
    is_free,
    is_listening,
    start_on_port,
    stop_all,
)
from tests.dev.processes import mentioning, wait_until_gone

SERVICES = ["postgres", "valkey", "oidc", "sftp", "smtp", "bigquery"]
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if sys.argv[2:]:
    subprocess.Popen([sys.executable, "-c", *sys.argv[2:]])
print("up", flush=True)
time.sleep(99)
"""


def traces_of(port: int) -> tuple[str, ...]:
    """How command lines of servers name a port."""
    return f" {port} ", f":{port} ", f'"{port}"'


@contextmanager
def orphan(name: str, state: Path, *more: str) -> Iterator[tuple[subprocess.Popen[str], int, int]]:
    """A process that started the service, the service's port, and its guard's process id."""
    command = [sys.executable, "-m", "tests.dev.orphan", name, str(state), *more]
    starter = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert starter.stdout is not None
        port, guard = starter.stdout.readline().split()
        yield starter, int(port), int(guard)
    finally:
        starter.kill()
        starter.wait()


@pytest.mark.parametrize("name", SERVICES)
def test_killed_starter_leaves_nothing_and_the_state_can_be_used_again(
    name: str, tmp_path: Path, bigquery_venv: Path
) -> None:
    for _ in range(2):
        with orphan(name, tmp_path, str(bigquery_venv)) as (starter, port, _guard):
            traces = (tmp_path, *traces_of(port))
            assert is_listening(port)
            assert len(mentioning(*traces)) >= 3, "starter, guard, service"
            starter.kill()
            starter.wait()
        assert wait_until_gone(*traces) == []
        assert is_free(port)


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_killed_guard_takes_its_service_along(name: str, tmp_path: Path) -> None:
    with orphan(name, tmp_path) as (_starter, port, guard):
        traces = traces_of(port)
        assert mentioning(*traces), "the service; its guard, killed next, does not name the port"
        os.kill(guard, signal.SIGKILL)
        assert wait_until_gone(*traces) == []
        assert is_free(port)


def test_interrupt_of_the_terminal_does_not_reach_a_service(tmp_path: Path) -> None:
    with valkey.start(tmp_path) as server:
        assert os.getsid(server.process.pid) != os.getsid(0)


def test_service_started_from_a_thread_outlives_the_thread(tmp_path: Path) -> None:
    started: list[valkey.Valkey] = []
    thread = Thread(target=lambda: started.append(valkey.start(tmp_path)))
    thread.start()
    thread.join()
    with started[0] as server:
        with pytest.raises(subprocess.TimeoutExpired):
            server.process._guard.wait(1.5)
        assert is_listening(server.port)


def test_deaf_service_and_its_children_are_killed_after_the_grace(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STUBBORN, str(tmp_path), STUBBORN, str(tmp_path)]
    plan = Plan(command, grace_s=0.2)
    process = Process("deaf", plan, tmp_path / "log")
    process.wait_until(lambda: (tmp_path / "log").read_text().count("up") == 2)
    process.stop()
    process.stop()
    assert mentioning(str(tmp_path)) == []


def test_service_that_ends_while_starting_says_why(tmp_path: Path) -> None:
    plan = Plan([sys.executable, "-c", "raise SystemExit('no such luck')"])
    process = Process("Fate", plan, tmp_path / "log")
    with pytest.raises(StackError, match=r"Fate ended while starting.*\n.*no such luck"):
        process.wait_until(lambda: False)


def test_service_that_never_gets_ready_is_stopped(tmp_path: Path) -> None:
    process = Process("Slow", Plan(["sleep", "99"]), tmp_path / "log")
    with pytest.raises(StackError, match="not ready after 0 s"):
        process.wait_until(lambda: False, limit_s=0.2)
    assert not process.is_running()


def test_port_is_remembered_and_changed_when_taken(tmp_path: Path) -> None:
    first = choose_port(tmp_path)
    assert choose_port(tmp_path) == first
    with socket.create_server(("127.0.0.1", first)):
        second = choose_port(tmp_path)
        assert second != first
    assert choose_port(tmp_path) == second


def test_port_snatched_between_choice_and_start_is_replaced(tmp_path: Path) -> None:
    snatchers: list[socket.socket] = []

    def attempt(port: int) -> valkey.Valkey:
        if not snatchers:
            snatchers.append(socket.create_server(("127.0.0.1", port)))
            process = Process("x", Plan(["false"]), tmp_path / "log")
            process.wait_until(lambda: False)
        return valkey.start(tmp_path / "valkey", port)

    with start_on_port(tmp_path, None, attempt) as server:
        assert server.port != snatchers[0].getsockname()[1]
    snatchers[0].close()


def test_given_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(StackError, match="in use by another program"),
    ):
        valkey.start(tmp_path, taken.getsockname()[1])


def test_stop_all_stops_every_service(tmp_path: Path) -> None:
    services = [valkey.start(tmp_path / str(number)) for number in range(3)]
    stop_all([*services, Process("sleep", Plan(["sleep", "99"]), tmp_path / "log")])
    assert [service.is_running() for service in services] == [False] * 3
    assert all(is_free(service.port) for service in services)
    assert is_free(free_port())
