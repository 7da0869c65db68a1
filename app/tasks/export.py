"""A whole list as a file for a spreadsheet, read page by page.

No transaction stays open while the reader takes its time, and no cell is ever a formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

import xlsxwriter

from app.dates import utc_now, zone
from app.db import tenant_transaction
from app.format import csv_line
from app.tasks.lists import Pages, TaskList
from app.tasks.masking import mask_task
from app.tasks.queries import Place, Task, TaskFilters
from app.tasks.words import CLOSED_NAMES, OUTCOME_NAMES, STATE_NAMES, TYPE_NAMES

PAGE_ROWS = 5_000
SHEET_ROWS = 1_000_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADER = (
    "type", "state", "outcome", "closed_because", "score", "value", "currency", "is_estimate",
    "is_value_incomplete", "first_activity", "last_activity", "snoozed_until", "expires",
    "branch", "customer", "company_id", "contact_id", "contact", "email", "phone", "owner",
    "ordered_before", "order_number", "details", "task_id",
)  # fmt: skip

Cell = str | int | float | Decimal | datetime | None


@dataclass(frozen=True)
class Export:
    """What to write for whom; `is_masked` hides contacts, times are of `time_zone`."""

    tenant_id: UUID
    task_list: TaskList
    question: TaskFilters
    time_zone: str
    currency: str
    is_masked: bool


def write_csv(export: Export) -> Iterator[str]:
    """The list as lines of CSV, a page at a time; times carry their offset from UTC."""
    yield "\ufeff" + csv_line(HEADER)
    for tasks in _pages(export):
        yield "".join(csv_line(map(_text, _cells(export, task))) for task in tasks)


def write_xlsx(export: Export) -> IO[bytes]:
    """The list as a workbook in a temporary file, at its beginning.

    Numbers and times are such, everything else is a string, whatever it looks like. After a
    million rows it goes on in another sheet.
    """
    file = TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    book = xlsxwriter.Workbook(file, {"constant_memory": True})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    bold = book.add_format({"bold": True})
    sheet, row = None, 0
    for task in _tasks(export):
        if sheet is None or row > SHEET_ROWS:
            sheet, row = _begin_sheet(book, bold), 1
        _write_row(sheet, row, _cells(export, task), moment)
        row += 1
    if sheet is None:
        _begin_sheet(book, bold)
    book.close()
    file.seek(0)
    return file


def _begin_sheet(
    book: xlsxwriter.Workbook, bold: xlsxwriter.format.Format
) -> xlsxwriter.worksheet.Worksheet:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    for column, name in enumerate(HEADER):
        sheet.write_string(0, column, name, bold)
    return sheet


def _write_row(
    sheet: xlsxwriter.worksheet.Worksheet,
    row: int,
    cells: list[Cell],
    moment: xlsxwriter.format.Format,
) -> None:
    for column, cell in enumerate(cells):
        if isinstance(cell, str):
            sheet.write_string(row, column, cell)
        elif isinstance(cell, datetime):
            sheet.write_datetime(row, column, cell.replace(tzinfo=None), moment)
        elif cell is not None:
            sheet.write_number(row, column, float(cell))


def _tasks(export: Export) -> Iterator[Task]:
    for tasks in _pages(export):
        yield from tasks


def _pages(export: Export) -> Iterator[list[Task]]:
    """The pages of the list, each read in a transaction that has ended."""
    pages = Pages(export.task_list, export.question, Place(PAGE_ROWS, now=utc_now()))
    while True:
        with tenant_transaction(export.tenant_id) as conn:
            tasks = pages.read(conn, export.tenant_id)
        if not tasks:
            return
        yield [mask_task(task) for task in tasks] if export.is_masked else tasks


def _cells(export: Export, task: Task) -> list[Cell]:
    """One row; the columns are HEADER's."""
    is_known = task.closed_reason in CLOSED_NAMES
    return [
        TYPE_NAMES[task.task_type],
        STATE_NAMES[task.state],
        OUTCOME_NAMES.get(task.outcome or "", ""),
        CLOSED_NAMES[task.closed_reason or ""] if is_known else task.closed_reason,
        round(task.score, 1),
        None if task.value is None else round(task.value, 2),
        task.currency or export.currency,
        _yes(task.is_estimate),
        _yes(task.is_value_incomplete),
        *(_local(export, moment) for moment in _moments(task)),
        task.branch_id,
        task.customer_name,
        task.company_id,
        task.contact_id,
        task.contact_name,
        task.contact_email,
        task.contact_phone,
        task.owner,
        _yes(task.is_known_buyer),
        task.detail.get("transaction_id"),
        _details(task),
        str(task.task_id),
    ]


def _moments(task: Task) -> tuple[datetime | None, ...]:
    return task.first_at, task.last_at, task.snoozed_until, task.expires_at


def _details(task: Task) -> str:
    """What was left, searched for or viewed, in one cell."""
    detail = task.detail
    parts = [
        f"{line.get('quantity') or 1} × {line.get('item_name') or line.get('item_id')}"
        for line in detail.get("lines") or ()
    ]
    parts += [f"{t.get('term')} ({t.get('searches')}×)" for t in detail.get("terms") or ()]
    parts += [f"{i.get('item_name') or i.get('item_id')}" for i in detail.get("items") or ()]
    return "; ".join(parts)


def _local(export: Export, moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(zone(export.time_zone))


def _text(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat(timespec="seconds")
    return "" if cell is None else str(cell)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
