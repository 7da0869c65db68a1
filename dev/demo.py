"""`make demo`: everything on this machine's loopback, with data, until Ctrl-C.

State lives in `.demo/`, the generated settings in `.demo/env`, whose last line, once the data of
every tenant are in, is DEMO_READY=1. A second start takes up what is there.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType

from dev import bigquery, demo_tenants, oidc, postgres, sftp, smtp, valkey
from dev.clock import moved_clock
from dev.demo_settings import Settings, load_settings, write_env
from dev.process import (
    HOST,
    ROOT,
    Plan,
    Process,
    Service,
    StackError,
    is_free,
    is_listening,
    stop_all,
)

STATE = ROOT / ".demo"


class Stack:
    """The running services, in the order they were started."""

    def __init__(self) -> None:
        self.running: list[Service | Process] = []

    def add(self, service: Service | Process) -> None:
        self.running.append(service)

    def stop(self) -> None:
        """Applications first, then what they use."""
        applications = [s for s in self.running if isinstance(s, Process)]
        stop_all(applications)
        stop_all([s for s in self.running if s not in applications])

    def find_ended(self) -> str | None:
        """The name of a service that ended by itself, if one did."""
        for service in self.running:
            if not service.is_running():
                process = service if isinstance(service, Process) else service.process
                return f"{process.name} ended. Its last words are in {process.log}"
        return None


def main() -> int:
    """Command line: python -m dev.demo [--port 8000] [--ga4 DIR]."""
    parser = argparse.ArgumentParser(prog="make demo")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--ga4", type=Path)
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    stack = Stack()
    try:
        _run(stack, arguments.port, arguments.ga4)
    except KeyboardInterrupt:
        say("\nStopping …")
    except StackError as error:
        say(f"\n{error}")
        return 1
    finally:
        stack.stop()
    say("Stopped. `make demo` takes it up again, removing .demo starts afresh.")
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def say(text: str) -> None:
    """One line to whoever watches."""
    print(text, flush=True)


def _run(stack: Stack, port: int, ga4: Path | None) -> None:
    started = time.monotonic()
    if ga4 is not None and not ga4.is_dir():
        raise StackError(f"GA4={ga4}: there is no such directory.")
    if not is_free(port):
        raise StackError(f"Port {port} is in use. Choose another one: make demo PORT=8080")
    settings = load_settings(STATE, port)
    write_env(settings, {})
    say("Starting PostgreSQL, Valkey, sign-in, SFTP, mail and BigQuery on this machine …")
    settings = _start_services(stack, settings)
    _step("database", lambda: demo_tenants.prepare_database(settings))
    tenants = demo_tenants.provision(settings, with_ga4=ga4 is not None)
    _start_applications(stack, settings, port)
    write_env(settings, tenants)
    url = f"http://{HOST}:{port}"
    say(f"\n  Sign in:  {url}/auth/start?login_hint={demo_tenants.ADMIN}")
    say(f"  Others:   {url}   ·   mail: {settings.values['INBOX_URL']}\n")
    pool = ThreadPoolExecutor(1)
    try:
        _wait(stack, pool.submit(demo_tenants.load, settings, tenants, ga4, say))
    finally:
        pool.shutdown(wait=False)  # after Ctrl-C it ends with the services it talks to
    write_env(settings, tenants, is_ready=True)
    say(f"Ready after {time.monotonic() - started:.0f} s. Ctrl-C stops everything.")
    while True:
        _check(stack)
        time.sleep(0.5)


def _step(name: str, work: Callable[[], object]) -> None:
    try:
        work()
    except OSError as error:
        raise StackError(f"{name}: {error}") from error


def _start_services(stack: Stack, settings: Settings) -> Settings:
    """All at once; the emulator's installation is what a first start waits for."""
    state = settings.state
    accounts = [
        sftp.Account(slug, settings.values["SFTP_PASSWORD"], state / "tenants" / slug / "sftp")
        for slug in demo_tenants.PROFILES
    ]
    with ThreadPoolExecutor(8) as pool:
        making = pool.submit(demo_tenants.generate, settings, say)
        starts: dict[str, Future[Service]] = {
            "postgres": pool.submit(postgres.start, state),
            "valkey": pool.submit(valkey.start, state),
            "oidc": pool.submit(oidc.start, state, demo_tenants.MEMBERS, settings.client),
            "sftp": pool.submit(sftp.start, state, accounts),
            "smtp": pool.submit(smtp.start, state),
            "bigquery": pool.submit(bigquery.start, state),
        }
        _collect(stack, starts)
        making.result()
    return settings.with_services({name: start.result() for name, start in starts.items()})


def _collect(stack: Stack, starts: dict[str, Future[Service]]) -> None:
    """Keep what did start, so that it is stopped too when something else did not."""
    for start in starts.values():
        if start.exception() is None:
            stack.add(start.result())
    for start in starts.values():
        start.result()


def _start_applications(stack: Stack, settings: Settings, port: int) -> None:
    environment = {**_inherited(), **settings.environment()}
    gunicorn = [
        "-m",
        "gunicorn",
        "wsgi:app",
        "--bind",
        f"{HOST}:{port}",
        "--workers",
        "2",
        "--worker-class",
        "gthread",
        "--threads",
        "8",
        "--graceful-timeout",
        "5",
        "--log-level",
        "warning",
    ]
    commands = {
        "The web application": gunicorn,
        "The worker": ["worker.py", "--workers", "2", "--scheduler"],
    }
    for name, command in commands.items():
        log = settings.state / "logs" / f"{name.rpartition(' ')[2]}.log"
        plan = Plan([sys.executable, *command], env=environment, grace_s=10)
        stack.add(Process(name, plan, log))
    web = stack.running[-2]
    assert isinstance(web, Process)
    web.wait_until(lambda: is_listening(port))


def _inherited() -> dict[str, str]:
    """What a program needs of this shell's environment, and none of its settings."""
    wanted = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SSL_CERT_FILE")
    return {name: os.environ[name] for name in wanted if name in os.environ} | moved_clock()


def _wait(stack: Stack, work: Future[None]) -> None:
    while not work.done():
        _check(stack)
        time.sleep(0.2)
    work.result()


def _check(stack: Stack) -> None:
    ended = stack.find_ended()
    if ended:
        raise StackError(ended)


def read_env(state: Path = STATE) -> dict[str, str]:
    """The settings a running demo wrote.

    Raises:
        StackError: there are none.
    """
    path = state / "env"
    if not path.exists():
        raise StackError("There is no .demo/env: start `make demo` first.")
    lines = path.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


if __name__ == "__main__":
    raise SystemExit(main())
