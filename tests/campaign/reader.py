"""Somebody who looks all the time: rows, job and a page, each in one statement or page read."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.exc import DBAPIError

from app.dashboard.queries import get_chart_data, get_dashboard_overview_stats
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.store.event_tables import EVENT_TABLES
from tests.campaign.source import FIRST, LAST
from tests.sql.comparing import DERIVED

TABLES = (*EVENT_TABLES, *DERIVED, "users", "locations", "day_load", "file_load")
# What says how and when rows came, not what they are.
_HISTORY = (
    "tenant_id",
    "load_id",
    "row_hash",
    "loaded_at",
    "updated_at",
    "source_modified_at",
    "job_id",
)
_PAUSE_S = 0.04
Prints = dict[str, tuple[int, str]]
Page = tuple[str, str]


@dataclass(frozen=True)
class JobSeen:
    """A job or a part of one, at one instant."""

    job_id: str
    parent_job_id: str | None
    status: str
    fence: int
    has_lease: bool
    first: date
    last: date


@dataclass(frozen=True)
class Look:
    """What one look saw. `prints` and `jobs` are of one snapshot; None: nobody answered.

    `live_runs` counts processes that claimed a job of this trial and are neither gone nor frozen.
    """

    at: float
    prints: Prints | None
    jobs: tuple[JobSeen, ...] = ()
    page: Page | None = None
    live_runs: int = 0


def _print_of(table: str) -> str:
    names = ", ".join(f"'{name}'" for name in _HISTORY)
    return f"""
        '{table}', (
            select json_build_array(
                count(*),
                coalesce(sum(hashtextextended((to_jsonb(d) - array[{names}])::text, 0)), 0)::text
            )
            from {table} as d where tenant_id = %(t)s
        )
    """


_LOOK = f"""
    select
        json_build_object({", ".join(map(_print_of, TABLES))}),
        (
            select coalesce(json_agg(json_build_array(
                job_id, parent_job_id, status, fence, leased_until is not null, start_date,
                end_date
            )), '[]')
            from processing_jobs
            where tenant_id = %(t)s and %(since)s < created_at
        )
"""


class Eye:
    """One connection of the web's role, which sees what the fences let it see."""

    def __init__(self, url: str, tenant_id: UUID) -> None:
        self._tenant_id = tenant_id
        self._connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
        self._connection.prepare_threshold = 0  # a look is planned once, not every time
        self._connection.execute("set plan_cache_mode = force_generic_plan")
        statement = "select set_config('app.tenant_id', %s, false)"
        self._connection.execute(statement, (str(tenant_id),))

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()

    def now(self) -> Any:
        """The database's clock: jobs made later are this trial's."""
        row = self._connection.execute("select clock_timestamp()").fetchone()
        assert row is not None
        return row[0]

    def look(self, since: Any) -> tuple[Prints, tuple[JobSeen, ...]]:
        """Every row and the jobs made after `since`, in one statement."""
        values = {"t": self._tenant_id, "since": since}
        row = self._connection.execute(_LOOK, values).fetchone()
        assert row is not None
        prints = {name: (int(found[0]), str(found[1])) for name, found in row[0].items()}
        return prints, tuple(map(_job_seen, row[1]))


def look_once(url: str, tenant_id: UUID) -> Prints:
    """Every row of the tenant now."""
    eye = Eye(url, tenant_id)
    try:
        return eye.look(eye.now())[0]
    finally:
        eye.close()


def _job_seen(found: list[Any]) -> JobSeen:
    first, last = map(date.fromisoformat, found[5:])
    return JobSeen(found[0], found[1], found[2], found[3], found[4], first, last)


def read_page(tenant_id: UUID) -> Page:
    """What the product's own queries show of these days, each widget for itself."""
    period = DateRange(FIRST, LAST)
    with tenant_transaction(tenant_id) as conn:
        figures = get_dashboard_overview_stats(conn, tenant_id, period)
    with tenant_transaction(tenant_id) as conn:
        points = get_chart_data(conn, tenant_id, period, "daily")
    return _hash(figures), _hash(points)


def _hash(shown: object) -> str:
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]


class Reader:
    """A thread that looks at one tenant until it is told to stop."""

    def __init__(
        self, url: str, tenant_id: UUID, since: Any, count_live_runs: Callable[[], int]
    ) -> None:
        self.looks: list[Look] = []
        self._url = url
        self._tenant_id = tenant_id
        self._since = since
        self._count_live_runs = count_live_runs
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def last(self) -> Look | None:
        """The newest look. A reader that broke would see nothing wrong: then this fails."""
        if not self._thread.is_alive() and not self._stopped.is_set():
            raise RuntimeError("the reader has ended; its error stands above")
        return self.looks[-1] if self.looks else None

    def _watch(self) -> None:
        while not self._stopped.is_set():
            try:
                eye = Eye(self._url, self._tenant_id)
            except psycopg.OperationalError:
                self.looks.append(Look(time.monotonic(), None))
                self._stopped.wait(0.05)
                continue
            try:
                self._look_on(eye)
            finally:
                eye.close()

    def _look_on(self, eye: Eye) -> None:
        while not self._stopped.wait(_PAUSE_S):
            at, before = time.monotonic(), self._count_live_runs()
            try:
                prints, jobs = eye.look(self._since)
                live_runs = max(before, self._count_live_runs())
                shown = None if len(self.looks) % 4 else read_page(self._tenant_id)
            except (psycopg.OperationalError, DBAPIError):
                self.looks.append(Look(time.monotonic(), None))
                return
            self.looks.append(Look(at, prints, jobs, shown, live_runs))
