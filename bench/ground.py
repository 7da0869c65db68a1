"""The ground a benchmark stands on: servers, tenants, and loads through the product's own store."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pyarrow as pa

from app import jobs
from app.config import Config
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.database.partitions import ensure_partitions
from app.dates import DateRange
from app.ingest import jobs as ingest_jobs
from app.ingest.bigquery.source import DaySource
from app.ingest.jobs import IngestRequest
from app.ingest.store.event_tables import EVENT_TABLES
from app.ingest.store.harvest import Harvest
from app.ingest.store.load import store
from app.ingest.store.spool import BATCH_ROWS, Extraction
from app.jobs import Run
from app.jobs.work import _claim
from bench.history import Month, month_tables
from bench.scale import Scale
from dev import postgres, valkey
from dev.database import Urls, create_database, create_template
from dev.database import urls as database_urls

_KEY = "b1:" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVowMTIzNDU="


class Database:
    """PostgreSQL over a folder; it can be restarted at its address."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.server = postgres.start(folder)

    def restart(self) -> None:
        """As a package upgrade does: it ends everybody's connection, and comes back."""
        port = self.server.port
        self.server.stop()
        self.server = postgres.start(self._folder, port)


@dataclass(frozen=True)
class Ground:
    """A running stack with empty tenants; `tenants[0]` is the largest, `spare` stays empty."""

    database: Database
    urls: Urls
    config: Config
    scale: Scale
    seed: int
    tenants: list[UUID]
    spare: UUID

    def month(self, tenant: int, first: date, last: date) -> Month:
        """What is generated for that tenant and month."""
        per_day = self.scale.sessions_per_day(tenant)
        visitors = max(10, per_day * self.scale.days // 3)
        return Month(self.seed, tenant, first, last, per_day, visitors)


@contextmanager
def ground(scale: Scale, seed: int) -> Iterator[Ground]:
    """PostgreSQL (durable, as the demo runs it) and Valkey in a temporary folder."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        standing_ground(scale, seed, Path(folder)) as stack,
    ):
        yield stack


@contextmanager
def standing_ground(scale: Scale, seed: int, folder: Path) -> Iterator[Ground]:
    """The same over a folder that is kept: what it holds already is taken up again."""
    is_new = not (folder / "made").exists()
    if is_new:
        shutil.rmtree(folder / "postgres", ignore_errors=True)
    with ExitStack() as ending:
        database = Database(folder)
        ending.callback(lambda: database.server.stop())
        redis = ending.enter_context(valkey.start(folder, persist=False))
        if is_new:
            create_template(database.server.url)
            create_database(database.server.url, "bench")
        urls = database_urls(database.server.url, "bench")
        config = Config(
            app_env="development",
            database_url=urls.web,
            worker_database_url=urls.worker,
            maint_database_url=urls.maint,
            redis_url=redis.url,
            secret_key="b" * 40,
            credential_keys=_KEY,
            log_dir=str(folder / "logs"),
        )
        db.configure(config, role="worker")
        jobs.configure(config)
        with psycopg.connect(urls.superuser, autocommit=True) as connection:
            connection.execute("alter database bench set track_functions = 'pl'")
            for number in range(scale.tenants + 1) if is_new else ():
                _add_tenant(connection, number)
            (folder / "made").touch()
            spare, *tenants = _list_tenants(connection)
        try:
            yield Ground(database, urls, config, scale, seed, tenants, spare)
        finally:
            db.dispose()


def _list_tenants(connection: psycopg.Connection[tuple[object, ...]]) -> list[UUID]:
    statement = "select tenant_id from tenant order by substr(slug, 2)::int"
    found = [row[0] for row in connection.execute(statement)]
    return [one for one in found if isinstance(one, UUID)]


def _add_tenant(connection: psycopg.Connection[tuple[object, ...]], number: int) -> None:
    statement = "insert into tenant (slug, name) values (%s, %s) returning tenant_id"
    row = connection.execute(statement, (f"t{number}", f"Tenant {number}")).fetchone()
    if row is None:
        raise TypeError("a tenant has an id")
    connection.execute(
        "insert into tenant_config (tenant_id, property_time_zone) values (%s, 'UTC')", row
    )
    connection.execute(
        "insert into locations (tenant_id, location_id, name)"
        " select %s, 'D' || to_char(n, 'FM00'), 'Branch ' || n from generate_series(0, 39) as n",
        row,
    )


def spool(tables: Mapping[str, pa.Table], folder: Path) -> dict[str, Extraction]:
    """The tables as the spool files an extraction leaves."""
    extractions = {}
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    for name, table in tables.items():
        path = folder / f"{name}.arrow"
        with pa.ipc.new_stream(str(path), table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=BATCH_ROWS)
        extractions[name] = Extraction(name, path, rows=table.num_rows)
    return extractions


def days_of(first: date, last: date) -> list[date]:
    """Every day of a range, both ends included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def load(tenant_id: UUID, extractions: Mapping[str, Extraction], first: date, last: date) -> float:
    """Store what was extracted for these days as a job does; answers the seconds it took."""
    ensure_partitions(DateRange(first, last))
    now = datetime.now(UTC)
    sources = {
        day: DaySource(day, f"events_{day:%Y%m%d}", "daily", now, 0, 0, {})
        for day in days_of(first, last)
    }
    run = claimed_run(tenant_id, first, last)
    begin = time.perf_counter()
    store(run, Harvest(dict.fromkeys(extractions, sources), extractions), None)
    return time.perf_counter() - begin


def load_month(ground: Ground, tenant: int, first: date, last: date) -> tuple[int, float]:
    """Generate and load one month of one tenant; answers its events and the seconds."""
    tables = month_tables(ground.month(tenant, first, last))
    with tempfile.TemporaryDirectory(prefix="bench-spool-") as folder:
        extractions = spool(tables, Path(folder))
        seconds = load(ground.tenants[tenant], extractions, first, last)
    return count_events(tables), seconds


def count_events(tables: Mapping[str, pa.Table]) -> int:
    """Rows of all six types."""
    return sum(tables[name].num_rows for name in EVENT_TABLES if name != "session_part")


def claimed_run(tenant_id: UUID, first: date, last: date) -> Run:
    """A run of an ingestion as a worker holds it."""
    with tenant_transaction(tenant_id) as conn:
        request = IngestRequest(first, last)
        job_id = ingest_jobs.start_ingestion(conn, tenant_id, request, "schedule")
    run = _claim(tenant_id, job_id)
    if run is None:
        raise RuntimeError("the job could not be claimed")
    return run
