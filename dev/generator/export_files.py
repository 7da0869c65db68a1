"""Tables of the export as files: newline-delimited JSON, gzip, byte for byte repeatable."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from dev.generator.catalogue import Row

_encode = json.JSONEncoder(
    separators=(",", ":"), ensure_ascii=False, check_circular=False, allow_nan=False
).encode


def write_tables(directory: Path, tables: Iterable[tuple[str, Iterable[Row]]]) -> list[Path]:
    """Write every table as `NAME.json.gz` and remove tables of an earlier run.

    Compression runs beside the making of the next day's rows.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=1) as pool:
        writes: list[Future[Path]] = [
            pool.submit(_write, directory / f"{table}.json.gz", _lines(rows))
            for table, rows in tables
        ]
    paths = [write.result() for write in writes]
    for stale in set(directory.glob("events_*.json.gz")) - set(paths):
        stale.unlink()
    return paths


def write_table(directory: Path, table: str, rows: Iterable[Row]) -> Path:
    """Write one table."""
    return _write(directory / f"{table}.json.gz", _lines(rows))


def read_table(path: Path) -> list[Row]:
    """The rows of a table written before."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _lines(rows: Iterable[Row]) -> bytes:
    return "".join(f"{_encode(row)}\n" for row in rows).encode()


def _write(path: Path, lines: bytes) -> Path:
    path.write_bytes(gzip.compress(lines, 1, mtime=0))
    return path
