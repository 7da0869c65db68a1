"""Runs jobs and, with --scheduler, the one list of periodic jobs.

    python worker.py --workers 2 --scheduler

Every worker and the scheduler is a process of its own under this one, which starts again
whatever ends. SIGTERM or Ctrl-C: running jobs go back to the queue, all is over in 10 seconds.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import FrameType

from redis.exceptions import RedisError

from app import crypto, jobs, log
from app.config import Config, ConfigError, load_config
from app.database import engine as db
from app.database.partitions import drop_empty_partitions, ensure_partitions, partitions_ahead
from app.dates import utc_now
from app.email.retention import forget_old_mail
from app.email.schedule.start import start_due as start_due_mail
from app.email.sending.jobs import start_sending
from app.ingest.schedule.start import start_due
from app.ingest.scratch import clear_leftovers
from app.ingest.store.rederive import start_updating
from app.ingest.store.retention import start_forgetting
from app.jobs.queue import end_with_parent, make_worker
from app.jobs.retention import forget_old_jobs
from app.jobs.ticks import Periodic, run_ticks, tick
from app.log import logger
from app.settings.jobs import check_all_tenants
from app.tasks.daily import keep_tasks

HANDLER_MODULES = [
    "app.email.sending.planning",
    "app.email.sending.jobs",
    "app.ingest.jobs",
    "app.ingest.store.rederive",
    "app.ingest.store.retention",
    "app.settings.effect",
    "app.settings.jobs",
]
HOUR_S, DAY_S = 3_600, 86_400
_SHORTEST_RETENTION = timedelta(days=731)
_STOP_LIMIT_S = 8.0
_RESTART_MOST_S = 5.0


def periodic(config: Config) -> list[Periodic]:
    """Everything that happens by the clock. Each tick is done by one scheduler alone."""
    return [
        Periodic("sweep", config.job_sweep_s, jobs.sweep),
        Periodic("partitions", DAY_S, make_partitions_ahead),
        Periodic("tasks", HOUR_S, keep_tasks),
        Periodic("schedules", config.job_schedule_s, start_due),
        Periodic("connections", DAY_S, check_all_tenants),
        Periodic("definitions", HOUR_S, start_updating),
        Periodic("mail", config.mail_tick_s, start_sending),
        Periodic("mail_history", DAY_S, forget_old_mail),
        Periodic("retention", DAY_S, forget_old_events),
        Periodic("job_history", DAY_S, forget_old_jobs),
        Periodic("reports", config.job_schedule_s, start_due_mail),
    ]


def make_partitions_ahead() -> int:
    """Partitions for this month and the next three; answers how many were missing."""
    return ensure_partitions(partitions_ahead(utc_now().date()))


def forget_old_events() -> int:
    """Queue what lets outdated days go, and drop old months that are empty by now."""
    started = start_forgetting()
    drop_empty_partitions(utc_now().date() - _SHORTEST_RETENTION)
    return started


@dataclass
class Child:
    """One process of this program: what it runs and when it may start (again)."""

    name: str
    run: Callable[[], int]
    pid: int = 0
    delay_s: float = 0.5
    start_at: float = 0.0
    started_at: float = field(default=0.0)


class _Stopping:
    """Whether this process was asked to stop."""

    def __init__(self) -> None:
        self.is_set = False
        signal.signal(signal.SIGTERM, self._ask)
        signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.is_set = True

    def __call__(self) -> bool:
        return self.is_set


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; the exit status is 0 after a stop that was asked for."""
    options = _options(arguments)
    try:
        config = load_config()
        _configure(config)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    children = [
        Child(f"worker-{number}", lambda: run_worker(is_burst=options.burst))
        for number in range(1, options.workers + 1)
    ]
    if options.scheduler:
        children.append(
            Child("scheduler", lambda: run_scheduler(periodic(config), is_once=options.burst))
        )
    return supervise(children, is_burst=options.burst)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Runs jobs and what happens by the clock.")
    parser.add_argument("--workers", type=int, default=1, help="jobs run side by side (0: none)")
    parser.add_argument("--scheduler", action="store_true", help="also run the periodic jobs")
    parser.add_argument("--burst", action="store_true", help="end when there is nothing to do")
    return parser.parse_args(arguments)


def _configure(config: Config) -> None:
    log.configure(config, service="data")
    db.configure(config, role="worker")
    jobs.configure(config)
    crypto.configure(config.credential_keys)
    for module in HANDLER_MODULES:
        importlib.import_module(module)


def run_worker(*, is_burst: bool) -> int:
    """One RQ worker until it is asked to stop; 1 when Redis went away under it.

    Before its first job it removes what jobs that died on this machine left behind.
    """
    stopping = _Stopping()
    clear_leftovers()
    try:
        worker = make_worker()
        if stopping():
            return 0
        worker.work(burst=is_burst, logging_level="WARNING")
    except RedisError as error:
        logger.warning("worker.redis.away", error=type(error).__name__)
        return 1
    return 0 if is_burst or worker.is_stop_requested else 1


def run_scheduler(entries: Sequence[Periodic], *, is_once: bool) -> int:
    """The periodic jobs until asked to stop; `is_once` does what is due now and ends."""
    stopping = _Stopping()
    if is_once:
        for entry in entries:
            tick(entry)
        return 0
    run_ticks(entries, stopping)
    return 0


def supervise(children: list[Child], *, is_burst: bool) -> int:
    """Keep the children running until asked to stop, or with `is_burst` until all have ended."""
    stopping = _Stopping()
    while not stopping():
        for child in children:
            if not child.pid and time.monotonic() >= child.start_at:
                _start(child)
        children = _reap(children, is_burst=is_burst)
        if not children:
            return 0
        time.sleep(0.1)
    _stop(children)
    return 0


def _start(child: Child) -> None:
    """Fork; the child gets its own process group, so that Ctrl-C reaches the parent alone."""
    parent = os.getpid()
    child.pid = os.fork()
    child.started_at = time.monotonic()
    if child.pid:
        return
    os.setpgrp()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    end_with_parent()
    status = 1
    try:
        if os.getppid() == parent:
            status = child.run()
    except Exception as error:
        # The parent starts it again; what went wrong must be on record.
        logger.opt(exception=error).error("worker.crashed", child=child.name)
    finally:
        os._exit(status)


def _reap(children: list[Child], *, is_burst: bool) -> list[Child]:
    """Forget the children that ended; outside a burst they start again after a growing delay."""
    for child in children:
        if not child.pid or os.waitpid(child.pid, os.WNOHANG) == (0, 0):
            continue
        logger.info("worker.ended", child=child.name)
        has_lasted = time.monotonic() - child.started_at > 10 * _RESTART_MOST_S
        child.delay_s = 0.5 if has_lasted else min(2 * child.delay_s, _RESTART_MOST_S)
        child.start_at = time.monotonic() + child.delay_s
        child.pid = 0
    return [child for child in children if child.pid or not is_burst]


def _stop(children: list[Child]) -> None:
    """Ask everyone, then kill what is left after the limit."""
    _signal_all(children, signal.SIGTERM)
    give_up_at = time.monotonic() + _STOP_LIMIT_S
    while any(child.pid for child in children) and time.monotonic() < give_up_at:
        _reap(children, is_burst=False)
        time.sleep(0.05)
    _signal_all(children, signal.SIGKILL)


def _signal_all(children: list[Child], number: signal.Signals) -> None:
    for child in children:
        if child.pid:
            os.kill(child.pid, number)


if __name__ == "__main__":
    raise SystemExit(main())
