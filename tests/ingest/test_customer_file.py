"""Customer and branch files as tenants really write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from app.errors import Invalid
from app.ingest.files.csv_text import CUT_ROW
from app.ingest.files.customer_file import (
    LONG_ID,
    NO_ID,
    REPEATED_ID,
    TOO_MANY_CELLS,
)
from app.ingest.files.file_rows import BranchRow, ContactRow
from tests.ingest.files import read_branches as parse_locations
from tests.ingest.files import read_contacts as parse_users


def csv_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "users.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def workbook(folder: Path, rows: list[list[Any]]) -> Path:
    path = folder / "users.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(number, column, value)
    return path


def test_all_columns_of_a_customer_file(tmp_path: Path) -> None:
    parsed = parse_users(
        csv_file(
            tmp_path,
            "user_id,name,email,phone,buying_company_erp_id,buying_company_name,branch_id,"
            "account_owner\nU1,Ann Lee, ANN@X.DE ,+49 1,C1,Acme,D01,Bo\n",
        )
    )

    assert parsed.rows == [
        ContactRow("U1", "Ann Lee", "ann@x.de", "+49 1", "C1", "Acme", "D01", "Bo")
    ]
    assert (parsed.refused, parsed.warnings) == ({}, ())


@pytest.mark.parametrize(
    "header",
    ["User ID", "USERID", "user-id", "WebUserId", "web_user_id", "Web User Id", "ContactID", "Id"],
)
def test_the_id_is_found_under_its_usual_names(tmp_path: Path, header: str) -> None:
    assert parse_users(csv_file(tmp_path, f"Name;{header}\nAnn;7\n")).rows[0].user_id == "7"


def test_first_and_last_name_make_a_name(tmp_path: Path) -> None:
    parsed = parse_users(csv_file(tmp_path, "id\tFirst Name\tSurname\n1\tAnn\tLee\n2\t\tPark\n"))

    assert [row.name for row in parsed.rows] == ["Ann Lee", "Park"]


def test_a_missing_column_is_named_with_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as caught:
        parse_users(csv_file(tmp_path, "Foo,E-Mail\n1,a@b\n"))

    assert "lacks the column user_id (or webuserid," in caught.value.message
    assert "“Foo”, “E-Mail”" in caught.value.message


def test_refused_rows_are_counted_with_their_lines(tmp_path: Path) -> None:
    content = f"id,name\n,nobody\n7,first\n7,last\n{'x' * 257},long\n8,a,b\n9,ok\n"

    parsed = parse_users(csv_file(tmp_path, content))

    assert [(row.user_id, row.name) for row in parsed.rows] == [("7", "last"), ("9", "ok")]
    assert parsed.refused == {NO_ID: 1, REPEATED_ID: 1, LONG_ID: 1, TOO_MANY_CELLS: 1}
    assert parsed.samples[NO_ID] == [{"line": "2", "id": None}]
    assert parsed.samples[REPEATED_ID] == [{"line": "4", "id": "7"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_every_usual_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    parsed = parse_users(csv_file(tmp_path, "id,name\n1,Müller\n".encode(encoding)))

    assert parsed.rows[0].name == "Müller"
    assert bool(parsed.warnings) == (encoding in {"cp1252", "latin-1"})


def test_nul_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="holds NUL bytes"):
        parse_users(csv_file(tmp_path, b"id,name\n1,a\x00b\n"))


def test_a_csv_that_breaks_off_inside_quotes_is_cut_there(tmp_path: Path) -> None:
    parsed = parse_users(csv_file(tmp_path, 'id,name\n1,a\n2,"bro'))

    assert parsed.cut == "ends inside quotation marks that line 3 opens"
    assert [row.user_id for row in parsed.rows] == ["1"]
    assert parsed.samples[CUT_ROW] == [{"line": "3", "id": None}]


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file_says_so(tmp_path: Path, content: str) -> None:
    with pytest.raises(Invalid, match="is empty"):
        parse_users(csv_file(tmp_path, content))


def test_a_file_with_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert parse_users(csv_file(tmp_path, "id,name\n")).rows == []


def test_the_delimiter_is_the_one_in_the_header(tmp_path: Path) -> None:
    parsed = parse_users(csv_file(tmp_path, 'id;"name, or so";email\n1;"Lee; Ann";a@b\n'))

    assert parsed.rows[0].email == "a@b"


def test_numbers_in_a_workbook_are_read_as_written(tmp_path: Path) -> None:
    parsed = parse_users(
        workbook(tmp_path, [["id", "phone", "company id"], [1001, 491234567890123, 0.5]])
    )

    assert parsed.rows[0] == ContactRow("1001", None, None, "491234567890123", "0.5")


def test_a_formula_is_its_stored_value_and_never_computed(tmp_path: Path) -> None:
    path = tmp_path / "users.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["id", "name"])
        sheet.write_formula(1, 0, '=HYPERLINK("http://x")', None, "U1")
        sheet.write_string(1, 1, "=1+1")

    assert parse_users(path).rows == [ContactRow("U1", "=1+1")]


def test_only_the_first_visible_sheet_is_read_and_said(tmp_path: Path) -> None:
    path = tmp_path / "users.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        book.add_worksheet("old").hide()
        shown = book.add_worksheet("new")
        shown.activate()
        shown.set_first_sheet()
        shown.write_column(0, 0, ["id", "7"])
        book.add_worksheet("notes")

    parsed = parse_users(path)

    assert [row.user_id for row in parsed.rows] == ["7"]
    assert "only “new” was read" in parsed.warnings[0]


def test_addresses_without_at_sign_are_left_out_and_counted(tmp_path: Path) -> None:
    parsed = parse_users(csv_file(tmp_path, "id,email\n1,nobody\n2,a@b\n"))

    assert [row.email for row in parsed.rows] == [None, "a@b"]
    assert parsed.warnings == ("Email addresses without “@”, left out: 1 (line 2).",)


def test_branches(tmp_path: Path) -> None:
    parsed = parse_locations(
        csv_file(
            tmp_path,
            "Branch ID,Branch Name,Town,State,Active\n"
            "D01,Uptown,Bonn,NRW,Yes\nD02,,,,closed\nD03,Dock,,,perhaps\n",
        )
    )

    assert parsed.rows == [
        BranchRow("D01", "Uptown", "Bonn", "NRW"),
        BranchRow("D02", "D02", is_active=False),
        BranchRow("D03", "Dock"),
    ]
    assert len(parsed.warnings) == 2
