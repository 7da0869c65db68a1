"""Csv files as exports and people leave them: damage costs its own row, never a neighbour's."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import Invalid
from app.ingest.files.csv_text import BROKEN_ROW, CUT_ROW, STRAY_QUOTE
from app.ingest.files.customer_file import NO_ID, TOTAL_ROW
from tests.ingest.files import read_branches, read_contacts

HEADER = "user_id,name,email\n"


def write(folder: Path, content: str | bytes) -> Path:
    path = folder / "users.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;", "sep=;\r"])
def test_a_first_line_that_names_the_separator_is_followed(tmp_path: Path, line: str) -> None:
    content = f"{line}\nuser_id;name, or so;email\n1;Lee, Ann;a@x\n;b\n"

    parsed = read_contacts(write(tmp_path, content))

    assert [(row.user_id, row.email) for row in parsed.rows] == [("1", "a@x")]
    assert parsed.samples[NO_ID] == [{"line": "4", "id": None}]


def test_titles_above_the_header_are_left_out(tmp_path: Path) -> None:
    titles = "Customers, as of 1 May, by Ann, Bo, Cy\n\nExport;;\n"
    content = f"{titles}user_id;name;email\n1;Lee;a@x\n;none;\n"

    parsed = read_contacts(write(tmp_path, content))

    assert [(row.user_id, row.name, row.email) for row in parsed.rows] == [("1", "Lee", "a@x")]
    assert parsed.samples[NO_ID] == [{"line": "6", "id": None}]


def test_a_group_line_above_the_header_is_no_header(tmp_path: Path) -> None:
    content = "Contact,,,Company,\nid,name,email,company id,company\n1,Lee,a@x,C1,Acme\n"

    (row,) = read_contacts(write(tmp_path, content)).rows

    assert (row.user_id, row.buying_company_erp_id, row.buying_company_name) == ("1", "C1", "Acme")


def test_a_header_of_two_storeys_is_read_as_one(tmp_path: Path) -> None:
    content = "user id,name,Reached by,,branch\n,,email,phone,\n1,Lee,a@x,555,D01\n"

    (row,) = read_contacts(write(tmp_path, content)).rows

    assert (row.user_id, row.email, row.phone, row.branch_id) == ("1", "a@x", "555", "D01")


def test_without_any_header_the_line_and_its_words_are_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"lacks the column user_id .* line 1, is: “Foo”, “E-Mail”"):
        read_contacts(write(tmp_path, "Foo,E-Mail\n1,a@b\n"))


@pytest.mark.parametrize(
    "damaged",
    ['2,"Ann "The Boss" Lee",b@x', '2,"Ann,b@x', '2,"Ann" Lee,b@x'],
    ids=["not doubled", "not closed", "text behind it"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_one_stray_quotation_mark_costs_one_row(tmp_path: Path, damaged: str, end: str) -> None:
    lines = ["user_id,name,email", "1,a,a@x", damaged, '3,"c, d",c@x', "4,d,d@x", '5,"e",e@x']

    parsed = read_contacts(write(tmp_path, end.join(lines) + end))

    assert [row.user_id for row in parsed.rows] == ["1", "3", "4", "5"]
    assert parsed.refused == {STRAY_QUOTE: 1}
    assert parsed.samples[STRAY_QUOTE] == [{"line": "3", "id": None}]
    assert parsed.cut is None


def test_a_quotation_mark_that_closes_rows_later_swallows_none_of_them(tmp_path: Path) -> None:
    content = HEADER + '1,"a,a@x\n2,b,b@x\n3,c,c@x\n4,d",d@x\n5,e,e@x\n'

    parsed = read_contacts(write(tmp_path, content))

    assert [row.user_id for row in parsed.rows] == ["2", "3", "4", "5"]
    assert parsed.samples == {STRAY_QUOTE: [{"line": "2", "id": None}]}


def test_the_rest_of_a_damaged_row_of_several_lines_is_no_contact(tmp_path: Path) -> None:
    content = HEADER + '1,"Street 1\nOld "Mill"\nBonn\nNRW",a@x\n2,b,b@x\n'

    parsed = read_contacts(write(tmp_path, content))

    assert [row.user_id for row in parsed.rows] == ["2"]
    assert parsed.refused[STRAY_QUOTE] + parsed.refused[BROKEN_ROW] == sum(parsed.refused.values())


def test_a_cell_of_several_lines_is_one_cell(tmp_path: Path) -> None:
    parsed = read_contacts(write(tmp_path, HEADER + '1,"Street 1\nBonn\nNRW",a@x\n2,b,b@x\n'))

    assert [(r.user_id, r.name) for r in parsed.rows] == [("1", "Street 1 Bonn NRW"), ("2", "b")]
    assert parsed.refused == {}


def test_a_file_of_nothing_but_stray_marks_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"damaged at line 1,00\d: .* doubled"):
        read_contacts(write(tmp_path, HEADER + '1,"a" b,a@x\n' * 1_100))


@pytest.mark.parametrize(
    ("end", "last", "words"),
    [
        ("2,Bo,b@", ["1", "2"], None),  # all cells are there: nothing tells
        ("2,Bo", ["1"], "ends in the middle of line 3: 2 of 3 cells, and no end of line"),
        ("2", ["1"], "ends in the middle of line 3: 1 of 3 cells, and no end of line"),
        ('2,"Bo', ["1"], "ends inside quotation marks that line 3 opens"),
        ('2,"Bo\nBonn', ["1"], "ends inside quotation marks that line 3 opens"),
        ("2,Bo\n", ["1", "2"], None),  # a short row, and a line with its end
        ("2,Bo\n  ,", ["1", "2"], None),
    ],
)
def test_the_last_row_tells_whether_the_file_was_cut(
    tmp_path: Path, end: str, last: list[str], words: str | None
) -> None:
    parsed = read_contacts(write(tmp_path, f"{HEADER}1,Ann,a@x\n{end}"))

    assert [row.user_id for row in parsed.rows] == last
    assert parsed.cut == words
    assert parsed.refused == ({CUT_ROW: 1} if words else {})


def test_a_file_whose_rows_are_all_short_is_not_cut(tmp_path: Path) -> None:
    parsed = read_contacts(write(tmp_path, f"{HEADER}1,Ann\n2,Bo\n3,Cy"))

    assert (len(parsed.rows), parsed.cut) == (3, None)


def test_a_file_cut_inside_a_letter_is_cut_and_stays_utf8(tmp_path: Path) -> None:
    content = f"{HEADER}1,Müller,a@x\n2,Bo,b@ü".encode()[:-1]

    parsed = read_contacts(write(tmp_path, content))

    assert [(row.user_id, row.name) for row in parsed.rows] == [("1", "Müller")]
    assert parsed.cut
    assert parsed.cut.startswith("ends in the middle of line 3")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_read(tmp_path: Path, encoding: str) -> None:
    parsed = read_contacts(write(tmp_path, (HEADER + "1,Žižková,a@x\n" * 3).encode(encoding)))

    assert [(row.user_id, row.name) for row in parsed.rows] == [("1", "Žižková")]


@pytest.mark.parametrize("word", ["Total", "TOTAL:", "Grand Total", "Total: 3", "Summe", "Gesamt"])
def test_a_total_is_no_contact_and_no_branch(tmp_path: Path, word: str) -> None:
    contacts = read_contacts(write(tmp_path, f"{HEADER}1,Ann,a@x\n{word},1,\n"))
    branches = read_branches(write(tmp_path, f"branch id,name\nD01,Total\n{word},1\n"))

    assert ([row.user_id for row in contacts.rows], contacts.refused) == (["1"], {TOTAL_ROW: 1})
    assert ([(b.location_id, b.name) for b in branches.rows]) == [("D01", "Total")]
    assert branches.samples[TOTAL_ROW] == [{"line": "3", "id": word}]


@pytest.mark.parametrize("name", ["T-800", "Total Energies", "Totalis", "sum1"])
def test_an_id_that_only_looks_like_a_total_is_an_id(tmp_path: Path, name: str) -> None:
    assert len(read_contacts(write(tmp_path, f"{HEADER}{name},Ann,a@x\n")).rows) == 1
