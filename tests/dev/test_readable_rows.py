"""Which rows of a damaged export file are read, and what is said of the others."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import duckdb
import pytest

from dev import bigquery_load
from dev.bigquery_load import LoadError

GOOD = [
    {
        "event_date": "20261101",
        "event_timestamp": str(1_000_000 + n),
        "event_name": "page_view",
        "event_params": [{"key": "n", "value": {"int_value": str(n)}}],
        "ecommerce": {"purchase_revenue": "NaN"},
        "is_active_user": True,
    }
    for n in range(200)
]
LINES = b"".join(json.dumps(row).encode() + b"\n" for row in GOOD)
PACKED = gzip.compress(LINES)


def load(folder: Path, content: bytes) -> tuple[int, tuple[str, ...]]:
    """Rows in the table of the file, and what was refused."""
    (folder / "events_20261101.json.gz").write_bytes(content)
    with duckdb.connect() as connection:
        (source,) = bigquery_load.list_sources(folder)
        (loaded,) = bigquery_load.load(connection, "s", [source])
        stored = connection.execute("select count(event_name) from s.events_20261101").fetchone()
    assert stored == (loaded.row_count,)
    return loaded.row_count, loaded.refused


def test_a_whole_file_is_read_whole(tmp_path: Path) -> None:
    assert load(tmp_path, PACKED) == (200, ())
    assert load(tmp_path, PACKED + gzip.compress(LINES)) == (400, ())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"event_date": "2026', "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        (b"[1, 2]", "it is no object"),
        (b'{"event_name": "a", "event_timestamp": "soon"}', "event_timestamp of another type"),
        (b'{"event_name": "a", "event_params": "no"}', "event_params of another type"),
        (b'{"event_name": "a", "ecommerce": []}', "ecommerce of another type"),
        (
            b'{"event_name": "a", "is_active_user": 7, "items": {}}',
            "items, is_active_user of another",
        ),
    ],
)
def test_one_unreadable_row_is_named_and_the_others_are_read(
    tmp_path: Path, line: bytes, reason: str
) -> None:
    rows, refused = load(tmp_path, gzip.compress(LINES + line + b"\n" + LINES))
    assert rows == 400
    assert len(refused) == 1 and refused[0].startswith(f"line 201: {reason}")


@pytest.mark.parametrize(
    "content",
    [
        PACKED + b"garbage",
        PACKED[:-8] + bytes(8),
        PACKED[:-1],
    ],
    ids=["garbage after it", "wrong checksum", "no end"],
)
def test_a_damaged_end_costs_no_whole_row(tmp_path: Path, content: bytes) -> None:
    assert load(tmp_path, content) == (200, ("line 201: the file is damaged from here on",))


def test_of_a_file_that_breaks_off_the_whole_lines_are_read(tmp_path: Path) -> None:
    rows, refused = load(tmp_path, PACKED[: len(PACKED) // 2])
    assert 0 < rows < 200
    assert refused == (f"line {rows + 1}: the file is damaged from here on",)


@pytest.mark.parametrize(
    "content",
    [b"not gzip", gzip.compress(b'{"event_date": '), b""],
    ids=["plain", "cut", "empty"],
)
def test_a_file_without_a_readable_row_is_an_error_that_names_it(
    tmp_path: Path, content: bytes
) -> None:
    with pytest.raises(LoadError, match=r"events_20261101\.json\.gz: no row of it can be read"):
        load(tmp_path, content)
