"""Recipients from a CSV file: a verdict for each row first, then all of them or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from app.email.recipients import Recipient, RecipientEntry, parse_entry
from app.errors import Invalid

COLUMNS = ("branch_id", "email", "name", "enabled")
TEMPLATE = "branch_id,email,name,enabled\nD01,ana@example.com,Ana Lopez,yes\n"
MOST_ROWS, MOST_CHARS = 5_000, 1_000_000
_YES, _NO = ("", "yes", "y", "true", "1", "on"), ("no", "n", "false", "0", "off")


@dataclass(frozen=True)
class JudgedRow:
    """A row of the file (numbered as a spreadsheet shows it) and what importing it would do.

    `verdict` is new, update, unchanged or error; `entry` is None for an error.
    """

    number: int
    cells: Mapping[str, str]
    verdict: str
    problem: str = ""
    entry: RecipientEntry | None = None


def judge_file(content: str, present: Iterable[Recipient]) -> list[JudgedRow]:
    """The verdict of each row against the recipients there are.

    Raises:
        Invalid: the file as a whole cannot be read.
    """
    known = {(one.branch_id, one.email): one for one in present}
    judged, seen = [], dict[tuple[str, str], int]()
    for number, cells in _rows(content):
        row = _judge(number, cells, known)
        if row.entry is not None:
            key = (row.entry.branch_id, row.entry.email)
            first = seen.setdefault(key, number)
            if first != number:
                problem = f"Row {first} says the same branch and address."
                row = JudgedRow(number, cells, "error", problem)
        judged.append(row)
    if not judged:
        raise Invalid("The file has a header and no row.")
    return judged


def apply_rows(conn: Connection, tenant_id: UUID, rows: Sequence[JudgedRow]) -> int:
    """Store new and changed rows; answers how many.

    Raises:
        Invalid: a row is wrong; then nothing is stored.
    """
    if any(row.verdict == "error" for row in rows):
        raise Invalid("Nothing was imported: correct the rows that are wrong first.")
    changed = [row.entry for row in rows if row.entry and row.verdict in ("new", "update")]
    if changed:
        conn.execute(_STORE, [{"t": tenant_id, **vars(entry)} for entry in changed])
    return len(changed)


def _judge(
    number: int, cells: Mapping[str, str], known: Mapping[tuple[str, str], Recipient]
) -> JudgedRow:
    word = cells["enabled"].strip().lower()
    if word not in (*_YES, *_NO):
        return JudgedRow(number, cells, "error", "enabled is yes or no.")
    try:
        entry = parse_entry(
            cells["branch_id"], cells["email"], cells["name"], is_enabled=word in _YES
        )
    except Invalid as error:
        return JudgedRow(number, cells, "error", " ".join(error.extra["fields"].values()))
    old = known.get((entry.branch_id, entry.email))
    if old is None:
        return JudgedRow(number, cells, "new", entry=entry)
    is_same = (old.name, old.is_enabled) == (entry.name, entry.is_enabled)
    return JudgedRow(number, cells, "unchanged" if is_same else "update", entry=entry)


def _rows(content: str) -> Iterable[tuple[int, dict[str, str]]]:
    if len(content) > MOST_CHARS:
        raise Invalid("The file is too large. Split it.")
    if "\x00" in content:
        raise Invalid("This is no text file. Save it as CSV in UTF-8.")
    text_ = content.removeprefix("\ufeff")
    separator = ";" if text_.partition("\n")[0].count(";") else ","
    try:
        lines = list(csv.reader(io.StringIO(text_, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise Invalid(f"This is no CSV file: {error}.") from error
    header = [name.strip().lower() for name in lines[0]] if lines else []
    if missing := [name for name in ("branch_id", "email") if name not in header]:
        raise Invalid(f"The header lacks {' and '.join(missing)}. It is {','.join(COLUMNS)}.")
    if len(lines) > MOST_ROWS + 1:
        raise Invalid(f"At most {MOST_ROWS:,} rows are taken at once. Split the file.")
    for number, line in enumerate(lines[1:], start=2):
        if any(cell.strip() for cell in line):
            cells = dict(zip(header, line, strict=False))
            yield number, {name: cells.get(name, "") for name in COLUMNS}


_STORE = text("""
    insert into branch_email_mappings (tenant_id, branch_id, email, name, is_enabled)
    values (:t, :branch_id, :email, :name, :is_enabled)
    on conflict on constraint branch_email_mappings_key do update set
        name = excluded.name, is_enabled = excluded.is_enabled, updated_at = now()
""")
