"""Tables of figures as spreadsheet files. No cell is ever a formula."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO

import xlsxwriter
from flask import Response, send_file

from app.format import csv_line

Cell = str | int | float | Decimal | datetime | None
SHEET_ROWS = 1_000_000


def file_response(
    name: str, kind: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> Response:
    """The rows below their header as a download named NAME.KIND (csv or xlsx)."""
    if kind == "xlsx":
        return send_file(write_xlsx(header, rows), as_attachment=True, download_name=f"{name}.xlsx")
    response = Response(write_csv(header, rows), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.csv")
    return response


def write_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Lines of CSV; times include their offset from UTC."""
    yield "\ufeff" + csv_line(header)
    for row in rows:
        yield csv_line(map(_text, row))


def write_xlsx(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> IO[bytes]:
    """A workbook in a temporary file, positioned at its start.

    Numbers and times keep their type; everything else is a string, even if it looks like a number
    or formula. Continues on another sheet after a million rows.
    """
    file = TemporaryFile()  # noqa: SIM115 - the sender closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet, number = _begin_sheet(book, header, moment), 0
    for row in rows:
        if number == SHEET_ROWS:
            sheet, number = _begin_sheet(book, header, moment), 0
        number += 1
        _write_row(sheet, number, row, moment)
    book.close()
    file.seek(0)
    return file


def _begin_sheet(
    book: xlsxwriter.Workbook, header: Sequence[str], moment: xlsxwriter.format.Format
) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    _write_row(sheet, 0, header, moment)
    return sheet


def _write_row(
    sheet: xlsxwriter.worksheet.Worksheet,
    number: int,
    row: Sequence[Cell],
    moment: xlsxwriter.format.Format,
) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(number, column, cell)
        elif isinstance(cell, datetime):
            sheet.write_datetime(number, column, cell.replace(tzinfo=None), moment)
        elif cell is not None:
            sheet.write_number(number, column, float(cell))


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return "" if cell is None else str(cell)
