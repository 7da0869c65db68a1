"""Numbers in workbooks as their format shows them, and parts named another way."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from app.errors import Invalid
from app.ingest.files.number_formats import show
from tests.ingest.bad_files import workbook
from tests.ingest.files import read_contacts

PHONE = r"[<=9999999]###\-####;\(###\)\ ###\-####"


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("00000000", 101, "00000101"),
        ("000", 12345, "12345"),
        ('"D"00', 7, "D07"),
        ("D00", 7, None),  # D is the day of a date
        (r"\D00", 7, "D07"),
        ("00000-0000", 123456789, "12345-6789"),
        (PHONE, 5551234, "555-1234"),
        (PHONE, 4155551234, "(415) 555-1234"),
        ('0" pcs"', 3, "3 pcs"),
        ("000;-000", -5, "-005"),
        ("000", -5, "-005"),
        ("000;(000)", -5, "(005)"),
        ('000;000;"none"', 0, None),
        ("000", 0, "000"),
        ("[Red]0000", 12, "0012"),
        ("000", 1.5, None),
        ("0.00", 101, None),
        ("#,##0", 1001, None),
        ("0%", 1, None),
        ("yyyy-mm-dd", 45000, None),
        ("General", 101, None),
        ("", 101, None),
        ("@", 101, None),
    ],
)
def test_a_format_of_whole_numbers_is_followed(code: str, value: float, shown: str | None) -> None:
    assert show(code, value) == shown


def test_each_cell_has_its_own_format_wherever_the_table_begins(tmp_path: Path) -> None:
    path = tmp_path / "users.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("hidden").hide()
        sheet = book.add_worksheet("Kunden")
        sheet.activate()
        sheet.set_first_sheet()
        sheet.merge_range(1, 2, 1, 5, "Contacts")
        sheet.write_row(3, 2, ["id", "branch", "company id", "phone"])
        zeros = book.add_format({"num_format": "00000000"})
        branch = book.add_format({"num_format": '"D"00'})
        for row in (4, 5):
            sheet.write(row, 2, 100 + row, zeros)
            sheet.write(row, 3, row, branch)
            sheet.write(row, 4, 1001)
            sheet.write_string(row, 5, "0049", zeros)

    parsed = read_contacts(path)

    assert [(r.user_id, r.branch_id, r.buying_company_erp_id, r.phone) for r in parsed.rows] == [
        ("00000104", "D04", "1001", "0049"),
        ("00000105", "D05", "1001", "0049"),
    ]


def test_a_message_names_the_sheet(tmp_path: Path) -> None:
    path = tmp_path / "users.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("Kunden").write_row(2, 0, ["Nr", "Mail"])

    with pytest.raises(Invalid, match=r"The sheet “Kunden” lacks the column user_id .* line 3, is"):
        read_contacts(path)


@pytest.mark.parametrize(
    "rename",
    [
        lambda name: name.replace("/", "\\"),
        str.upper,
        str.lower,
        lambda name: f"/{name}",
        lambda name: name.replace("sheet1", "Sheet1").replace("shared", "Shared"),
    ],
    ids=["backslashes", "upper case", "lower case", "leading slash", "other names"],
)
def test_parts_named_another_way_are_found(tmp_path: Path, rename: Callable[[str], str]) -> None:
    path = tmp_path / "users.xlsx"
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(rename(name), old.read(name))

    rows = read_contacts(path).rows

    assert [(row.user_id, row.name) for row in rows[:2]] == [("U1", "Ann 1"), ("U2", "Ann 2")]
    assert len(rows) == 12


@pytest.mark.parametrize(
    "name", ["xl\\vbaProject.bin", "XL/VBAPROJECT.BIN", "\\xl\\macrosheets\\s.xml"]
)
def test_macros_are_found_under_any_spelling(tmp_path: Path, name: str) -> None:
    path = tmp_path / "users.xlsx"
    path.write_bytes(workbook())
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"x")

    with pytest.raises(Invalid, match="holds macros"):
        read_contacts(path)
