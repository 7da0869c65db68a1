"""A finished query's rows, cleaned, into a spool file: an Arrow stream of bounded batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1.services.big_query_read import BigQueryReadClient

from app.errors import Upstream
from app.ingest.attempts import Limits
from app.ingest.bigquery.client import ONCE, BigQueryConnection, BigQuerySettings
from app.ingest.bigquery.errors import translated
from app.ingest.bigquery.event_query import output_columns
from app.ingest.bigquery.storage import read_table
from app.ingest.store.event_tables import EVENT_TABLES, EventTable
from app.ingest.store.transform import Refusals, Sample, raw_batch, transform
from app.jobs.failpoints import reached

BATCH_ROWS = 20_000  # rows of a batch in the spool, and with it what a reader must hold
_REST_PAGE = 5_000  # a page is parsed whole, and six types are read at once


@dataclass(frozen=True)
class Extraction:
    """What reading one event table gave.

    `rows` are stored in `spool_path`, `rows_by_day` has every day asked for (0 included), and
    `refused` counts the rows left out by reason. `cut` counts texts shortened, by column.
    """

    event_table: str
    spool_path: Path
    rows: int = 0
    rows_by_day: Mapping[date, int] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    samples: Mapping[str, list[Sample]] = field(default_factory=dict)
    cut: Counter[str] = field(default_factory=Counter)
    bytes_billed: int = 0

    @classmethod
    def empty(cls, event_table: str, spool_path: Path) -> Extraction:
        """No day had a source: a spool without rows."""
        with _writer(EVENT_TABLES[event_table], spool_path):
            return cls(event_table, spool_path)


def open_spool(path: Path) -> Iterator[pa.RecordBatch]:
    """The batches of a spool file, one in memory at a time."""
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        yield from reader


@dataclass(frozen=True)
class Reading:
    """A finished query and what reading it needs. `days` are by source table.

    `avoid_storage` reads by REST although the Storage Read API is there.
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
    """Every row of the finished query, cleaned, in `spool_path`.

    Raises:
        Upstream: the answer broke off, or has other rows than the result says.
        Cancelled: the job was cancelled; no spool file is left.
    """
    partial = spool_path.with_suffix(".partial")
    refusals, by_table = Refusals(), Counter[str]()
    try:
        with translated(reading.settings.account):
            read = _write_spool(reading, partial, refusals, by_table)
        reached("spool.written")
        partial.replace(spool_path)
    finally:
        partial.unlink(missing_ok=True)
    return Extraction(
        event_table=reading.table.name,
        spool_path=spool_path,
        rows=read - refusals.total,
        rows_by_day={day: by_table[name] for name, day in reading.days.items()},
        refused=refusals.counts,
        samples=refusals.samples,
        cut=refusals.cut,
        bytes_billed=int(reading.job.total_bytes_billed or 0),
    )


def _write_spool(reading: Reading, path: Path, refusals: Refusals, by_table: Counter[str]) -> int:
    """Rows read, refused ones included; `refusals` and `by_table` are filled."""
    read = 0
    result = _result(reading)
    total = int(result.total_rows or 0)
    with _writer(reading.table, path) as writer:
        for batch in _batches(reading, result) if total else ():
            clean = transform(reading.table, batch, refusals)
            writer.write_batch(clean)
            reached("spool.batch")
            by_table.update(_count(clean))
            read += batch.num_rows
            reading.progress(read, total)
            reading.limits.check()
    _check_complete(read, total)
    return read


def _result(reading: Reading) -> bigquery.table.RowIterator:
    result = reading.job.result(
        page_size=_REST_PAGE,
        retry=ONCE,
        job_retry=None,
        timeout=reading.limits.within(reading.settings.call_timeout_s),
    )
    if isinstance(result, bigquery.table._EmptyRowIterator):  # what an answer without a total gives
        raise Upstream(
            "BigQuery did not say how many rows the query found; the answer is not used. If it "
            "keeps happening, see status.cloud.google.com.",
            kind="transient",
        )
    return result


def _writer(table: EventTable, path: Path) -> pa.ipc.RecordBatchStreamWriter:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    return pa.ipc.new_stream(str(path), table.schema, options=options)


def _count(batch: pa.RecordBatch) -> dict[str, int]:
    counts = batch.column("source_table").value_counts()
    return {str(count["values"]): int(count["counts"]) for count in counts.to_pylist()}


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
    """Pages decoded column-wise; the library's own decoding goes cell by cell."""
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
