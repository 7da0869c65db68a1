"""Recipients from a CSV file: a verdict for each row first, then all of them or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection, text

from app.email.recipients.queries import Recipient, RecipientEntry, parse_entry
from app.errors import Invalid
from app.ingest.files.cells import list_addresses, seen, seen_code, without_nothing
from app.ingest.files.csv_text import Row
from app.ingest.files.sheet import read_csv
from app.words_for_nothing import Words

COLUMNS = ("branch_id", "email", "name", "enabled")
TEMPLATE = "branch_id,email,name,enabled\nD01,ana@example.com,Ana Lopez,yes\n"
MOST_ROWS, MOST_CHARS = 5_000, 1_000_000
_YES, _NO = ("yes", "y", "true", "1", "on"), ("no", "n", "false", "0", "off")


@dataclass(frozen=True)
class JudgedRow:
    """A row of the file (numbered as a spreadsheet shows it) and what importing it would do.

    `verdict` is new, update, unchanged or error; `entry` is None for an error. `is_outside`: its
    address is not the company's, and somebody has to confirm it.
    """

    number: int
    cells: Mapping[str, str]
    verdict: str
    problem: str = ""
    entry: RecipientEntry | None = None
    is_outside: bool = False


def judge_file(
    content: str, present: Iterable[Recipient], words: Words = frozenset()
) -> list[JudgedRow]:
    """The verdict of each row against the recipients there are; `words` stand for nothing.

    Raises:
        Invalid: the file as a whole cannot be read.
    """
    known = {(one.branch_id, one.email): one for one in present}
    judged, seen = [], dict[tuple[str, str], int]()
    for number, cells, fault in _rows(content, words):
        row = JudgedRow(number, cells, "error", fault) if fault else _judge(number, cells, known)
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
    if word not in ("", *_YES, *_NO):
        return JudgedRow(number, cells, "error", "enabled is yes or no.")
    try:
        entry = parse_entry(
            cells["branch_id"], cells["email"], cells["name"], is_enabled=word not in _NO
        )
    except Invalid as error:
        return JudgedRow(number, cells, "error", " ".join(error.extra["fields"].values()))
    old = known.get((entry.branch_id, entry.email))
    if old is None:
        return JudgedRow(number, cells, "new", entry=entry)
    if not word:  # an empty cell switches nobody on again
        entry = replace(entry, is_enabled=old.is_enabled)
    is_same = (old.name, old.is_enabled) == (entry.name, entry.is_enabled)
    return JudgedRow(number, cells, "unchanged" if is_same else "update", entry=entry)


def _rows(content: str, words: Words) -> Iterable[tuple[int, dict[str, str], str]]:
    """Line, cells and fault of each row; a row with several addresses once for each of them."""
    if len(content) > MOST_CHARS:
        raise Invalid("The file is too large. Split it.")
    sheet = read_csv(content.encode("utf-8", "replace"), _match)
    header = _names(sheet.header)
    if missing := [name for name in ("branch_id", "email") if name not in header]:
        raise Invalid(f"The header lacks {' and '.join(missing)}. It is {','.join(COLUMNS)}.")
    if len(sheet.rows) > MOST_ROWS:
        raise Invalid(f"At most {MOST_ROWS:,} rows are taken at once. Split the file.")
    empty = dict.fromkeys(COLUMNS, "")
    faults = [(line, empty, f"The row cannot be read: {fault}.") for line, fault in sheet.faults]
    good = [(line, _cells(header, row, words), "") for line, row in sheet.rows]
    for line, cells, fault in sorted(good + faults, key=lambda row: row[0]):
        for address in list_addresses(cells["email"]) or [cells["email"]]:
            yield line, cells | {"email": address}, fault


def _match(row: Row) -> tuple[bool, int]:
    names = _names(row)
    return {"branch_id", "email"} <= set(names), len(set(names) & set(COLUMNS))


def _names(row: Sequence[str | None]) -> list[str]:
    return [(cell or "").strip().lower() for cell in row]


def _cells(header: Sequence[str], row: Row, words: Words) -> dict[str, str]:
    """The cells as people see them. In `enabled` a 0 or a false is no, and not nothing."""
    found = dict(zip(header, row, strict=False))
    return {
        "branch_id": without_nothing(seen_code(found.get("branch_id")), words) or "",
        "email": without_nothing(seen_code(found.get("email")), words) or "",
        "name": without_nothing(seen(found.get("name")), words) or "",
        "enabled": seen(found.get("enabled")) or "",
    }


_STORE = text("""
    insert into branch_email_mappings (tenant_id, branch_id, email, name, is_enabled)
    values (:t, :branch_id, :email, :name, :is_enabled)
    on conflict on constraint branch_email_mappings_key do update set
        name = excluded.name, is_enabled = excluded.is_enabled, updated_at = now()
""")
