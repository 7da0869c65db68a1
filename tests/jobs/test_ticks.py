"""Any number of schedulers, each tick once."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

import worker
from app.config import Config
from app.database.migrate import migrate
from app.database.partitions import partitions_ahead
from app.dates import DateRange
from app.jobs.ticks import Periodic, run_ticks, tick
from tests.jobs.bench import Bench


def test_tick_is_done_by_one_scheduler(bench: Bench) -> None:
    done: list[float] = []
    entries = [Periodic("count", 0.5, lambda: done.append(time.monotonic()))]
    until = time.monotonic() + 2.2
    schedulers = [
        threading.Thread(target=run_ticks, args=(entries, lambda: time.monotonic() > until))
        for _ in range(3)
    ]
    for scheduler in schedulers:
        scheduler.start()
    for scheduler in schedulers:
        scheduler.join()

    assert 3 <= len(done) <= 5
    assert min(b - a for a, b in pairwise(done)) > 0.4


def test_daily_tick_survives_a_restart_of_its_scheduler(bench: Bench) -> None:
    done: list[int] = []
    entry = Periodic("daily", 86_400, lambda: done.append(1))
    assert tick(entry) == 86_400
    assert 86_000 < tick(entry) <= 86_400
    assert done == [1]


@pytest.mark.parametrize("error", [RuntimeError("bug"), OperationalError("x", {}, Exception())])
def test_tick_that_fails_is_tried_again_soon(bench: Bench, error: Exception) -> None:
    def fail() -> None:
        raise error

    assert tick(Periodic("daily", 86_400, fail)) == 60
    assert 0 < tick(Periodic("daily", 86_400, fail)) <= 60


def test_partitions_are_made_three_months_ahead(bench: Bench, job_config: Config) -> None:
    bench.superuser.execute("drop table if exists page_view_2999_01")
    names = [entry.name for entry in worker.periodic(job_config)]
    assert names == [
        "sweep",
        "partitions",
        "tasks",
        "schedules",
        "connections",
        "definitions",
        "mail",
        "mail_history",
        "retention",
        "job_history",
        "reports",
    ]
    migrate(str(job_config.maint_database_url))  # the template may be of last month
    assert worker.make_partitions_ahead() == 0, "the migration has made them already"


@pytest.mark.parametrize(
    ("today", "last"),
    [
        (date(2026, 11, 29), date(2027, 2, 1)),
        (date(2026, 11, 30), date(2027, 2, 1)),
        (date(2028, 2, 29), date(2028, 5, 1)),
        (date(2027, 12, 31), date(2028, 3, 1)),
        (date(2027, 1, 1), date(2027, 4, 1)),
    ],
)
def test_three_months_ahead_are_calendar_months_on_any_day(today: date, last: date) -> None:
    assert partitions_ahead(today) == DateRange(today, last)


def test_a_worker_knows_every_kind_of_job() -> None:
    """In a process of its own: this one has imported more than a worker does."""
    root = Path(worker.__file__).parent
    code = (
        "import importlib, worker; from app.jobs import kinds;"
        "[importlib.import_module(name) for name in worker.HANDLER_MODULES];"
        "print(*sorted(kinds._kinds))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split()
    registered = re.compile(r'^@job\("(\w+)"', re.MULTILINE)
    texts = [path.read_text() for path in (root / "app").rglob("*.py")]
    named = {kind for text in texts for kind in registered.findall(text)}
    assert told == sorted(named)
