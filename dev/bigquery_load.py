"""Puts export files into the emulator's DuckDB file as tables. Runs inside the emulator.

What was loaded from which file stands in the table `_dev.source` beside the tables, so that a
second start does not read unchanged files again.
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dev.bigquery_schema import EVENTS, duckdb_type, repeated_columns, size_of
from dev.readable_rows import copy_readable, is_whole

FILE_NAME = re.compile(r"(events_(?:intraday_|fresh_)?\d{8})\.json\.gz")
PARALLEL_FILES = 2
LONGEST_ROW_BYTES = 64 * 1024 * 1024
CREATE_SOURCE = """
create schema if not exists _dev;
create table if not exists _dev.source (
    project varchar,
    dataset varchar,
    table_id varchar,
    fingerprint varchar,
    row_count bigint,
    column_bytes varchar
)
"""


class LoadError(Exception):
    """An export file cannot be read; the message names it."""


@dataclass(frozen=True)
class Source:
    """A file and the table it becomes. `fingerprint`: of its size, content and our schema."""

    table_id: str
    path: Path
    fingerprint: str


@dataclass(frozen=True)
class Loaded:
    """A table made from a source. `column_bytes`: logical bytes of each top-level column.

    `refused`: the rows that could not be read, each with its line and the reason.
    """

    table_id: str
    fingerprint: str
    row_count: int
    column_bytes: dict[str, int]
    refused: tuple[str, ...] = ()


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table of sources; nothing happens when it is there."""
    connection.execute(CREATE_SOURCE)


def list_sources(directory: Path) -> list[Source]:
    """The export files of a directory, by name.

    Raises:
        LoadError: not a directory, or a .json.gz file with another kind of name.
    """
    if not directory.is_dir():
        raise LoadError(f"{directory} is not a directory.")
    found = []
    for path in sorted(directory.glob("*.json.gz")):
        match = FILE_NAME.fullmatch(path.name)
        if not match:
            raise LoadError(f"{path} is not named events_YYYYMMDD.json.gz.")
        found.append(Source(match[1], path, _fingerprint(path)))
    return found


def _fingerprint(path: Path) -> str:
    digest = hashlib.sha256(repr(EVENTS).encode())
    with path.open("rb") as content:
        while part := content.read(1 << 20):
            digest.update(part)
    return f"{path.stat().st_size}:{digest.hexdigest()}"


def known(connection: duckdb.DuckDBPyConnection, project: str, dataset: str) -> dict[str, Loaded]:
    """What this dataset's tables were loaded from, by table."""
    rows = connection.execute(
        "select table_id, fingerprint, row_count, column_bytes from _dev.source"
        " where project = ? and dataset = ?",
        [project, dataset],
    ).fetchall()
    return {row[0]: Loaded(row[0], row[1], row[2], json.loads(row[3])) for row in rows}


def load(connection: duckdb.DuckDBPyConnection, schema: str, sources: list[Source]) -> list[Loaded]:
    """Create or replace one table per source, two at a time, each in its own transaction.

    Raises:
        LoadError: no row of a file is readable as newline-delimited JSON of the export.
    """
    connection.cursor().execute(f'create schema if not exists "{schema}"')
    with ThreadPoolExecutor(PARALLEL_FILES) as pool:
        return list(pool.map(lambda s: _load_one(connection.cursor(), schema, s), sources))


def _load_one(cursor: duckdb.DuckDBPyConnection, schema: str, source: Source) -> Loaded:
    table = f'"{schema}"."{source.table_id}"'
    refused = _fill(cursor, table, source.path)
    sizes = ", ".join(f"sum({size_of(column, _quoted(column.name))})" for column in EVENTS)
    row: Any = cursor.execute(f"select count(*), {sizes} from {table}").fetchone()
    column_bytes = {
        column.name: int(size or 0) for column, size in zip(EVENTS, row[1:], strict=True)
    }
    return Loaded(source.table_id, source.fingerprint, row[0], column_bytes, refused)


def _fill(cursor: duckdb.DuckDBPyConnection, table: str, path: Path) -> tuple[str, ...]:
    """Make the table of the file's rows, of the readable ones if not all are; the others."""
    if is_whole(path):
        try:
            cursor.execute(f"create or replace table {table} as {_select('gzip')}", [str(path)])
            if not _has_lost_values(cursor, table, path):
                return ()
        except duckdb.Error:
            pass  # which rows are at fault is found below
    with tempfile.TemporaryDirectory() as folder:
        readable = Path(folder) / "rows.json"
        refused = copy_readable(path, readable)
        if not readable.stat().st_size:
            raise LoadError(f"{path}: no row of it can be read; {refused[0]}.")
        try:
            rows = _select("uncompressed")
            cursor.execute(f"create or replace table {table} as {rows}", [str(readable)])
        except duckdb.Error as error:
            raise LoadError(f"{path}: {error}") from error
    return tuple(refused)


def _has_lost_values(cursor: duckdb.DuckDBPyConnection, table: str, path: Path) -> bool:
    """Whether a value became null because it has another type: read_json does not say so."""
    typed = [column for column in EVENTS if column.type != "STRING"]  # text takes any scalar
    names = [column.name for column in typed if not column.is_repeated]
    arrays = [column.name for column in repeated_columns()]
    stored = [f'count("{n}")' for n in names]
    stored += [f'count(*) filter (len("{n}") > 0)' for n in arrays]
    given = [f"count(*) filter (json_type(\"{n}\") <> 'NULL')" for n in names]
    given += [
        f"count(*) filter (json_type(\"{n}\") <> 'NULL' and \"{n}\"::varchar <> '[]')"
        for n in arrays
    ]
    raw = ", ".join(f"'{column.name}': 'JSON'" for column in typed)
    now = cursor.execute(f"select {', '.join(stored)} from {table}").fetchone()
    before = cursor.execute(
        f"select {', '.join(given)} from read_json(?, format = 'newline_delimited',"
        f" compression = 'gzip', maximum_object_size = {LONGEST_ROW_BYTES}, columns = {{{raw}}})",
        [str(path)],
    ).fetchone()
    return now != before


def _quoted(name: str) -> str:
    return f'"{name}"'


def _select(compression: str) -> str:
    """All columns of the file given as parameter, missing arrays as empty ones."""
    columns = ", ".join(f"'{column.name}': '{duckdb_type(column)}'" for column in EVENTS)
    arrays = ", ".join(f'coalesce("{c.name}", []) as "{c.name}"' for c in repeated_columns())
    return (
        f"select * replace ({arrays}) from read_json(?, format = 'newline_delimited',"
        f" compression = '{compression}', maximum_object_size = {LONGEST_ROW_BYTES},"
        f" columns = {{{columns}}})"
    )


def remember(
    connection: duckdb.DuckDBPyConnection, project: str, dataset: str, loaded: Loaded
) -> None:
    """Note what a table was made from."""
    forget(connection, project, dataset, loaded.table_id)
    connection.execute(
        "insert into _dev.source values (?, ?, ?, ?, ?, ?)",
        [
            project,
            dataset,
            loaded.table_id,
            loaded.fingerprint,
            loaded.row_count,
            json.dumps(loaded.column_bytes),
        ],
    )


def forget(
    connection: duckdb.DuckDBPyConnection, project: str, dataset: str, table_id: str
) -> None:
    """Note that a table is gone."""
    connection.execute(
        "delete from _dev.source where project = ? and dataset = ? and table_id = ?",
        [project, dataset, table_id],
    )
