"""Files built to do harm, and what they say to the person who sent them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.errors import Invalid
from app.ingest.files import sheet, workbook
from tests.ingest import bad_files
from tests.ingest.files import read_contacts as parse_users

BOMBS = [
    (bad_files.truncated, "damaged"),
    (bad_files.zip_bomb, "packed denser than any table"),
    (bad_files.nested_zip, "not in UTF-8|damaged"),
    (bad_files.zip_in_a_zip, "damaged"),
    (bad_files.overlapping_zip, "its parts overlap"),
    (bad_files.lying_directory, "damaged"),
    (bad_files.strange_version, "damaged"),
    (bad_files.billion_laughs, "declares XML entities"),
    (bad_files.external_entity, "declares XML entities"),
    (bad_files.macros, "holds macros"),
    (bad_files.runaway_cell, "Delete stray cells"),
    (bad_files.runaway_row, "damaged, or needs more memory|Delete stray cells"),
    (bad_files.shared_text_bomb, "more memory|of text"),
]


@pytest.mark.parametrize(("make", "words"), BOMBS, ids=[make.__name__ for make, _ in BOMBS])
def test_a_harmful_workbook_is_refused_in_plain_words(
    tmp_path: Path, make: Callable[[], bytes], words: str
) -> None:
    path = tmp_path / "users.xlsx"
    path.write_bytes(make())

    with pytest.raises(Invalid, match=words):
        parse_users(path)


def test_a_workbook_beyond_the_rows_that_are_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet, "ROWS", 20)
    path = tmp_path / "users.xlsx"
    sparse = bad_files.altered(
        lambda p: p.update({bad_files.SHEET: re.sub(rb' r="[AB]?\d+"', b"", p[bad_files.SHEET])})
    )
    path.write_bytes(sparse)
    assert len(parse_users(path).rows) == 12

    monkeypatch.setattr(sheet, "ROWS", 10)
    with pytest.raises(Invalid, match="reaches beyond 10 rows"):
        parse_users(path)


def test_a_workbook_with_too_much_text_is_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "TEXT_BYTES", 20_000)
    path = tmp_path / "users.xlsx"
    path.write_bytes(bad_files.workbook(2_000))

    with pytest.raises(Invalid, match="MB of text"):
        parse_users(path)


def test_utf16_that_broke_off_inside_a_character_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_bytes("id,name\n1,Ann\n".encode("utf-16")[:-1])

    with pytest.raises(Invalid, match="begins as UTF-16 and is damaged"):
        parse_users(path)
