"""Cleans exported values into typed ones, one column at a time without a Python loop per row.

Columns come as BigQuery's REST pages give them (all strings) or typed, from its Storage API; each
function takes both. Unreadable values are marked, never guessed.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.ingest.store.event_tables import MONEY
from app.terms import normalise_term

Mask = npt.NDArray[np.bool_]

_TRUE = pa.array(["1", "1.0", "true", "True"])
_EXACT_BELOW = 1e9  # below this, x * 1e6 is a whole number that a double holds exactly
_MONEY_LIMIT = 1e12  # numeric(18, 6) has 12 digits before the point
_HAZARDS = re.compile(r"\\u0000|\\u[dD][89abABcdefCDEF]|NaN|Infinity")


def full(mask: Mask) -> pa.Array:
    """A numpy mask as an Arrow one."""
    return pa.array(mask)


def as_mask(array: pa.Array) -> Mask:
    """An Arrow boolean column as a numpy mask; null is false."""
    result: Mask = pc.fill_null(array, False).to_numpy(zero_copy_only=False)
    return result


def as_text(column: pa.Array) -> pa.Array:
    """Any scalar column as text."""
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def clean_text(column: pa.Array, limit: int) -> tuple[pa.Array, int]:
    """Text without NUL, '' as null, cut at `limit` characters; and the number of cut texts."""
    text = as_text(column)
    if as_mask(pc.match_substring(text, "\x00")).any():
        text = pc.replace_substring(text, "\x00", "")
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    too_long = as_mask(pc.greater(pc.utf8_length(text), limit))
    if not too_long.any():
        return text, 0
    return pc.utf8_slice_codeunits(text, 0, limit), int(too_long.sum())


def clean_id(column: pa.Array) -> pa.Array:
    """Trimmed ids without NUL; '' is null.

    The database handles other words for nothing, which depend on the tenant and on its files.
    """
    text = pc.utf8_trim_whitespace(pc.replace_substring(as_text(column), "\x00", ""))
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)


def whole_numbers(column: pa.Array, kind: pa.DataType) -> tuple[pa.Array, Mask]:
    """Integers of `kind`, and a mask of invalid values, which become null."""
    if pa.types.is_integer(column.type):
        return _fit(column, kind)
    text = pc.utf8_trim_whitespace(as_text(column))
    shaped = as_mask(pc.match_substring_regex(text, r"^[+-]?\d{1,18}(\.0*)?$"))
    bad = as_mask(pc.is_valid(text)) & ~shaped & ~as_mask(pc.equal(text, ""))
    digits = pc.replace_substring_regex(text, r"^\+|\.0*$", "")
    usable = pc.if_else(full(shaped), digits, pa.scalar(None, pa.string()))
    numbers, out_of_range = _fit(pc.cast(usable, pa.int64()), kind)
    return numbers, bad | out_of_range


def _fit(numbers: pa.Array, kind: pa.DataType) -> tuple[pa.Array, Mask]:
    bounds = np.iinfo(kind.to_pandas_dtype())
    inside = pc.and_(
        pc.greater_equal(numbers, pa.scalar(int(bounds.min), pa.int64())),
        pc.less_equal(numbers, pa.scalar(int(bounds.max), pa.int64())),
    )
    bad = as_mask(pc.is_valid(numbers)) & ~as_mask(inside)
    fitting = pc.if_else(full(bad), pa.scalar(None, numbers.type), numbers)
    return pc.cast(fitting, kind), bad


def money(column: pa.Array) -> tuple[pa.Array, Mask]:
    """Amounts as decimal(18, 6), rounded half even, and a mask of non-numbers and out-of-range
    values.

    NaN, Infinity and '' are null and not marked: the export writes them for "no amount".
    """
    values, bad = _floats(column)
    finite = np.isfinite(values)
    bad |= finite & (np.abs(values) >= _MONEY_LIMIT)
    usable = finite & ~bad
    scaled = np.where(usable & (np.abs(values) < _EXACT_BELOW), values, 0.0) * 1e6
    units = np.rint(scaled).astype(np.int64)
    slow = usable & ((np.abs(values) >= _EXACT_BELOW) | _is_near_half(scaled))
    for position in np.flatnonzero(slow):
        units[position] = _exact_units(float(values[position]))
    return _decimals(units, usable), bad


def _floats(column: pa.Array) -> tuple[npt.NDArray[np.float64], Mask]:
    """The values as doubles (null as NaN), and a mask of texts that are not numbers."""
    if pa.types.is_decimal(column.type) or pa.types.is_integer(column.type):
        column = pc.cast(column, pa.float64())
    if pa.types.is_floating(column.type):
        values = pc.fill_null(pc.cast(column, pa.float64()), math.nan)
        return values.to_numpy(zero_copy_only=False), np.zeros(len(column), dtype=np.bool_)
    text = pc.utf8_trim_whitespace(as_text(column))
    shaped = as_mask(pc.match_substring_regex(text, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"))
    empty = as_mask(pc.match_substring_regex(text, r"(?i)^([+-]?(nan|inf|infinity))?$"))
    bad = as_mask(pc.is_valid(text)) & ~shaped & ~empty
    digits = pc.replace_substring_regex(text, r"^\+", "")
    usable = pc.if_else(full(shaped), digits, pa.scalar(None, pa.string()))
    values = pc.fill_null(pc.cast(usable, pa.float64()), math.nan)
    return values.to_numpy(zero_copy_only=False), bad


def _is_near_half(scaled: npt.NDArray[np.float64]) -> Mask:
    """Where the seventh decimal decides the rounding and a double's error could change it."""
    result: Mask = np.abs(np.abs(scaled - np.trunc(scaled)) - 0.5) < 1e-3
    return result


def _exact_units(value: float) -> int:
    return int((Decimal(repr(value)) * 1_000_000).to_integral_value(rounding="ROUND_HALF_EVEN"))


def _decimals(units: npt.NDArray[np.int64], valid: Mask) -> pa.Array:
    """Millionths as Arrow decimals: a decimal128 is the whole number in two 64-bit halves."""
    halves = np.empty((len(units), 2), dtype=np.int64)
    halves[:, 0] = units
    halves[:, 1] = units >> 63
    bits = pa.py_buffer(np.packbits(valid, bitorder="little").tobytes())
    return pa.Array.from_buffers(MONEY, len(units), [bits, pa.py_buffer(halves.tobytes())])


def engagement(column: pa.Array) -> pa.Array:
    """GA4's session_engaged: '1' or 1 is true, any other value false, missing is null."""
    text = as_text(column)
    return pc.if_else(pc.is_valid(text), pc.is_in(text, _TRUE), pa.scalar(None, pa.bool_()))


def normalised_terms(column: pa.Array) -> pa.Array:
    """Normalised search terms, computing each distinct one once. An empty result is null."""
    coded = pc.dictionary_encode(column)
    words = [normalise_term(term) or None for term in coded.dictionary.to_pylist()]
    return pa.array(words, pa.string()).take(coded.indices)


def clean_items(column: pa.Array, limit: int) -> tuple[pa.Array, Mask]:
    """Item lists as JSON that PostgreSQL accepts, and a mask of non-lists and lists over `limit`
    bytes.

    An empty list is null. Only rows that contain NUL, half a surrogate pair or NaN are parsed.
    """
    text = pc.utf8_trim_whitespace(as_text(column))
    filled = as_mask(pc.invert(pc.is_in(text, pa.array(["", "[]", "null"])))) & as_mask(
        pc.is_valid(text)
    )
    listed = as_mask(pc.and_(pc.starts_with(text, "["), pc.ends_with(text, "]")))
    bad = filled & (~listed | as_mask(pc.greater(pc.binary_length(text), limit)))
    text = pc.if_else(full(filled & ~bad), text, pa.scalar(None, pa.string()))
    hazardous = as_mask(pc.match_substring_regex(text, _HAZARDS.pattern))
    if not hazardous.any():
        return text, bad
    repaired = text.to_pylist()
    for position in np.flatnonzero(hazardous):
        repaired[position] = _repair(repaired[position])
        bad[position] = repaired[position] is None
    return pa.array(repaired, pa.string()), bad


def _repair(text: str) -> str | None:
    """The same JSON without NUL, lone surrogates, NaN and Infinity; None if it is invalid."""
    try:
        items = json.loads(text, parse_constant=lambda _: None)
        return json.dumps([_plain(item) for item in items], ensure_ascii=False)
    except (ValueError, AttributeError, TypeError):
        return None


def _plain(item: dict[str, object]) -> dict[str, object]:
    return {
        name: plain_text(value) if isinstance(value, str) else value for name, value in item.items()
    }


def plain_text(text: str) -> str | None:
    """Text that PostgreSQL can store: no NUL, lone surrogates replaced; NaN words become null."""
    kept = text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return None if kept in {"", "NaN", "Infinity", "-Infinity"} else kept
