"""The fixed cast: tenant acme, stranger globex, on a real database of a real server."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from time import sleep
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
import redis

from app.config import Config
from app.database import engine as db
from app.dates import utc_now
from app.jobs.queue import QUEUES
from dev import postgres, valkey
from dev.database import Urls, create_database, create_template
from tests.faults.disk import NOT_ALLOWED
from tests.planted import (
    CONTACTS,
    SECRETS,
    ErrorPages,
    search_databases,
    search_logs,
    search_redis,
)

SKIPPED: list[str] = []
ZONES = ("UTC", "America/New_York", "Europe/Berlin")  # of the tenants of tests
LONGEST_TEST_S = 10.0  # of most that look at today
# Files that take minutes: they start first, so that no process works on one alone at the end.
LONGEST_FILES = (
    "campaign/test_sample.py",
    "tests/test_hostile_text.py",
    "oracle/test_oracle_itself.py",
    "sql/test_real_rows.py",
    "dev/test_process.py",
    "deploy/test_nginx.py",
    "e2e/test_queue.py",
    "email/test_schedule.py",
    "sql/test_get_search_terms.py",
    "replace/test_any_sequence.py",
)
SECRET = SECRETS["secret key"]
KEY = "t1:" + SECRETS["credential key"]


@dataclass(frozen=True)
class Cast:
    """The two tenants of a test database."""

    acme: UUID
    globex: UUID


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Longest files first; the order within a file stays."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONGEST_FILES))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Each test sees one day: what would begin just before a midnight begins after it."""
    now = utc_now()
    for name in ZONES:
        today = now.astimezone(ZoneInfo(name))
        tomorrow = datetime.combine(today.date() + timedelta(days=1), time(), today.tzinfo)
        left_s = (tomorrow - now).total_seconds()
        if left_s < LONGEST_TEST_S:
            sleep(left_s)


@pytest.fixture(scope="session", autouse=True)
def error_pages() -> Iterator[None]:
    """No error page of the whole suite shows what was planted."""
    pages = ErrorPages()
    with pages.watching():
        yield
    assert not pages.leaks, "an error page says too much"


@pytest.fixture(scope="session")
def server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The superuser's URL of a running PostgreSQL with the migrated template."""
    with postgres.start(tmp_path_factory.mktemp("postgres"), fsync=False) as server:
        create_template(server.url)
        yield server.url
        leaks = [*search_databases(server.url, SECRETS)]
        leaks += search_logs(tmp_path_factory.getbasetemp(), SECRETS | CONTACTS)
        assert not leaks, "secrets or people stand plain after the whole suite"


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running Valkey."""
    with valkey.start(tmp_path_factory.mktemp("valkey")) as server:
        yield server.url
        leaks = list(search_redis(server.url, SECRETS | CONTACTS))
        assert not leaks, "secrets or people stand plain after the whole suite"


@pytest.fixture(scope="module")
def urls(server_url: str) -> Urls:
    """A fresh database for the tests of one module."""
    return create_database(server_url, f"test_{uuid4().hex[:12]}")


def make_config(urls: Urls, redis_url: str, logs: Path, **settings: Any) -> Config:
    """Settings as a deployment would have them, for what runs on loopback."""
    return Config(
        app_env="development",
        database_url=urls.web,
        worker_database_url=urls.worker,
        maint_database_url=urls.maint,
        redis_url=redis_url,
        secret_key=SECRET,
        credential_keys=KEY,
        allowed_networks="127.0.0.0/8",
        allowed_ports="any",
        log_dir=str(logs),
        **settings,
    )


@pytest.fixture(scope="module")
def config(urls: Urls, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Config:
    """Settings as a deployment would have them; they open the doors of app.database.engine.

    What other modules queued is of other databases: no worker is to be kept busy by it.
    """
    with redis.Redis.from_url(redis_url) as store:
        store.delete(*(f"rq:queue:{name}" for name in QUEUES))
    made = make_config(urls, redis_url, tmp_path_factory.mktemp("logs"))
    db.configure(made)
    return made


@pytest.fixture(scope="module")
def superuser(urls: Urls) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection past every fence, to arrange and to check."""
    with psycopg.connect(urls.superuser, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def cast(superuser: psycopg.Connection[tuple[object, ...]], config: Config) -> Cast:
    """Tenants acme and globex with settings, in a database of their own."""
    made = {}
    for slug in ("acme", "globex"):
        row = superuser.execute(
            "insert into tenant (slug, name) values (%s, %s) returning tenant_id",
            (slug, slug.title()),
        ).fetchone()
        assert row is not None
        made[slug] = row[0]
        superuser.execute("insert into tenant_config (tenant_id) values (%s)", (row[0],))
    return Cast(**made)  # type: ignore[arg-type]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In CI a skip is a failure, but for what a machine cannot be made to have: rights to mount."""
    if report.skipped and os.environ.get("CI") and NOT_ALLOWED not in report.longreprtext:
        SKIPPED.append(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Name the skips that CI does not allow, and fail."""
    if SKIPPED:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        sys.stderr.write("CI allows no skip:\n  " + "\n  ".join(SKIPPED) + "\n")


@pytest.fixture(scope="session")
def ga4_directory() -> Path:
    """Real GA4 export rows beside the checkout; absent folders are a named skip, not a pass."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data" / "ga4"
    if not folder.is_dir():
        if os.environ.get("CI"):
            pytest.fail(f"{folder} is absent: CI must run on the real rows")
        pytest.skip("real GA4 rows (../shared/data/ga4) are not beside this checkout")
    return folder
