"""Reads csv as tenants' systems write it: any usual encoding and delimiter; damage stays in its
row.

A stray quotation mark makes every reader swallow the following rows. A record that does not end
properly is therefore given up at its first line, and reading continues with the next line.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.errors import Invalid

STRAY_QUOTE = "a quotation mark in the row is not closed, or not doubled inside its cell"
BROKEN_ROW = "the line belongs to a row with a stray quotation mark"
CUT_ROW = "the file ends in the middle of the row"

DELIMITERS = ",;\t|"
_FAULTS = 1_000  # each may cause a whole field's characters to be read twice
_FIELD_CHARACTERS = 100_000
_SEPARATOR_LINE = re.compile(r'"?sep=([^"\r\n])"?\s*', re.IGNORECASE)
_PROBE_BYTES = 4_096
_TAIL_BYTES = 4  # the most that one UTF-8 character has

Row = list[str | None]


@dataclass(slots=True)  # not frozen: there are many, and frozen ones take three times as long
class Record:
    """A row with the number of its first line, and why it is unusable, if so."""

    line: int
    cells: Row
    fault: str | None = None


@dataclass(frozen=True)
class CsvText:
    """A csv file's lines, the delimiter that a first line `sep=` names, and what was noticed.

    `start` is the index of the first line after that one. `is_cut`: the last character is
    incomplete.
    """

    lines: Sequence[str]
    delimiter: str | None = None
    start: int = 0
    is_cut: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def ends_open(self) -> bool:
        """Whether the last line has a cell but no line end."""
        last = self.lines[-1] if self.lines else ""
        has_cell = bool(last.strip(f"{DELIMITERS} \r\n"))
        return self.is_cut or (has_cell and not last.endswith(("\n", "\r")))


def read_csv_text(content: bytes) -> CsvText:
    """The lines of a csv file in any usual encoding.

    Raises:
        Invalid: it contains NUL bytes, or ends inside a UTF-16 character.
    """
    found = _decode(content)
    if any("\x00" in line for line in found.lines):
        raise Invalid("The file holds NUL bytes: it is damaged, or it is no csv file.")
    first = next((n for n, line in enumerate(found.lines) if line.strip()), 0)
    named = _SEPARATOR_LINE.fullmatch(found.lines[first]) if found.lines else None
    return replace(found, delimiter=named[1], start=first + 1) if named else found


def read_records(text: CsvText, delimiter: str, width: int | None = None) -> Iterator[Record]:
    """The records of the file, without empty ones.

    `width` is the number of cells in a whole row; lines inside a quoted cell with that many cells
    are rows swallowed by a stray quotation mark.

    Raises:
        Invalid: so many rows are damaged that this is not a csv file.
    """
    reader, faults, doubtful = _Reader(text.lines, delimiter), 0, 0
    reader.restart(text.start)
    while (scan := reader.read()) is not None:
        fault = _fault(text, scan, delimiter, width)
        if fault:
            faults, doubtful = faults + 1, 0 if scan.is_open else scan.end
            reader.restart(len(text.lines) if fault == CUT_ROW else scan.first + 1)
        elif _is_rest(scan, doubtful, width):
            fault, doubtful = BROKEN_ROW, max(doubtful, scan.end)
        if faults > _FAULTS:
            raise Invalid(
                f"The csv file is damaged at line {scan.first + 1:,}: more than {_FAULTS:,} rows "
                "have a stray quotation mark. Export it with those inside cells doubled."
            )
        cells = [cell.strip() or None for cell in scan.cells]
        if fault or any(cells):
            yield Record(scan.first + 1, cells, fault)


@dataclass(slots=True)
class _Scan:
    """The result of reading from one line on: where it ended, and its cells unless it is damaged.

    `is_open`: the file ended inside quotation marks.
    """

    first: int
    end: int
    cells: Sequence[str] = ()
    is_damaged: bool = False
    is_open: bool = False


class _Reader:
    """The csv module's reader, which can restart at another line after a fault."""

    def __init__(self, lines: Sequence[str], delimiter: str) -> None:
        self._lines, self._delimiter = lines, delimiter

    def restart(self, first: int) -> None:
        """Continue at the line with that index."""
        csv.field_size_limit(_FIELD_CHARACTERS)
        self._first = self._base = first
        rest = (self._lines[number] for number in range(first, len(self._lines)))
        self._reader = csv.reader(rest, delimiter=self._delimiter, strict=True)

    def read(self) -> _Scan | None:
        """The next record, or None at the end of the file."""
        first = self._first
        try:
            cells = next(self._reader, None)
        except csv.Error as error:
            is_open = "unexpected end of data" in str(error)
            return _Scan(first, self._base + self._reader.line_num, (), True, is_open)
        if cells is None:
            return None
        self._first = self._base + self._reader.line_num
        return _Scan(first, self._first, cells)


def _fault(text: CsvText, scan: _Scan, delimiter: str, width: int | None) -> str | None:
    """Why the record is unusable: it is cut off, or contains a stray quotation mark."""
    if not scan.is_damaged and scan.end - scan.first < 3:  # two lines have none between them
        return None
    after = text.lines[scan.first + 1 : scan.end]
    inner = after if scan.is_open else after[:-1]
    swallowed = width is not None and _has_row(inner, delimiter, width)
    if scan.is_open and not swallowed:
        return CUT_ROW
    return STRAY_QUOTE if scan.is_damaged or swallowed else None


def _is_rest(scan: _Scan, doubtful: int, width: int | None) -> bool:
    """Whether the line is the rest of a damaged row, which extended to `doubtful`."""
    if scan.first > doubtful or not doubtful or len(scan.cells) >= (width or 0):
        return False
    return scan.first < doubtful or len(scan.cells) == 1 or any('"' in c for c in scan.cells)


def _has_row(lines: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether one of these lines alone is a whole row."""
    short = (line for line in lines if width > 1 and len(line) <= _FIELD_CHARACTERS)
    return any(len(next(csv.reader([line], delimiter=delimiter), ())) == width for line in short)


def choose_delimiter(text: CsvText) -> list[str]:
    """The delimiters to try, most likely first: the most frequent one in the first line."""
    if text.delimiter:
        return [text.delimiter]
    first = next((line for line in text.lines if line.strip()), "")
    unquoted = re.sub(r'"[^"]*"', "", first)
    return sorted(DELIMITERS, key=unquoted.count, reverse=True)


def _decode(content: bytes) -> CsvText:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return CsvText(_lines(_decode_utf16(content, "utf-16")))
    if name := _silent_utf16(content):
        return CsvText(_lines(_decode_utf16(content, name)))
    try:
        return CsvText(_lines(content.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        if error.start >= len(content) - _TAIL_BYTES and error.reason == "unexpected end of data":
            return CsvText(_lines(content[: error.start].decode("utf-8-sig")), is_cut=True)
    return _decode_old(content)


def _decode_old(content: bytes) -> CsvText:
    try:
        text, name = content.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        text, name = content.decode("latin-1"), "Latin-1"
    warning = (
        f"The file is not UTF-8 and was read as {name}. Check a name with accents, and export "
        "as UTF-8 if it is wrong."
    )
    return CsvText(_lines(text), warnings=(warning,))


def _silent_utf16(content: bytes) -> str | None:
    """The kind of UTF-16 without a byte order mark: every other byte of plain letters is zero."""
    probe = content[:_PROBE_BYTES]
    even, odd = probe[::2].count(0), probe[1::2].count(0)
    if max(even, odd) * 3 < len(probe):  # two of three letters are plain
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _decode_utf16(content: bytes, name: str) -> str:
    try:
        return content.decode(name)
    except UnicodeDecodeError as error:
        raise Invalid(
            "The csv file begins as UTF-16 and is damaged: it may have broken off while it was "
            "written. Export it again."
        ) from error


def _lines(text: str) -> list[str]:
    """The lines with their ends, which the csv module needs; only \r and \n end a line."""
    return list(io.StringIO(text, newline=""))
