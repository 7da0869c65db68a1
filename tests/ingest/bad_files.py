"""Customer files that are damaged, lie, or are built to do harm."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable

import xlsxwriter

Parts = dict[str, bytes]
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
_LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha">%s]>' % b"".join(
    b'<!ENTITY a%d "&a%s;&a%s;&a%s;">' % (n, *[b"%d" % (n - 1) if n else b""] * 3)
    for n in range(30)
)
_EXTERNAL = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def workbook(rows: int = 12) -> bytes:
    """An honest workbook of contacts."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["id", "name"])
        for number in range(1, rows + 1):
            page.write_row(number, 0, [f"U{number}", f"Ann {number}"])
    return content.getvalue()


def altered(change: Callable[[Parts], object]) -> bytes:
    """The honest workbook with some parts changed."""
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def truncated() -> bytes:
    return workbook()[:3000]


def zip_bomb() -> bytes:
    padding = b" " * 30_000_000
    return altered(lambda p: p.update({SHEET: p[SHEET].replace(b"</row>", b"</row>" + padding, 1)}))


def nested_zip() -> bytes:
    """A workbook whose sheet is a zip again."""
    return altered(lambda p: p.update({SHEET: zip_bomb()}))


def zip_in_a_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("users.xlsx", workbook())
    return content.getvalue()


def overlapping_zip(copies: int = 200) -> bytes:
    """One packed sheet that many entries of the central directory claim as theirs."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(SHEET, b" " * 1_000_000)
        first = archive.infolist()[0]
        for number in range(copies):
            twin = zipfile.ZipInfo(f"xl/worksheets/copy{number}.xml")
            for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
                setattr(twin, name, getattr(first, name))
            archive.filelist.append(twin)
    return content.getvalue()


def lying_directory() -> bytes:
    """The central directory says the sheet has ten bytes."""
    content = workbook()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = struct.pack("<I", archive.getinfo(SHEET).file_size)
    return content.replace(size, struct.pack("<I", 10))


def strange_version() -> bytes:
    """The central directory asks for a zip program of the future."""
    content = bytearray(workbook())
    content[content.rindex(b"PK\x01\x02") + 6] = 255
    return bytes(content)


def billion_laughs() -> bytes:
    return altered(lambda p: p.update({STRINGS: _declared(p[STRINGS], _LAUGHS)}))


def external_entity() -> bytes:
    return altered(lambda p: p.update({SHEET: _declared(p[SHEET], _EXTERNAL)}))


def macros() -> bytes:
    return altered(lambda p: p.update({"xl/vbaProject.bin": b"x"}))


def runaway_cell() -> bytes:
    """A reference over every number, which wraps around in the native reader."""
    place = b'r="A%s9"' % (b"9" * 25)
    return altered(lambda p: p.update({SHEET: p[SHEET].replace(b'r="A9"', place)}))


def runaway_row() -> bytes:
    """The row's number stands behind an attribute that hides it from a careless search."""
    hidden = b'<row x=">" r="4000000000"'

    def hide(parts: Parts) -> None:
        sheet = parts[SHEET].replace(b'<row r="9"', hidden)
        parts[SHEET] = sheet.replace(b'r="A9" ', b"").replace(b'r="B9" ', b"")

    return altered(hide)


def shared_text_bomb(cells: int = 100_000) -> bytes:
    """One long text that every cell shows: some hundred kilobytes that become three gigabytes."""
    rows = b"".join(
        b'<row r="%d"><c r="A%d"><v>%d</v></c><c r="B%d" t="s"><v>2</v></c></row>' % (n, n, n, n)
        for n in range(14, cells)
    )

    def fill(parts: Parts) -> None:
        parts[STRINGS] = parts[STRINGS].replace(b"<t>U1</t>", b"<t>" + b"x" * 32_000 + b"</t>")
        parts[SHEET] = parts[SHEET].replace(b"</sheetData>", rows + b"</sheetData>")

    return altered(fill)


def _declared(part: bytes, declaration: bytes) -> bytes:
    start, _, rest = part.partition(b"?>")
    return start + b"?>" + declaration + rest
