"""Jobs on a real PostgreSQL and Valkey, with leases short enough to watch them end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from app import jobs
from app.config import Config
from app.database import engine as db
from tests.conftest import Cast
from tests.jobs import handlers  # noqa: F401 - registers the kinds
from tests.jobs.bench import Bench
from tests.jobs.workers import Workers, environment


@pytest.fixture(scope="module")
def job_config(config: Config) -> Iterator[Config]:
    """Settings with short leases; this process has the worker's role."""
    short = config.model_copy(
        update={
            "job_lease_s": 1.5,
            "job_heartbeat_s": 0.3,
            "job_sweep_s": 0.4,
            "job_deadline_s": 60.0,
        }
    )
    db.configure(short, role="worker")
    jobs.configure(short)
    yield short
    db.configure(config)


@pytest.fixture
def store(job_config: Config) -> Iterator[redis.Redis]:
    """Redis, empty."""
    with redis.Redis.from_url(job_config.redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where tests and handlers talk; file names carry the job's id."""
    made = tmp_path_factory.mktemp("signals")
    os.environ["JOBS_TEST_SIGNALS"] = str(made)
    yield made
    del os.environ["JOBS_TEST_SIGNALS"]


@pytest.fixture
def bench(cast: Cast, superuser: object, store: redis.Redis, folder: Path) -> Bench:
    """An empty queue."""
    made = Bench(cast.acme, superuser, folder)  # type: ignore[arg-type]  # the fixture's connection
    made.clear()
    return made


@pytest.fixture
def start_workers(
    bench: Bench, job_config: Config, tmp_path: Path
) -> Iterator[Callable[..., Workers]]:
    """Starts `worker.py` as a deployment does; everything it started ends with the test."""
    started: list[Workers] = []

    def start(*options: str, **changes: object) -> Workers:
        config = job_config.model_copy(update=changes)
        started.append(Workers(tmp_path, environment(config), options or ("--scheduler",)))
        return started[-1]

    yield start
    for workers in started:
        workers.stop()


@pytest.fixture(scope="module")
def workers(cast: Cast, job_config: Config, folder: Path) -> Iterator[Workers]:
    """Two workers and a scheduler for the tests of a module that leave them running."""
    made = Workers(folder, environment(job_config), ("--scheduler", "--workers", "2"))
    yield made
    made.stop()
