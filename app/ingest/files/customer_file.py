"""Parses a tenant's customer and branch files, csv or xlsx, into checked rows.

Columns are found by name, ignoring case, spaces, "_" and "-". A row without an id is refused and
counted; among rows with the same id the last one counts. Words for nothing are empty cells, except
as ids.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Generic, TypeVar

from app.ingest.files.cells import seen_code
from app.ingest.files.csv_text import Row
from app.ingest.files.file_columns import FILES
from app.ingest.files.file_rows import (
    ID_CHARACTERS,
    BranchRow,
    Cells,
    ContactRow,
    Notes,
    make_branch,
    make_contact,
)
from app.ingest.files.sheet import Sheet, read_sheet
from app.ingest.refusals import KEPT_PER_REASON
from app.words_for_nothing import Words, is_nothing

NO_ID = "the row has no id"
REPEATED_ID = "the id appears again further down, where the row counts"
LONG_ID = f"the id is longer than {ID_CHARACTERS} characters"
TOO_MANY_CELLS = "the row has more cells than the header"
NOTHING_ID = "the id is a word for nothing, such as NULL, and several rows have it"
TOTAL_ROW = "the row is a total, not an entry"

_TOTAL = re.compile(
    r"((grand|sub)[ -]?)?totals?( (rows?|records?|lines?|users|contacts|customers|branches))?"
    r"( *[:=].*| +[\d.,]+.*)?|(gesamt|gesamtsumme|endsumme|summe|somme|suma|totale|totaal) *:?",
    re.IGNORECASE,
)
_GUID = re.compile(r"\{?[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\}?", re.IGNORECASE)

RowType = TypeVar("RowType")


@dataclass(frozen=True)
class Parsed(Generic[RowType]):
    """The result of parsing a file: rows with distinct ids, refused rows by reason, and warnings.

    `samples` are the lines of refused rows, with the id if there is one, and nothing personal.
    `columns` are our columns that the file has; `cut` says how its last row is cut off, if it is.
    """

    rows: list[RowType]
    refused: Counter[str] = field(default_factory=Counter)
    samples: Mapping[str, list[dict[str, str | None]]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    columns: frozenset[str] = frozenset()
    cut: str | None = None


def parse_users(
    path: Path, words: Words, branch_ids: AbstractSet[str] = frozenset()
) -> Parsed[ContactRow]:
    """The contacts in a customer file (csv or xlsx).

    `words` are the words for nothing, except a branch found in `branch_ids`.

    Raises:
        Invalid: the file cannot be read, or has no column with the contact's id.
    """
    branch_words = words - {name.lower() for name in branch_ids}
    parsed = _parse(path, "users", words, branch_words, make_contact)
    return replace(parsed, rows=_with_one_spelling(parsed.rows))


def parse_locations(path: Path, words: Words) -> Parsed[BranchRow]:
    """The branches in a branch file (csv or xlsx).

    Raises:
        Invalid: the file cannot be read, or lacks the column of ids or of names.
    """
    return _parse(path, "locations", words, words, make_branch)


def map_header(path: Path, file_type: str) -> dict[str, str]:
    """The header that each of our columns is read from in a users or locations file.

    Raises:
        Invalid: the file cannot be read, or lacks a required column.
    """
    sheet = read_sheet(path, FILES[file_type].match)
    places, _ = FILES[file_type].find(sheet)
    return {name: sheet.header[place] for name, place in places.items()}


def _parse(
    path: Path,
    file_type: str,
    words: Words,
    branch_words: Words,
    make: Callable[[Cells], RowType],
) -> Parsed[RowType]:
    columns = FILES[file_type]
    sheet = read_sheet(path, columns.match)
    places, doubled = columns.find(sheet)
    sieve, notes = _Sieve(), Notes()
    for line, reason in sheet.faults:
        sieve.refuse(reason, line, None)
    rows: dict[str, RowType] = {}
    keyed = _with_keys(sheet, places[columns.required[0]], words, sieve, notes)
    for line, key, row in keyed:
        if rows.pop(_same(key), None) is not None:
            sieve.refuse(REPEATED_ID, line, key)
        cells = Cells(row, places, key, line, words, branch_words, notes)
        rows[_same(key)] = make(cells)
    return Parsed(
        list(rows.values()),
        sieve.counts,
        sieve.samples,
        (*sheet.warnings, *doubled, *notes.sentences()),
        frozenset(places),
        sheet.cut,
    )


def _with_keys(
    sheet: Sheet, place: int, words: Words, sieve: _Sieve, notes: Notes
) -> list[tuple[int, str, Row]]:
    """The rows that have an id, with their lines; refuses the others."""
    width = len(sheet.header)
    found = [
        (line, seen_code(row[place] if place < len(row) else None), row) for line, row in sheet.rows
    ]
    empty = Counter(key.lower() for _, key, _ in found if key and is_nothing(key, words))
    kept = []
    for line, key, row in found:
        reason = _refusal(key, row, width, empty)
        if reason or key is None:
            sieve.refuse(reason or NO_ID, line, key)
            continue
        kept.append((line, key, row))
        if key.lower() in empty:
            notes.add(f"“{key}” is a word for nothing and was read as an id", line)
    return kept


def _refusal(key: str | None, row: Row, width: int, empty: Counter[str]) -> str | None:
    """Why a row with that id is refused. A word for nothing is an id if only one row has it."""
    if any(cell is not None for cell in row[width:]):
        return TOO_MANY_CELLS
    if key is None:
        return NO_ID
    if len(key) > ID_CHARACTERS:
        return LONG_ID
    if empty[key.lower()] > 1:
        return NOTHING_ID
    return TOTAL_ROW if _TOTAL.fullmatch(key) else None


def _same(key: str) -> str:
    """A key for comparing ids: only GUIDs ignore case."""
    return key.lower() if _GUID.fullmatch(key) else key


def _with_one_spelling(rows: list[ContactRow]) -> list[ContactRow]:
    """The rows with every company's GUID in one spelling."""
    spelling: dict[str, str] = {}
    for row in rows:
        company = row.buying_company_erp_id or ""
        spelling[_same(company)] = min(company, spelling.get(_same(company), company))
    wanted = [spelling[_same(row.buying_company_erp_id or "")] or None for row in rows]
    return [
        row if row.buying_company_erp_id == company else replace(row, buying_company_erp_id=company)
        for row, company in zip(rows, wanted, strict=True)
    ]


@dataclass
class _Sieve:
    """Refused lines by reason, with samples."""

    counts: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[dict[str, str | None]]] = field(default_factory=dict)

    def refuse(self, reason: str, line: int, key: str | None) -> None:
        self.counts[reason] += 1
        samples = self.samples.setdefault(reason, [])
        if len(samples) < KEPT_PER_REASON:
            samples.append({"line": str(line), "id": key and key[:100]})
