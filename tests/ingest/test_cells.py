"""Cells as a person sees them: wrappers, words for nothing, addresses, ids in another case."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.ingest.files.customer_file import NOTHING_ID, REPEATED_ID
from app.ingest.files.file_rows import ContactRow
from tests.ingest.files import HEADER, WORDS, case_file, read_branches, read_contacts

GUID = "6f9619ff-8b86-d011-b42d-00c04fc964ff"


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "users.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def test_the_case_file_with_null_has_no_company_and_nobody_to_call() -> None:
    parsed = read_contacts(case_file("users_null.csv"))

    assert parsed.rows == [
        ContactRow("C-S05", "Ann Alpha", "a@alpha.test", "555"),
        ContactRow("C-S06", "Bob Beta", "b@beta.test", "555"),
        ContactRow("C-S14", "Cy Gamma", "c@gamma.test", None),
    ]


@pytest.mark.parametrize("name", ["users_equals.csv", "users_zero_format.xlsx"])
def test_the_case_files_keep_their_leading_zeros(name: str) -> None:
    rows = read_contacts(case_file(name)).rows

    assert [row.user_id for row in rows] == ["00000101", "00000102", "00000103"]


def test_the_case_file_with_wrappers_has_none_left() -> None:
    row = read_contacts(case_file("users_equals.csv")).rows[0]

    assert (row.buying_company_erp_id, row.branch_id) == ("00004711", "07")


def test_the_case_file_with_backslashes_in_its_parts_is_read() -> None:
    assert len(read_contacts(case_file("users_backslash.xlsx")).rows) == 3


@pytest.mark.parametrize("word", sorted(WORDS - {""} | {"NULL", "{{id}}", "%ID%", "${x}", " n/a "}))
def test_a_word_for_nothing_is_an_empty_cell(tmp_path: Path, word: str) -> None:
    cells = ",".join([word] * 6)

    (row,) = read_contacts(write(tmp_path, f"U1,{cells}")).rows

    assert row == ContactRow("U1")


@pytest.mark.parametrize("word", ["NULL", "unknown", "-"])
def test_a_branch_keeps_nothing_of_such_words_but_its_id(tmp_path: Path, word: str) -> None:
    header = "branch id,name,city,region,email,phone,active"

    (row,) = read_branches(write(tmp_path, "D1" + f",{word}" * 6, header=header)).rows

    assert (row.name, row.city, row.region, row.email, row.phone) == ("D1", None, None, None, None)
    assert row.is_active


@pytest.mark.parametrize(("word", "is_active"), [("0", False), ("false", False), ("true", True)])
def test_words_that_mean_no_still_close_a_branch(
    tmp_path: Path, word: str, is_active: bool
) -> None:
    path = write(tmp_path, f"D1,Uptown,{word}", header="branch id,name,active")

    assert [row.is_active for row in read_branches(path).rows] == [is_active]


def test_a_word_for_nothing_that_one_row_has_as_its_id_is_that_id(tmp_path: Path) -> None:
    parsed = read_contacts(write(tmp_path, "0,Ann,a@x,,,,", "U1,Bo,b@x,,,,"))

    assert [row.user_id for row in parsed.rows] == ["0", "U1"]
    assert parsed.warnings == ("“0” is a word for nothing and was read as an id: 1 (line 2).",)


def test_a_word_for_nothing_in_several_rows_is_nobodys_id(tmp_path: Path) -> None:
    parsed = read_contacts(write(tmp_path, "NULL,Ann,,,,,", "null,Bo,,,,,", "U1,Cy,,,,,"))

    assert [row.user_id for row in parsed.rows] == ["U1"]
    assert parsed.refused == {NOTHING_ID: 2}


def test_a_branch_of_the_branch_file_is_a_branch_whatever_its_id(tmp_path: Path) -> None:
    path = write(tmp_path, "U1,Ann,,,,,0", "U2,Bo,,,0,,-")

    rows = read_contacts(path, frozenset({"0"})).rows

    assert [(r.branch_id, r.buying_company_erp_id) for r in rows] == [("0", None), (None, None)]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ('"=""00000101"""', "00000101"),
        ('="00000101"', "00000101"),
        ("'00000101", "00000101"),
        ("'C-001", "C-001"),
        ("'C-001'", "C-001"),
        ("\u200bC-001\ufeff", "C-001"),
        ("\u00a0C-001 ", "C-001"),
    ],
)
def test_an_id_is_read_without_its_wrapper(tmp_path: Path, cell: str, shown: str) -> None:
    (row,) = read_contacts(write(tmp_path, f"{cell},Ann,,{cell},{cell},,{cell}")).rows

    assert {row.user_id, row.phone, row.buying_company_erp_id, row.branch_id} == {shown}


def test_a_name_keeps_the_apostrophe_that_is_its_own(tmp_path: Path) -> None:
    rows = read_contacts(write(tmp_path, "U1,'t Hooft,,,,'+1 GmbH,", "U2,O'Neil,,,,,")).rows

    assert [row.name for row in rows] == ["'t Hooft", "O'Neil"]
    assert rows[0].buying_company_name == "+1 GmbH"


@pytest.mark.parametrize(
    "cell",
    [
        "A@x.de; b@x.de",
        "a@x.de b@x.de",
        '"a@x.de, b@x.de"',
        "Ann <a@x.de>;Bo <b@x.de>",
        "a@x.de|b@x.de",
        '"a@x.de\nb@x.de"',
        "mailto:a@x.de/b@x.de",
    ],
)
def test_of_two_addresses_the_first_is_kept_and_the_row_is_named(tmp_path: Path, cell: str) -> None:
    parsed = read_contacts(write(tmp_path, f"U1,Ann,{cell},,,,"))

    assert [row.email for row in parsed.rows] == ["a@x.de"]
    (warning,) = parsed.warnings
    assert warning.startswith("Cells with several email addresses, of which only the first is kept")
    assert warning.endswith(": 1 (line 2).")


def test_the_same_guid_in_another_case_is_the_same_contact_and_company(tmp_path: Path) -> None:
    parsed = read_contacts(
        write(
            tmp_path,
            f"{GUID},Ann,,,{GUID.upper()},,",
            f"{GUID.upper()},Bo,,,{GUID},,",
            f"U2,Cy,,,{GUID},,",
            "ab1,Di,,,,,",
            "AB1,Ed,,,,,",
        )
    )

    assert [row.user_id for row in parsed.rows] == [GUID.upper(), "U2", "ab1", "AB1"]
    assert parsed.refused == {REPEATED_ID: 1}
    assert {r.buying_company_erp_id for r in parsed.rows if r.name in "BoCy"} == {GUID}
