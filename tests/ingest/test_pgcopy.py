"""Arrow columns through PostgreSQL's binary COPY and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.ingest.store import pgcopy
from app.ingest.store.event_tables import INSTANT, MONEY, PURCHASE

KINDS = {
    "date": pa.date32(),
    "timestamptz": INSTANT,
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "numeric": MONEY,
    "uuid": pa.binary(16),
    "double precision": pa.float64(),
}
VALUES: dict[str, list[Any]] = {
    "date": [date(1970, 1, 1), date(2000, 1, 1), date(1, 1, 1), date(9999, 12, 31)],
    "timestamptz": [datetime(2025, 4, 1, 12, 0, 0, 1, UTC), datetime(1999, 12, 31, tzinfo=UTC)],
    "text": ["", "a", "ü – 漢字 🛒", "x" * 5_000, "tab\tnew\nline\\", "\\N"],
    "integer": [0, -1, 2**31 - 1, -(2**31)],
    "bigint": [0, -1, 2**63 - 1, -(2**63)],
    "boolean": [True, False],
    "numeric": [
        Decimal(text).quantize(Decimal("0.000001"))
        for text in (
            "0",
            "1",
            "-1",
            "0.000001",
            "-0.000001",
            "0.01",
            "10000",
            "99990000",
            "0.1234",
            "12345.678901",
            "999999999999.999999",
            "-999999999999.999999",
            "100000000",
            "0.00005",
        )
    ],
    "uuid": [bytes(16), bytes(range(16))],
    "double precision": [0.0, -1.5, float("inf"), 5e-324],
}


@pytest.fixture(scope="module")
def connection(server_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server_url, autocommit=True, prepare_threshold=None) as opened:
        yield opened


def round_trip(
    connection: psycopg.Connection, batch: pa.RecordBatch, types: list[str]
) -> list[tuple[Any, ...]]:
    """What PostgreSQL says it got, row by row in order."""
    jsonb = frozenset(n for n, t in zip(batch.schema.names, types, strict=True) if t == "jsonb")
    columns = ", ".join(f"c{n} {kind}" for n, kind in enumerate(types))
    connection.execute("drop table if exists copied")
    connection.execute(f"create temporary table copied (position serial, {columns})")
    names = ", ".join(f"c{n}" for n in range(len(types)))
    statement = f"copy copied ({names}) from stdin (format binary)"
    with connection.cursor().copy(statement) as copy:
        copy.write(pgcopy.HEADER)
        copy.write(pgcopy.encode(batch, jsonb))
        copy.write(pgcopy.TRAILER)
    return connection.execute(f"select {names} from copied order by position").fetchall()


def as_sent(value: Any) -> Any:
    return UUID(bytes=value) if isinstance(value, bytes) else value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("with_nulls", [False, True], ids=["filled", "nulls"])
def test_every_value_of_a_type_arrives(
    connection: psycopg.Connection, kind: str, with_nulls: bool
) -> None:
    values = [None, *VALUES[kind], None] if with_nulls else VALUES[kind]
    batch = pa.record_batch([pa.array(values, KINDS[kind])], names=["c"])

    rows = round_trip(connection, batch, [kind])

    assert [row[0] for row in rows] == [as_sent(value) for value in values]


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_of_nulls_arrives(connection: psycopg.Connection, kind: str) -> None:
    batch = pa.record_batch([pa.nulls(3, KINDS[kind]), pa.array([1, 2, 3])], names=["c", "n"])

    assert round_trip(connection, batch, [kind, "bigint"]) == [(None, 1), (None, 2), (None, 3)]


@pytest.mark.parametrize("values", [['[{"a": "ü"}]', "[]"], [None, '[{"a": 1.5}]', None]])
def test_jsonb_arrives(connection: psycopg.Connection, values: list[str | None]) -> None:
    batch = pa.record_batch([pa.array(values, pa.string())], names=["items_json"])

    rows = round_trip(connection, batch, ["jsonb"])

    assert [row[0] for row in rows] == [v and json.loads(v) for v in values]


def test_a_slice_sends_its_own_rows_only(connection: psycopg.Connection) -> None:
    columns = [pa.array([None, *VALUES[kind]] * 4, KINDS[kind])[:9] for kind in KINDS]
    batch = pa.record_batch(columns, names=list(KINDS))

    rows = round_trip(connection, batch.slice(2, 3), list(KINDS))

    expected = [tuple(as_sent(v) for v in row.values()) for row in batch.to_pylist()[2:5]]
    assert rows == expected


def test_a_constant_stands_in_every_row(connection: psycopg.Connection) -> None:
    tenant = UUID(int=7)
    columns = [pgcopy.constant(value, 2) for value in (tenant, 42, "word")]
    batch = pa.record_batch(columns, names=["a", "b", "c"])

    assert round_trip(connection, batch, ["uuid", "bigint", "text"]) == [(tenant, 42, "word")] * 2


def test_no_rows_are_no_bytes() -> None:
    assert bytes(pgcopy.encode(_empty())) == b""


def _empty() -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=PURCHASE.schema)


def test_a_type_without_encoding_is_an_error() -> None:
    with pytest.raises(TypeError, match="no COPY encoding"):
        pgcopy.encode(pa.record_batch([pa.array([[1]])], names=["c"]))


def _column(kind: str) -> st.SearchStrategy[Any]:
    micros = st.integers(-(2**51), 2**52).map(lambda n: datetime.fromtimestamp(n / 1e6, UTC))
    choices: dict[str, st.SearchStrategy[Any]] = {
        "date": st.dates(),
        "timestamptz": micros,
        "text": st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")),
        "integer": st.integers(-(2**31), 2**31 - 1),
        "bigint": st.integers(-(2**63), 2**63 - 1),
        "boolean": st.booleans(),
        "numeric": st.decimals(Decimal(-(10**12) + 1), Decimal(10**12 - 1), places=6),
        "uuid": st.binary(min_size=16, max_size=16),
        "double precision": st.floats(allow_nan=False),
    }
    return st.none() | choices[kind]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=st.lists(st.tuples(*[_column(kind) for kind in KINDS]), min_size=1, max_size=12))
def test_any_rows_arrive(connection: psycopg.Connection, rows: list[tuple[Any, ...]]) -> None:
    columns = [pa.array([row[n] for row in rows], kind) for n, kind in enumerate(KINDS.values())]
    batch = pa.record_batch(columns, names=list(KINDS))

    arrived = round_trip(connection, batch, list(KINDS))

    assert arrived == [tuple(as_sent(value) for value in row) for row in rows]
