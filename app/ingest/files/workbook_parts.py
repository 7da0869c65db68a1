"""Repacks a workbook: its parts are unpacked under limits, checked, and packed for the reader.

A workbook is a zip of XML, and both can be built to fill the memory. So every needed part is
unpacked here under limits, checked, and packed again; the reader, in its own process, only sees
this copy. Formulas are never computed: the value stored with them is read. Some exports write part
names with backslashes or in another case; the copy corrects them.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from app.errors import Invalid

UNPACKED_BYTES = 200 * 1024**2  # of all parts of a workbook together
UNPACKED_RATIO = 400  # bytes out per byte in; honest sheets stay below 100
PARTS = 2_000
ROWS = 500_000
COLUMNS = 500
CELLS = 20_000_000  # the reader stores cells as a full rectangle

_RATIO_FROM = 10 * 1024**2
_NEEDED = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels"
    r"|xl/(_rels/)?(workbook|sharedStrings|styles)\.xml(\.rels)?"
    r"|xl/worksheets/[^/]+\.xml",
    re.IGNORECASE,
)
_NAMES = {
    name.lower(): name
    for name in (
        "[Content_Types].xml",
        "_rels/.rels",
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/sharedStrings.xml",
        "xl/styles.xml",
    )
}
_MACROS = re.compile(r"vbaproject|xl/macrosheets/|xl/dialogsheets/", re.IGNORECASE)
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_HEADER_BYTES = 30
_DECLARATIONS = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_ROW = re.compile(rb"""\brow\b[^>]*?\br\s*=\s*["'](\d+)["']""")
_TARGET = re.compile(rb"""(\bTarget\s*=\s*["'])([^"']*)(["'])""")


def repack(path: Path, copy: IO[bytes]) -> None:
    """Copy the workbook's needed parts, unpacked under limits and checked."""
    left = UNPACKED_BYTES
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(copy, "w") as clean:
        parts = archive.infolist()
        _check_parts(parts)
        for part in parts:
            name = _right_name(part.filename)
            if not _NEEDED.fullmatch(name):
                continue
            content = _unpack(archive, part, left)
            left -= len(content)
            _check_xml(name, content)
            if name.endswith(".rels"):
                content = _TARGET.sub(_right_target, content)
            clean.writestr(name, content)


def _right_name(name: str) -> str:
    """The part's name with the slashes and case that readers expect."""
    slashed = name.replace("\\", "/").removeprefix("/").lower()
    return _NAMES.get(slashed, slashed)


def _right_target(target: re.Match[bytes]) -> bytes:
    """A reference to a part, by its name in the copy."""
    slashed = target[2].replace(b"\\", b"/")
    is_sheet = b"worksheets/" in slashed.lower()
    return target[1] + (slashed.lower() if is_sheet else slashed) + target[3]


def _check_parts(parts: Sequence[zipfile.ZipInfo]) -> None:
    names = [_right_name(part.filename) for part in parts]
    if len(parts) > PARTS or len(set(names)) < len(names):
        raise Invalid("The workbook is not built like one: too many parts, or the same twice.")
    if any(_MACROS.search(name) for name in names):
        raise Invalid("The workbook holds macros. Save it as .xlsx without them.")
    if any(part.flag_bits & 1 for part in parts):
        raise Invalid("The workbook has a password. Save it without one.")
    if _overlap(parts) or any(part.compress_type not in _PACKINGS for part in parts):
        raise Invalid("The workbook is not built like one: its parts overlap or are packed oddly.")


def _overlap(parts: Sequence[zipfile.ZipInfo]) -> bool:
    """Whether two parts share bytes of the file: a small bomb that unpacks many times."""
    ordered = sorted(parts, key=lambda part: part.header_offset)
    ends = [part.header_offset + _HEADER_BYTES + part.compress_size for part in ordered]
    return any(end > part.header_offset for end, part in zip(ends, ordered[1:], strict=False))


def _unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> bytes:
    """The part's bytes, up to the limit, whatever size its entry claims."""
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
    """Refuse a sheet whose furthest cell would make the reader allocate a giant rectangle."""
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
