"""Reads a finished query by the Storage Read API or by REST, into a spool file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pyarrow as pa
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient

from app.errors import Upstream
from app.ingest.attempts import Limits
from app.ingest.bigquery.client import ONCE, BigQueryConnection, BigQuerySettings
from app.ingest.bigquery.errors import translated
from app.ingest.bigquery.storage import read_table
from app.ingest.store.event_tables import EventTable, output_columns
from app.ingest.store.spool import BATCH_ROWS, Extraction, write_spool
from app.ingest.store.transform import raw_batch

_REST_PAGE = 5_000  # a page is parsed whole, and six types are read at once


@dataclass(frozen=True)
class Reading:
    """A finished query and what reading it needs. `days` are keyed by source table.

    `avoid_storage` uses REST even if the Storage Read API is available.
    """

    connection: BigQueryConnection
    settings: BigQuerySettings
    table: EventTable
    job: bigquery.QueryJob
    days: Mapping[str, date]
    progress: Callable[[int, int], None]
    limits: Limits
    avoid_storage: bool = False


def read_into_spool(reading: Reading, spool_path: Path) -> Extraction:
    """Write every row of the finished query, cleaned, to `spool_path`.

    Raises:
        Upstream: the response broke off, or its rows do not match the announced number.
        Cancelled: the job was cancelled; no spool file is left.
    """
    with translated(reading.settings.account):
        result = _result(reading)
        total = int(result.total_rows or 0)

        def on_batch(read: int) -> None:
            reading.progress(read, total)
            reading.limits.check()

        rows = _all_batches(reading, result, total)
        found = write_spool(reading.table, spool_path, reading.days, rows, on_batch)
    return replace(found, bytes_billed=int(reading.job.total_bytes_billed or 0))


def _result(reading: Reading) -> bigquery.table.RowIterator:
    result = reading.job.result(
        page_size=_REST_PAGE,
        retry=ONCE,
        job_retry=None,
        timeout=reading.limits.within(reading.settings.call_timeout_s),
    )
    if isinstance(result, bigquery.table._EmptyRowIterator):  # from a response without a total
        raise Upstream(
            "BigQuery did not say how many rows the query found; the answer is not used. If it "
            "keeps happening, see status.cloud.google.com.",
            kind="transient",
        )
    return result


def _all_batches(
    reading: Reading, result: bigquery.table.RowIterator, total: int
) -> Iterator[pa.RecordBatch]:
    """The rows in batches; raises after the last one if rows are missing."""
    read = 0
    for batch in _batches(reading, result) if total else ():
        read += batch.num_rows
        yield batch
    _check_complete(read, total)


def _check_complete(read: int, total: int) -> None:
    if read != total:
        raise Upstream(
            f"BigQuery announced {total:,} rows and sent {read:,}: the answer was incomplete and "
            "is not used. If it keeps happening, load fewer days at once.",
            kind="transient",
        )


def _batches(reading: Reading, result: bigquery.table.RowIterator) -> Iterator[pa.RecordBatch]:
    storage = reading.connection.storage
    if storage is None or reading.avoid_storage:
        return _rest_batches(reading, result)
    return _storage_batches(reading, storage)


def _rest_batches(reading: Reading, result: bigquery.table.RowIterator) -> Iterator[pa.RecordBatch]:
    """Pages decoded by column; the library decodes cell by cell."""
    for page in result.pages:
        rows = page.raw_page.get("rows", [])
        yield raw_batch(reading.table, [[cell.get("v") for cell in row["f"]] for row in rows])


def _storage_batches(reading: Reading, storage: BigQueryReadClient) -> Iterator[pa.RecordBatch]:
    names = output_columns(reading.table)
    table = reading.job.destination
    for batch in read_table(storage, reading.settings, table, reading.limits):
        renamed = pa.record_batch(batch.columns, names=names)
        for start in range(0, renamed.num_rows, BATCH_ROWS):
            yield renamed.slice(start, BATCH_ROWS)
