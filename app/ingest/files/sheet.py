"""Reads tables from tenants' files: csv, and workbooks after a check."""

from __future__ import annotations

import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from app.errors import Invalid
from app.ingest.files.csv_text import (
    CUT_ROW,
    CsvText,
    Record,
    Row,
    choose_delimiter,
    read_csv_text,
    read_records,
)
from app.ingest.files.header import HEADER_ROWS, Header, Match, find_header, first_row
from app.ingest.files.workbook import open_workbook
from app.ingest.files.workbook_parts import COLUMNS, ROWS, repack

CSV_BYTES = 100 * 1024**2
XLSX_BYTES = 50 * 1024**2

_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    NotImplementedError,
)


@dataclass(frozen=True)
class Sheet:
    """A table of text cells: the header, the rows with their line numbers, and warnings.

    Empty cells are None, and empty rows are left out. `faults` are unreadable lines, with the
    reason; `place` names the table in messages; `cut` says how the file ends in the middle of a
    row, if it does.
    """

    header: list[str]
    rows: list[tuple[int, Row]]
    warnings: tuple[str, ...] = ()
    faults: tuple[tuple[int, str], ...] = ()
    place: str = "The file"
    header_line: int = 1
    cut: str | None = None


def read_sheet(path: Path, match: Match = first_row) -> Sheet:
    """The table in a csv or xlsx file, distinguished by its first bytes.

    The header is the best match among the first rows; titles above it are left out.

    Raises:
        Invalid: the file is neither, is damaged, over a limit, or could do harm.
    """
    with path.open("rb") as file:
        start = file.read(len(_ZIP))
    if start == _OLE:
        raise Invalid(
            "The file is an old .xls workbook or has a password. Save it as .xlsx without one."
        )
    if start == _ZIP:
        lines, place, warnings = _read_xlsx(path)
        records = (Record(number, row) for number, row in lines)
        return replace(_as_sheet(records, match), place=place, warnings=warnings)
    if path.stat().st_size > CSV_BYTES:
        raise Invalid(f"The csv file has more than {CSV_BYTES // 1024**2} MB.")
    return read_csv(path.read_bytes(), match)


def read_csv(content: bytes, match: Match = first_row) -> Sheet:
    """The table in the bytes of a csv file.

    Raises:
        Invalid: it is damaged, or over a limit.
    """
    text = read_csv_text(content)
    probes = [(_probe(text, mark, match), mark) for mark in choose_delimiter(text)]
    found, delimiter = max(probes, key=lambda probe: probe[0].score)  # the first of equals
    width = len(found.cells) if found.score[0] else None
    sheet = _as_sheet(read_records(text, delimiter, width), match)
    return replace(_without_cut_row(sheet, text), warnings=text.warnings)


def _probe(text: CsvText, delimiter: str, match: Match) -> Header:
    return find_header(list(islice(read_records(text, delimiter), HEADER_ROWS)), match)


def _as_sheet(records: Iterator[Record], match: Match) -> Sheet:
    filled = (record for record in records if record.fault or any(record.cells))
    top = list(islice(filled, HEADER_ROWS))
    header = find_header(top, match)
    if not header.cells:
        raise Invalid("The file is empty: not even a header line is in it.")
    if len(header.cells) > COLUMNS:
        raise Invalid(f"The file has {len(header.cells):,} columns; at most {COLUMNS} are read.")
    rows, faults = [], []
    for record in chain(top[header.end :], filled):
        if record.fault:
            faults.append((record.line, record.fault))
        else:
            rows.append((record.line, record.cells))
        if len(rows) > ROWS:
            raise Invalid(f"The file has more than {ROWS:,} rows.")
    names = [cell or "" for cell in header.cells]
    return Sheet(names, rows, faults=tuple(faults), header_line=header.line)


def _without_cut_row(sheet: Sheet, text: CsvText) -> Sheet:
    """The sheet without a last row cut off by the end of the file, and the message about it."""
    broken = [line for line, fault in sheet.faults if fault == CUT_ROW]
    if broken:
        return replace(sheet, cut=f"ends inside quotation marks that line {broken[0]:,} opens")
    if not text.ends_open or not sheet.rows:
        return sheet
    line, cells = sheet.rows[-1]
    usual = Counter(len(row) for _, row in sheet.rows[:-1]).most_common(1)
    whole = min(len(sheet.header), usual[0][0]) if usual else len(sheet.header)
    if len(cells) >= whole and not text.is_cut:
        return sheet
    cut = f"ends in the middle of line {line:,}: {len(cells)} of {whole} cells, and no end of line"
    return replace(sheet, rows=sheet.rows[:-1], faults=(*sheet.faults, (line, CUT_ROW)), cut=cut)


def _read_xlsx(path: Path) -> tuple[Iterator[tuple[int, Row]], str, tuple[str, ...]]:
    """The rows of the first visible sheet, its name for messages, and warnings."""
    if path.stat().st_size > XLSX_BYTES:
        raise Invalid(f"The workbook has more than {XLSX_BYTES // 1024**2} MB.")
    with tempfile.TemporaryFile() as copy:
        try:
            repack(path, copy)
        except _DAMAGE as error:
            raise Invalid(
                "The workbook is damaged: it may have broken off while it was written or sent. "
                "Save it again, or export it as csv."
            ) from error
        copy.seek(0)
        workbook = open_workbook(copy)
    sheets = workbook.sheets
    if not sheets:
        raise Invalid("The workbook has no sheet.")
    more = f"The workbook has {len(sheets)} sheets; only “{sheets[0]}” was read."
    place = f"The sheet “{sheets[0]}”"
    return _numbered(workbook.rows), place, (more,) if len(sheets) > 1 else ()


def _numbered(rows: Iterator[Row]) -> Iterator[tuple[int, Row]]:
    for number, row in enumerate(rows, start=1):
        if number > ROWS + 1:
            raise Invalid(f"The sheet reaches beyond {ROWS:,} rows.")
        yield number, row
