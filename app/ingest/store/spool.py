"""Cleaned extracted rows in a spool file: an Arrow stream of bounded batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa

from app.ingest.store.event_tables import EVENT_TABLES, EventTable
from app.ingest.store.transform import Refusals, Sample, transform
from app.jobs.failpoints import reached

BATCH_ROWS = 20_000  # rows per batch in the spool, and so in a reader's memory


@dataclass(frozen=True)
class Extraction:
    """The result of reading one event table.

    `rows` are stored in `spool_path`, `rows_by_day` has every requested day (including 0), and
    `refused` counts the rows left out by reason. `cut` counts shortened texts by column.
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
        """An empty spool, if no day had a source."""
        with _writer(EVENT_TABLES[event_table], spool_path):
            return cls(event_table, spool_path)


def open_spool(path: Path) -> Iterator[pa.RecordBatch]:
    """The batches of a spool file, one in memory at a time."""
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as reader:
        yield from reader


def write_spool(
    table: EventTable,
    spool_path: Path,
    days: Mapping[str, date],
    batches: Iterable[pa.RecordBatch],
    on_batch: Callable[[int], None],
) -> Extraction:
    """Write every row of `batches`, cleaned, to `spool_path`, which exists only if all were read.

    `batches` have the columns of output_columns(); their errors propagate. `days` are keyed by
    source table. `on_batch` gets the number of rows read so far and may raise to stop.
    """
    partial = spool_path.with_suffix(".partial")
    refusals, by_table, read = Refusals(), Counter[str](), 0
    try:
        with _writer(table, partial) as writer:
            for batch in batches:
                clean = transform(table, batch, refusals)
                writer.write_batch(clean)
                reached("spool.batch")
                by_table.update(_count(clean))
                read += batch.num_rows
                on_batch(read)
        reached("spool.written")
        partial.replace(spool_path)
    finally:
        partial.unlink(missing_ok=True)
    return Extraction(
        event_table=table.name,
        spool_path=spool_path,
        rows=read - refusals.total,
        rows_by_day={day: by_table[name] for name, day in days.items()},
        refused=refusals.counts,
        samples=refusals.samples,
        cut=refusals.cut,
    )


def _writer(table: EventTable, path: Path) -> pa.ipc.RecordBatchStreamWriter:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    return pa.ipc.new_stream(str(path), table.schema, options=options)


def _count(batch: pa.RecordBatch) -> dict[str, int]:
    counts = batch.column("source_table").value_counts()
    return {str(count["values"]): int(count["counts"]) for count in counts.to_pylist()}
