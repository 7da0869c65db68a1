"""Tables out of files a tenant's own systems wrote: csv, and workbooks that are checked first.

A workbook is a zip of XML, and both can be built to fill the memory. So every part that is
needed is unpacked here under limits, looked at, and packed anew; the reader only ever sees
that copy, in a process of its own. Formulas are never computed: the value stored beside them is
read.
"""

from __future__ import annotations

import csv
import io
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.errors import Invalid
from app.ingest.workbook import Row, open_workbook

CSV_BYTES = 100 * 1024**2
XLSX_BYTES = 50 * 1024**2
UNPACKED_BYTES = 200 * 1024**2  # of all parts of a workbook together
UNPACKED_RATIO = 400  # bytes out for one byte in; honest sheets stay below 100
PARTS = 2_000
ROWS = 500_000
COLUMNS = 500
CELLS = 20_000_000  # the reader lays cells out as a full rectangle

_RATIO_FROM = 10 * 1024**2
_FIELD_CHARACTERS = 100_000
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_DELIMITERS = ",;\t|"
_NEEDED = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels"
    r"|xl/(_rels/)?(workbook|sharedStrings|styles)\.xml(\.rels)?"
    r"|xl/worksheets/[^/]+\.xml"
)
_MACROS = re.compile(r"vbaproject|xl/macrosheets/|xl/dialogsheets/", re.IGNORECASE)
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADER_BYTES = 30
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError,
    NotImplementedError,
)  # fmt: skip
_DECLARATIONS = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_ROW = re.compile(rb"""\brow\b[^>]*?\br\s*=\s*["'](\d+)["']""")


@dataclass(frozen=True)
class Sheet:
    """A table of text cells: the header, the rows with their line numbers, and warnings.

    Empty cells are None, and rows without any filled cell are left out.
    """

    header: list[str]
    rows: list[tuple[int, Row]]
    warnings: tuple[str, ...] = ()


def read_sheet(path: Path) -> Sheet:
    """The table in a csv or xlsx file; which of them it is shows in its first bytes.

    Raises:
        Invalid: the file is neither, is damaged, over a limit, or could do harm.
    """
    with path.open("rb") as file:
        start = file.read(len(_ZIP))
    if start == _OLE:
        raise Invalid(
            "The file is an old .xls workbook or has a password. Save it as .xlsx without one."
        )
    lines, warnings = _read_xlsx(path) if start == _ZIP else _read_csv(path)
    return _as_sheet(lines, warnings)


def _as_sheet(lines: Iterator[tuple[int, Row]], warnings: tuple[str, ...]) -> Sheet:
    filled = ((number, row) for number, row in lines if any(cell is not None for cell in row))
    _, header = next(filled, (0, []))
    if not header:
        raise Invalid("The file is empty: not even a header line is in it.")
    if len(header) > COLUMNS:
        raise Invalid(f"The file has {len(header):,} columns; at most {COLUMNS} are read.")
    rows = []
    for number, row in filled:
        rows.append((number, row))
        if len(rows) > ROWS:
            raise Invalid(f"The file has more than {ROWS:,} rows.")
    return Sheet([cell or "" for cell in header], rows, warnings)


def _read_csv(path: Path) -> tuple[Iterator[tuple[int, Row]], tuple[str, ...]]:
    if path.stat().st_size > CSV_BYTES:
        raise Invalid(f"The csv file has more than {CSV_BYTES // 1024**2} MB.")
    text, warnings = _decode(path.read_bytes())
    if "\x00" in text:
        raise Invalid("The file holds NUL bytes: it is damaged, or it is no csv file.")
    return _csv_lines(text), warnings


def _decode(content: bytes) -> tuple[str, tuple[str, ...]]:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decode_utf16(content), ()
    try:
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    try:
        text, name = content.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        text, name = content.decode("latin-1"), "Latin-1"
    return text, (
        f"The file is not UTF-8 and was read as {name}. Look at a name with accents, and export "
        "as UTF-8 if it is wrong.",
    )


def _decode_utf16(content: bytes) -> str:
    try:
        return content.decode("utf-16")
    except UnicodeDecodeError as error:
        raise Invalid(
            "The csv file begins as UTF-16 and is damaged: it may have broken off while it was "
            "written."
        ) from error


def _csv_lines(text: str) -> Iterator[tuple[int, Row]]:
    first = text.lstrip("\r\n").partition("\n")[0]
    unquoted = re.sub(r'"[^"]*"', "", first)
    delimiter = max(_DELIMITERS, key=unquoted.count)
    csv.field_size_limit(_FIELD_CHARACTERS)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, [cell.strip() or None for cell in cells]
    except csv.Error as error:
        raise Invalid(
            f"The csv file is damaged at line {reader.line_num}: {error}. It may have broken off "
            "while it was written."
        ) from error


def _read_xlsx(path: Path) -> tuple[Iterator[tuple[int, Row]], tuple[str, ...]]:
    if path.stat().st_size > XLSX_BYTES:
        raise Invalid(f"The workbook has more than {XLSX_BYTES // 1024**2} MB.")
    with tempfile.TemporaryFile() as copy:
        try:
            _repack(path, copy)
        except _DAMAGE as error:
            raise Invalid(
                "The workbook is damaged: it may have broken off while it was written or sent."
            ) from error
        copy.seek(0)
        workbook = open_workbook(copy)
    sheets = workbook.sheets
    if not sheets:
        raise Invalid("The workbook has no sheet.")
    more = f"The workbook has {len(sheets)} sheets; only “{sheets[0]}” was read."
    return _numbered(workbook.rows), (more,) if len(sheets) > 1 else ()


def _numbered(rows: Iterator[Row]) -> Iterator[tuple[int, Row]]:
    for number, row in enumerate(rows, start=1):
        if number > ROWS + 1:
            raise Invalid(f"The sheet reaches beyond {ROWS:,} rows.")
        yield number, row


def _repack(path: Path, copy: IO[bytes]) -> None:
    """The workbook's needed parts, unpacked under limits, checked, and packed again."""
    left = UNPACKED_BYTES
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as clean:
        parts = archive.infolist()
        _check_parts(parts)
        for part in parts:
            if not _NEEDED.fullmatch(part.filename):
                continue
            content = _unpack(archive, part, left)
            left -= len(content)
            _check_xml(part.filename, content)
            clean.writestr(part.filename, content)


def _check_parts(parts: Sequence[zipfile.ZipInfo]) -> None:
    names = [part.filename for part in parts]
    if len(parts) > PARTS or len(set(names)) < len(names):
        raise Invalid("The workbook is not built like one: too many parts, or the same twice.")
    if any(_MACROS.search(name) for name in names):
        raise Invalid("The workbook holds macros. Save it as .xlsx without them.")
    if any(part.flag_bits & 1 for part in parts):
        raise Invalid("The workbook has a password. Save it without one.")
    if _overlap(parts) or any(part.compress_type not in _PACKINGS for part in parts):
        raise Invalid("The workbook is not built like one: its parts overlap or are packed oddly.")


def _overlap(parts: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether bytes of the file belong to two parts: a small bomb that unpacks many times."""
    ordered = sorted(parts, key=lambda part: part.header_offset)
    ends = [part.header_offset + _HEADER_BYTES + part.compress_size for part in ordered]
    return any(end > part.header_offset for end, part in zip(ends, ordered[1:], strict=False))


def _unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> bytes:
    """The part's bytes, whatever size its entry claims."""
    ratio_limit = max(_RATIO_FROM, part.compress_size * UNPACKED_RATIO)
    limit = min(left, ratio_limit)
    with archive.open(part) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise Invalid(
            f"The workbook unpacks to more than {UNPACKED_BYTES // 1024**2} MB, or is packed "
            "denser than any table is. Export fewer columns, or as csv."
        )
    return content


def _check_xml(name: str, content: bytes) -> None:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content[:4]:
        raise Invalid("The workbook is not in UTF-8, as every xlsx is.")
    if _DECLARATIONS.search(content):
        raise Invalid("The workbook declares XML entities, which no spreadsheet program writes.")
    if name == "[Content_Types].xml" and b"macroenabled" in content.lower():
        raise Invalid("The workbook holds macros. Save it as .xlsx without them.")
    _check_extent(content)


def _check_extent(content: bytes) -> None:
    """Refuse a sheet whose furthest cell would make the reader lay out a giant rectangle."""
    columns = {match.group(1).upper() for match in _CELL.finditer(content)}
    row = max((int(match.group(2)) for match in _CELL.finditer(content)), default=0)
    row = max(row, max((int(match.group(1)) for match in _ROW.finditer(content)), default=0))
    column = max((_column_number(letters) for letters in columns), default=0)
    if row > ROWS + 1 or column > COLUMNS or row * column > CELLS:
        raise Invalid(
            f"The sheet reaches to row {row:,} and column {column:,}; at most {ROWS:,} rows and "
            f"{COLUMNS} columns are read. Delete stray cells far outside the table."
        )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:4]:  # more than any sheet has
        number = number * 26 + letter - ord("A") + 1
    return number
