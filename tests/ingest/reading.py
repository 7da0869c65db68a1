"""Extractions from the scripted BigQuery, and the rows it answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from app.ingest.attempts import Limits
from app.ingest.bigquery import source as bigquery
from app.ingest.bigquery.source import BigQuerySettings, Extraction
from app.ingest.store.spool import open_spool

DAY = date(2025, 4, 1)
NEXT = date(2025, 4, 2)
NOON = int(datetime(2025, 4, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000


def page_view(second: int, **cells: str | None) -> dict[str, str | None]:
    """A page view of 1 April 2025, `second` seconds after noon UTC."""
    row: dict[str, str | None] = {
        "event_date": "20250401",
        "event_ts": str(NOON + second * 1_000_000),
        "event_name": "page_view",
        "user_pseudo_id": "1.2",
        "ga_session_id": "100",
        "source_table": "events_20250401",
        "page_url": f"https://shop.example/{second}",
    }
    return row | cells


def limits(seconds: float = 60, cancelled: Callable[[], bool] = lambda: False) -> Limits:
    return Limits(time.monotonic() + seconds, cancelled)


def read(
    settings: BigQuerySettings,
    folder: Path,
    *,
    within: Limits | None = None,
    job_key: str = "job-1",
    event_table: str = "page_view",
) -> Extraction:
    """One extraction of 1 April, from nothing to its spool."""
    within = within or limits()
    connection = bigquery.open_bigquery(settings, within)
    sources = bigquery.list_sources(connection, settings, [DAY], within)
    return bigquery.extract(
        connection,
        settings,
        event_table,
        sources,
        folder / "spool.arrow",
        job_key=job_key,
        progress=lambda done, total: None,
        limits=within,
    )


def spooled(extraction: Extraction) -> list[str]:
    batches = open_spool(extraction.spool_path)
    return [url for batch in batches for url in batch.column("page_url").to_pylist()]
