"""The table of terms as CSV and as a workbook: everything, and no formula."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from app.http.spreadsheet import write_csv, write_xlsx
from app.tasks.terms.export import HEADER
from tests.running import VIEWER, Browser
from tests.tasks.shop_rows import DAYS, FORMULA_TERM, SCRIPT_TERM, ada, loaded

__all__ = ["ada", "loaded"]

EXPORT = "/analytics/tasks/search-terms/export"


def lines(text: str) -> list[dict[str, str]]:
    """A CSV file as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def sheet(content: bytes) -> list[list[Any]]:
    """The cells of a workbook; a formula would be one."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    return [[cell.value for cell in row] for row in book.active.iter_rows()]


def test_the_csv_holds_every_term_and_follows_the_filters(ada: Browser) -> None:
    file = ada.open(f"{EXPORT}.csv?{DAYS}")
    assert file.headers["Content-Type"].startswith("text/csv")
    assert "search-terms-2025-04-01-2025-04-02.csv" in file.headers["Content-Disposition"]
    file.encoding = "utf-8"
    found = {line["term"]: line for line in lines(file.text)}
    assert set(found) == {
        "valve 3in",
        "valve 3 inch",
        SCRIPT_TERM,
        "'" + FORMULA_TERM,
        "secret of three",
    }
    valve = found["valve 3in"]
    assert [valve[name] for name in HEADER[:8]] == [
        "valve 3in",
        "3",
        "0",
        "100.0",
        "0",
        "1",
        "1",
        "1",
    ]
    assert (valve["last_searched"], valve["status"]) == ("2025-04-01T12:00:00-04:00", "Undecided")
    assert [line["term"] for line in lines(ada.open(f"{EXPORT}.csv?{DAYS}&query=inch").text)] == [
        "valve 3 inch",
    ]


def test_the_workbook_holds_the_same(ada: Browser) -> None:
    header, *rows = sheet(ada.open(f"{EXPORT}.xlsx?{DAYS}").content)
    assert tuple(header) == HEADER
    (valve,) = (row for row in rows if row[0] == "valve 3in")
    assert (valve[1], valve[8]) == (3, datetime(2025, 4, 1, 12))  # noqa: DTZ001 - a cell has no zone


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_is_a_formula(start: str) -> None:
    hostile = f"{start}cmd|' /C calc'!A0"
    (line,) = lines("".join(write_csv(["term"], [[hostile]])))
    assert line["term"] == f"'{hostile}"
    book = openpyxl.load_workbook(write_xlsx(["term"], [[hostile]]))
    cell = book.active["A2"]
    assert cell.data_type == "s" and cell.value.endswith(hostile.strip())


def test_a_viewer_s_file_has_no_notes(
    browser: Browser, ada: Browser, superuser: Any, site: Any
) -> None:
    superuser.execute(
        "insert into search_term (tenant_id, term, status, note, decided_by)"
        " values (%s, 'valve 3in', 'missing', 'ask Jo', 'm@acme.test')",
        (site.acme,),
    )
    browser.sign_in(VIEWER)
    texts = [b.open(f"{EXPORT}.csv?{DAYS}").text for b in (ada, browser)]
    assert ["ask Jo" in text for text in texts] == [True, False]
    assert all("We do not sell it" in text for text in texts)
    superuser.execute("delete from search_term")
