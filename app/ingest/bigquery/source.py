"""The GA4 export in BigQuery: its cost, and reading it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path

from app.errors import Upstream
from app.ingest.attempts import Limits, retry
from app.ingest.bigquery.client import (
    ONCE,
    BigQueryConnection,
    BigQuerySettings,
    ServiceAccount,
    open_bigquery,
)
from app.ingest.bigquery.day_tables import list_sources
from app.ingest.bigquery.errors import translated
from app.ingest.bigquery.event_query import extraction_query
from app.ingest.bigquery.query import Query, run_query
from app.ingest.bigquery.reading import Reading, read_into_spool
from app.ingest.store.day_source import DaySource
from app.ingest.store.event_tables import EVENT_TABLES
from app.ingest.store.spool import Extraction
from app.log import logger

__all__ = [
    "BigQueryConnection",
    "BigQuerySettings",
    "BigQuerySource",
    "DaySource",
    "Extraction",
    "ServiceAccount",
    "estimate",
    "extract",
    "extract_all",
    "list_sources",
    "open_bigquery",
]


@dataclass(frozen=True)
class BigQuerySource:
    """Implements `app/ingest/store/source.py` with a signed-in client."""

    connection: BigQueryConnection
    settings: BigQuerySettings

    def list_days(self, days: Collection[date], limits: Limits) -> dict[date, DaySource]:
        """The source of each day."""
        return list_sources(self.connection, self.settings, days, limits)

    def estimate(self, found: Mapping[date, DaySource], limits: Limits) -> int:
        """The bytes reported by dry runs."""
        return estimate(self.connection, self.settings, found, limits)

    def extract_all(
        self,
        wanted: Mapping[str, Mapping[date, DaySource]],
        folder: Path,
        *,
        job_key: str,
        progress: Callable[[str, int, int], None],
        limits: Limits,
    ) -> dict[str, Extraction | Upstream]:
        """One query per event table, all at once."""
        return extract_all(
            self.connection,
            self.settings,
            wanted,
            folder,
            job_key=job_key,
            progress=progress,
            limits=limits,
        )


def estimate(
    connection: BigQueryConnection,
    settings: BigQuerySettings,
    sources: Mapping[date, DaySource],
    limits: Limits,
) -> int:
    """The bytes that extracting all six event tables would read, from dry runs (not billed).

    If an endpoint returns 0, the tables' own sizes are used instead.

    Raises:
        Upstream: BigQuery refused or did not respond.
        Cancelled: the job was cancelled.
    """
    if not sources:
        return 0
    total = 0
    for name in EVENT_TABLES:
        query = _query(settings, name, sources)
        total += retry(
            partial(_dry_run, connection, settings, query, limits),
            limits,
            first_pause_s=settings.first_pause_s,
        )
    return total or sum(source.bytes for source in sources.values())


def _dry_run(
    connection: BigQueryConnection, settings: BigQuerySettings, query: Query, limits: Limits
) -> int:
    config = query.config(settings)
    config.dry_run = True
    config.use_query_cache = False
    with translated(settings.account):
        job = connection.rest.query(
            query.sql,
            job_config=config,
            retry=ONCE,
            job_retry=None,
            timeout=limits.within(settings.call_timeout_s),
        )
        return int(job.total_bytes_processed or 0)


def _query(settings: BigQuerySettings, table: str, sources: Mapping[date, DaySource]) -> Query:
    event_table = EVENT_TABLES[table]
    days = {source.table: source.columns for source in sources.values()}
    return Query(
        table=event_table,
        sql=extraction_query(settings.project_id, settings.dataset_id, event_table, days),
        state=" ".join(f"{s.table}@{s.modified_at.isoformat()}" for s in sources.values()),
    )


def extract(
    connection: BigQueryConnection,
    settings: BigQuerySettings,
    event_table: str,
    sources: Mapping[date, DaySource],
    spool_path: Path,
    *,
    job_key: str,
    progress: Callable[[int, int], None],
    limits: Limits,
) -> Extraction:
    """Read one event table's rows of every day of `sources` into an Arrow stream file.

    Uses one query; a re-run with the same `job_key` on unchanged tables reuses the finished query
    instead of paying again. `progress` is called from this thread with rows read and total rows.
    `spool_path` exists afterwards only if everything was read.

    Raises:
        Upstream: BigQuery refused, failed, or returned fewer rows than it announced.
        Cancelled: the job was cancelled.
    """
    if not sources:
        return Extraction.empty(event_table, spool_path)
    query = _query(settings, event_table, sources)
    job = run_query(connection.rest, settings, query, job_key, limits)
    days = {source.table: source.event_date for source in sources.values()}
    return _read(
        Reading(connection, settings, query.table, job, days, progress, limits), spool_path
    )


def _read(reading: Reading, spool_path: Path) -> Extraction:
    """Use the Storage Read API if the account may; REST is slower but needs no role."""
    try:
        return _read_once(reading, spool_path)
    except Upstream as error:
        if reading.connection.storage is None or error.extra.get("kind") == "timeout":
            raise
        logger.warning("ingest.storage.avoided", kind=error.extra.get("kind"))
        return _read_once(replace(reading, avoid_storage=True), spool_path)


def _read_once(reading: Reading, spool_path: Path) -> Extraction:
    return retry(
        partial(read_into_spool, reading, spool_path),
        reading.limits,
        first_pause_s=reading.settings.first_pause_s,
    )


def extract_all(
    connection: BigQueryConnection,
    settings: BigQuerySettings,
    sources: Mapping[str, Mapping[date, DaySource]],
    spool_directory: Path,
    *,
    job_key: str,
    progress: Callable[[str, int, int], None],
    limits: Limits,
) -> dict[str, Extraction | Upstream]:
    """Extract the event tables of `sources` at once, each in its own thread.

    A failing table stops no other. `progress` is called from these threads, with the event table's
    name first.

    Raises:
        Cancelled: the job was cancelled; every thread has stopped.
    """

    def read_one(name: str) -> Extraction | Upstream:
        try:
            return extract(
                connection,
                settings,
                name,
                sources[name],
                spool_directory / f"{name}.arrow",
                job_key=job_key,
                limits=limits,
                progress=lambda done, total: progress(name, done, total),
            )
        except Upstream as error:
            return error

    with ThreadPoolExecutor(len(sources) or 1) as pool:
        futures = {name: pool.submit(read_one, name) for name in sources}
    return {name: future.result() for name, future in futures.items()}
