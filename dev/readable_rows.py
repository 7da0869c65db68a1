"""The rows of an export file that can be read, when not all of them can.

Imported by the emulator's own interpreter too, so it needs nothing but the standard library.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path

from dev.bigquery_schema import EVENTS, Column

_CHUNK_BYTES = 1 << 16
_NUMBER_WORDS = frozenset({"NaN", "Infinity", "-Infinity"})
_GZIP = 31  # zlib's window bits for a gzip member


def is_whole(path: Path) -> bool:
    """Whether the file is gzip to its last byte."""
    try:
        for _ in _unpacked(path):
            pass
    except zlib.error:
        return False
    return True


def copy_readable(path: Path, target: Path) -> list[str]:
    """Write the rows that can be read to `target`, uncompressed; why the others cannot, by line."""
    refused = []
    with target.open("wb") as file:
        for number, line, is_cut in _lines(path):
            reason = "the file is damaged from here on" if is_cut else find_fault(line)
            if reason is None:
                file.write(line + b"\n")
            else:
                refused.append(f"line {number}: {reason}")
    return refused


def find_fault(line: bytes) -> str | None:
    """Why this line is no row of the export; None when it is one, or is empty."""
    if not line.strip():
        return None
    try:
        row = json.loads(line)
    except ValueError:
        return "it is no JSON"
    if not isinstance(row, dict):
        return "it is no object"
    wrong = [column.name for column in EVENTS if not _fits(column, row.get(column.name))]
    return f"{', '.join(wrong)} of another type than in the export" if wrong else None


def _fits(column: Column, value: object) -> bool:
    if value is None:
        return True
    if column.is_repeated:
        return isinstance(value, list) and all(isinstance(element, dict) for element in value)
    if column.fields:
        return isinstance(value, dict)
    if column.type == "STRING":
        return not isinstance(value, dict | list)
    if column.type == "BOOLEAN":
        return value in (True, False, "true", "false")
    return _is_number(value, is_whole_number=column.type == "INTEGER")


def _is_number(value: object, *, is_whole_number: bool) -> bool:
    """INT64 stands in the export as text, FLOAT64 as a number, or as text when it is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    if value in _NUMBER_WORDS:
        return not is_whole_number
    try:
        return float(value).is_integer() if is_whole_number else True
    except (ValueError, OverflowError):
        return False


def _lines(path: Path) -> Iterator[tuple[int, bytes, bool]]:
    """Number, line without its end, and whether the file breaks off in it."""
    rest, number, is_broken = b"", 0, False
    unpacked = _unpacked(path)
    while True:
        try:
            part = next(unpacked, None)
        except zlib.error:
            part, is_broken = None, True
        if part is None:
            break
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            number += 1
            yield number, line, False
    if rest or is_broken:
        yield number + 1, rest, is_broken


def _unpacked(path: Path) -> Iterator[bytes]:
    """The unpacked file, as far as it is gzip.

    Raises:
        zlib.error: it breaks off, or goes on with something else.
    """
    unpacker = zlib.decompressobj(_GZIP)
    with path.open("rb") as packed:
        while part := packed.read(_CHUNK_BYTES):
            while part:
                if unpacker.eof:
                    unpacker = zlib.decompressobj(_GZIP)
                yield from _unpack(unpacker, part)
                part = unpacker.unused_data
    if not unpacker.eof:
        raise zlib.error("the file breaks off")


def _unpack(unpacker: zlib._Decompress, part: bytes) -> Iterator[bytes]:
    """The part unpacked; of one that goes wrong what comes before the byte that does."""
    before = unpacker.copy()
    try:
        yield unpacker.decompress(part)
    except zlib.error:
        for position in range(len(part)):
            yield before.decompress(part[position : position + 1])
