"""Workbooks built to do harm, and damaged ones."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from app.errors import Invalid
from app.ingest.files import sheet, workbook_parts

SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ["id", "name"])
        for number in range(50):
            page.write_row(number + 1, 0, [f"U{number}", "Ann"])
    return path


def altered(good: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """The good workbook with some parts changed."""
    with zipfile.ZipFile(good) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    path = good.with_name("altered.xlsx")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def refused(path: Path, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        sheet.read_sheet(path)


def test_a_good_workbook_is_read(good: Path) -> None:
    read = sheet.read_sheet(good)

    assert read.header == ["id", "name"]
    assert read.rows[0] == (2, ["U0", "Ann"])
    assert len(read.rows) == 50


def test_a_zip_bomb_is_refused(good: Path) -> None:
    def fill(parts: dict[str, bytes]) -> None:
        parts[SHEET] = parts[SHEET].replace(b"</sheetData>", b" " * 30_000_000 + b"</sheetData>")

    refused(altered(good, fill), "packed denser than any table")


def test_many_large_parts_are_refused_together(good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook_parts, "UNPACKED_BYTES", 5_000)

    refused(good, "unpacks to more than")


def test_a_part_that_lies_about_its_size_is_refused(good: Path) -> None:
    content = good.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo(SHEET).file_size.to_bytes(4, "little")
    path = good.with_name("liar.xlsx")
    path.write_bytes(content.replace(size, (10).to_bytes(4, "little")))

    refused(path, "damaged")


@pytest.mark.parametrize(
    "declaration",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "http://example.com/x.dtd">',
    ],
)
def test_entities_are_refused(good: Path, declaration: bytes) -> None:
    def declare(parts: dict[str, bytes]) -> None:
        start, _, rest = parts["xl/sharedStrings.xml"].partition(b"?>")
        parts["xl/sharedStrings.xml"] = start + b"?>" + declaration + rest

    refused(altered(good, declare), "declares XML entities")


@pytest.mark.parametrize("name", ["xl/vbaProject.bin", "xl/macrosheets/sheet1.xml"])
def test_macros_are_refused(good: Path, name: str) -> None:
    refused(altered(good, lambda parts: parts.update({name: b"x"})), "holds macros")


def test_a_macro_content_type_is_refused(good: Path) -> None:
    def rename(parts: dict[str, bytes]) -> None:
        types = parts["[Content_Types].xml"]
        parts["[Content_Types].xml"] = types.replace(
            b"spreadsheetml.sheet.main+xml", b"sheet.macroEnabled.main+xml"
        )

    refused(altered(good, rename), "holds macros")


@pytest.mark.parametrize("cell", [b"XFD1048576", b"A1048576", b"ZZ2", b"xfd3"])
def test_a_cell_far_outside_does_not_fill_the_memory(good: Path, cell: bytes) -> None:
    def move(parts: dict[str, bytes]) -> None:
        parts[SHEET] = parts[SHEET].replace(b'r="A51"', b'r="' + cell + b'"')

    refused(altered(good, move), "Delete stray cells")


@pytest.mark.parametrize("tenth", range(1, 10))
def test_a_truncated_workbook_is_damaged(good: Path, tenth: int) -> None:
    content = good.read_bytes()
    path = good.with_name("short.xlsx")
    path.write_bytes(content[: len(content) * tenth // 10])

    refused(path, "damaged")


def test_a_sheet_cut_in_the_middle_is_damaged(good: Path) -> None:
    def cut(parts: dict[str, bytes]) -> None:
        parts[SHEET] = parts[SHEET][: len(parts[SHEET]) // 2]

    refused(altered(good, cut), "damaged")


def test_an_old_or_locked_workbook_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + b"\x00" * 600)

    refused(path, "Save it as .xlsx")


def test_pictures_and_links_are_never_unpacked(good: Path) -> None:
    path = altered(good, lambda parts: parts.update({"xl/media/a.png": b"\x00" * 300_000_000}))

    assert len(sheet.read_sheet(path).rows) == 50
