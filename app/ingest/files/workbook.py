"""Reads a workbook in its own process, which may crash without harm.

The reader is native code: a workbook that makes it run out of memory ends the whole process without
an exception. It therefore runs in a child process with limits, without the environment's secrets,
and its output is cut off at a size no table reaches.

The child is `python -m app.ingest.files.workbook`: it reads the workbook from standard input, and
writes the names of the sheets and then the rows of the first visible one to standard output, as
lines of JSON.
"""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO

from python_calamine import CalamineWorkbook, SheetVisibleEnum

from app.errors import Invalid
from app.ingest.files.csv_text import Row
from app.ingest.files.number_formats import read_shown

MEMORY_BYTES = 2 * 1024**3
CPU_S = 300
TEXT_BYTES = 200 * 1024**2  # of all rows together, as JSON

_ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Workbook:
    """The sheets' names, the one that is read, and its rows from the first line on."""

    sheets: list[str]
    rows: Iterator[Row]


def open_workbook(content: IO[bytes]) -> Workbook:
    """The first visible sheet of a checked workbook.

    Raises:
        Invalid: it is damaged, or larger than any table; also raised while rows are read.
    """
    lines = _lines(content)
    return Workbook(json.loads(next(lines)), (json.loads(line) for line in lines))


def _lines(content: IO[bytes]) -> Iterator[bytes]:
    """The child's output; the child has ended when this ends, in any way."""
    command = [sys.executable, "-X", "utf8", "-m", "app.ingest.files.workbook"]
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=content, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_ROOT, env={}
    ) as child:
        try:
            yield from _cut_off(child)
        finally:
            child.kill()


def _cut_off(child: subprocess.Popen[bytes]) -> Iterator[bytes]:
    if child.stdout is None:
        raise TypeError("the child was started without a pipe")
    left, lines = TEXT_BYTES, 0
    while line := child.stdout.readline(left + 1):
        left, lines = left - len(line), lines + 1
        if left < 0:
            raise Invalid(
                f"The workbook holds more than {TEXT_BYTES // 1024**2} MB of text. Export fewer "
                "columns, or as csv."
            )
        yield line
    if child.wait() or not lines:
        raise Invalid(
            "The workbook is damaged, or needs more memory than any table does: it may have broken "
            "off while it was written or sent. Save it again, or export it as csv."
        )


def main() -> None:
    """Write the workbook on standard input to standard output as JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = io.BytesIO(sys.stdin.buffer.read())
    workbook = CalamineWorkbook.from_filelike(content)
    visible = [s.name for s in workbook.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
    sheets = visible or workbook.sheet_names
    sys.stdout.write(json.dumps(sheets) + "\n")
    if not sheets:
        return
    sheet = workbook.get_sheet_by_name(sheets[0])
    shown = read_shown(content, sheets[0])
    first_column = sheet.start[1] if sheet.start else 0  # rows are returned from this column on
    for number, row in enumerate(sheet.iter_rows()):
        cells = [_cell(value) for value in row]
        for column, seen in shown.get(number, {}).items():
            cells[column - first_column] = seen
        sys.stdout.write(json.dumps(cells) + "\n")


def _cell(value: object) -> str | None:
    """A cell without its format: 1001.0 is 1001, and dates are ISO."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    return str(value).strip() or None


if __name__ == "__main__":
    main()
