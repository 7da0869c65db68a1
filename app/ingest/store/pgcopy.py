"""Encodes Arrow batches in PostgreSQL's binary COPY format, one column at a time.

A row on the wire is a 16-bit count of fields, then a 32-bit length (-1 for null) and the bytes of
each field. Here a row is a few pieces: numpy joins runs of equal width in every row (the count,
lengths, fixed-width values), texts stay as in Arrow, and Arrow joins the pieces of each row. No
Python runs per row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
TRAILER = b"\xff\xff"

Bytes = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_JSONB_VERSION = b"\x01"
_UNIX_TO_POSTGRES_DAYS = 10_957  # 1970-01-01 to 2000-01-01
_UNIX_TO_POSTGRES_MICROS = _UNIX_TO_POSTGRES_DAYS * 86_400_000_000
_GROUP = 10_000  # numeric uses digits of base 10,000
_NEGATIVE = 0x4000
_LARGEST_PIECE = 1 << 29  # bytes; a quarter of what Arrow's 32-bit offsets allow


def encode(batch: pa.RecordBatch, jsonb: frozenset[str] = frozenset()) -> memoryview:
    """The rows of `batch` as COPY fields, without header and trailer.

    Columns named in `jsonb` are text sent as PostgreSQL's jsonb. Batches should be bounded (about
    20,000 rows); larger ones are encoded in halves.

    Raises:
        TypeError: a column's type has no encoding here.
    """
    rows = batch.num_rows
    if not rows:
        return memoryview(b"")
    if batch.nbytes > _LARGEST_PIECE and rows > 1:
        halves = (encode(batch.slice(0, rows // 2), jsonb), encode(batch.slice(rows // 2), jsonb))
        return memoryview(b"".join(halves))
    row = _Row(rows)
    row.add_fixed(_same(rows, len(batch.schema).to_bytes(2)))
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        _add_column(row, column, name in jsonb)
    return row.joined()


def constant(value: UUID | int | str, rows: int) -> pa.Array:
    """A column that repeats `value`: a UUID as uuid, an int as bigint, else text."""
    if isinstance(value, UUID):
        return pa.repeat(pa.scalar(value.bytes, pa.binary(16)), rows)
    kind = pa.int64() if isinstance(value, int) else pa.string()
    return pa.repeat(pa.scalar(value, kind), rows)


@dataclass
class _Row:
    """The pieces that every row is joined from, in order."""

    rows: int
    _pieces: list[pa.Array] = field(default_factory=list)
    _pending: list[Bytes] = field(default_factory=list)

    def add_fixed(self, planes: Bytes) -> None:
        """Add bytes of equal width in every row: an array of rows × width."""
        self._pending.append(planes)

    def add_variable(self, piece: pa.Array) -> None:
        """Add a binary column; null counts as no bytes."""
        self._flush()
        self._pieces.append(piece)

    def joined(self) -> memoryview:
        """All rows, concatenated."""
        self._flush()
        if len(self._pieces) == 1:
            return memoryview(self._pieces[0].buffers()[2])
        lines = pc.binary_join_element_wise(
            *self._pieces, b"", null_handling="replace", null_replacement=b""
        )
        return memoryview(lines.buffers()[2])

    def _flush(self) -> None:
        if not self._pending:
            return
        block = np.concatenate(self._pending, axis=1)
        self._pending.clear()
        offsets = np.arange(self.rows + 1, dtype=np.int32) * np.int32(block.shape[1])
        self._pieces.append(_binary(offsets, block))


def _binary(offsets: npt.NDArray[np.int32], flat: Bytes) -> pa.Array:
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(flat))]
    return pa.Array.from_buffers(pa.binary(), len(offsets) - 1, buffers)


def _same(rows: int, value: bytes) -> Bytes:
    return np.broadcast_to(np.frombuffer(value, dtype=np.uint8), (rows, len(value)))


def _planes(values: npt.NDArray[np.generic]) -> Bytes:
    return np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)


def _add_column(row: _Row, column: pa.Array, is_jsonb: bool) -> None:
    kind = column.type
    if column.null_count == len(column):
        row.add_fixed(_same(row.rows, (-1).to_bytes(4, signed=True)))
    elif pa.types.is_string(kind) or pa.types.is_binary(kind):
        _add_text(row, column, is_jsonb)
    elif pa.types.is_decimal128(kind):
        _add_numeric(row, column)
    else:
        _add_values(row, column, _wire_values(column))


def _add_text(row: _Row, column: pa.Array, is_jsonb: bool) -> None:
    prefix = _JSONB_VERSION if is_jsonb else b""
    body = column.cast(pa.binary())
    sizes = pc.fill_null(pc.binary_length(body), -1 - len(prefix)).to_numpy()
    row.add_fixed(_planes((sizes + len(prefix)).astype(">i4")))
    if prefix and column.null_count:
        body = pc.binary_join_element_wise(pa.scalar(prefix), body, b"")
    elif prefix:
        row.add_fixed(_same(row.rows, prefix))
    row.add_variable(body)


def _add_values(row: _Row, column: pa.Array, values: npt.NDArray[np.generic]) -> None:
    width = values.dtype.itemsize
    if not column.null_count:
        row.add_fixed(_same(row.rows, width.to_bytes(4)))
        row.add_fixed(_planes(values))
        return
    present = _present(column)
    row.add_fixed(_planes(np.where(present, width, -1).astype(">i4")))
    row.add_variable(_binary(_offsets(present * width), _planes(values[present])))


def _present(column: pa.Array) -> Mask:
    mask: Mask = column.is_valid().to_numpy(zero_copy_only=False)
    return mask


def _offsets(sizes: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    offsets = np.zeros(len(sizes) + 1, dtype=np.int32)
    np.cumsum(sizes, out=offsets[1:])
    return offsets


def _wire_values(column: pa.Array) -> npt.NDArray[np.generic]:
    """Fixed-width values in network byte order; null positions are arbitrary."""
    kind = column.type
    if pa.types.is_boolean(kind):
        return _zeroed(column, False).astype(np.uint8)
    if pa.types.is_date32(kind):
        return (_plain(column, pa.int32()) - _UNIX_TO_POSTGRES_DAYS).astype(">i4")
    if pa.types.is_timestamp(kind):
        micros = _plain(column.cast(pa.timestamp("us", tz=kind.tz)), pa.int64())
        return (micros - _UNIX_TO_POSTGRES_MICROS).astype(">i8")
    if kind in (pa.int16(), pa.int32(), pa.int64()):
        return _plain(column, kind).astype(f">i{kind.bit_width // 8}")
    if pa.types.is_float64(kind):
        return _zeroed(column, 0.0).astype(">f8")
    if pa.types.is_fixed_size_binary(kind):
        return _fixed_bytes(column)
    raise TypeError(f"no COPY encoding for columns of type {kind}")


def _zeroed(column: pa.Array, zero: bool | float) -> npt.NDArray[np.generic]:
    values: npt.NDArray[np.generic] = pc.fill_null(column, zero).to_numpy(zero_copy_only=False)
    return values


def _plain(column: pa.Array, kind: pa.DataType) -> Integers:
    whole: Integers = pc.fill_null(column.view(kind), 0).to_numpy()
    return whole


def _fixed_bytes(column: pa.Array) -> npt.NDArray[np.generic]:
    width = column.type.byte_width
    flat = np.frombuffer(column.buffers()[1], dtype=np.uint8)
    start = column.offset * width
    return flat[start : start + len(column) * width].view(f"V{width}")


def _add_numeric(row: _Row, column: pa.Array) -> None:
    """Encode decimal128 with scale 6 and at most 18 digits as numeric.

    The body is four 16-bit words (groups, weight, sign, scale) and 16-bit groups of four digits.
    Twelve digits before the point make three groups and six after it make two, the last padded with
    00; leading and trailing zero groups are left out, as PostgreSQL does.
    """
    kind = column.type
    if kind.scale != 6 or kind.precision > 18:
        raise TypeError(f"no COPY encoding for columns of type {kind}")
    present = _present(column)
    units = np.where(present, _units(column), 0)
    groups = _digit_groups(np.abs(units))
    filled = groups != 0
    is_zero = ~filled.any(axis=1)
    first = np.where(is_zero, 0, filled.argmax(axis=1))
    count = np.where(is_zero, 0, groups.shape[1] - filled[:, ::-1].argmax(axis=1) - first)
    words = np.empty((len(units), 4 + groups.shape[1]), dtype=">i2")
    words[:, 0] = count
    words[:, 1] = np.where(is_zero, 0, 2 - first)
    words[:, 2] = np.where(units < 0, _NEGATIVE, 0)
    words[:, 3] = kind.scale
    words[:, 4:] = groups
    order = np.arange(groups.shape[1])
    used = (order >= first[:, None]) & (order < (first + count)[:, None])
    kept = np.concatenate([np.ones((len(units), 4), dtype=np.bool_), used], axis=1)
    kept &= present[:, None]
    sizes = kept.sum(axis=1, dtype=np.int64) * 2
    row.add_fixed(_planes(np.where(present, sizes, -1).astype(">i4")))
    row.add_variable(_binary(_offsets(sizes), words[kept].view(np.uint8)))


def _units(column: pa.Array) -> Integers:
    """The decimals as millionths: 18 digits fit the low half of a decimal128."""
    halves = np.frombuffer(column.buffers()[1], dtype=np.int64).reshape(-1, 2)
    return halves[column.offset : column.offset + len(column), 0]


def _digit_groups(units: Integers) -> Integers:
    """Five groups of four digits each: three before the point, two after it."""
    whole, fraction = np.divmod(units, 1_000_000)
    return np.stack(
        [
            whole // _GROUP**2,
            whole // _GROUP % _GROUP,
            whole % _GROUP,
            fraction // 100,
            fraction % 100 * 100,
        ],
        axis=1,
    )
