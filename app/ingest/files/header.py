"""Finds the header of a table, below possible titles, blank lines and merged cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from app.ingest.files.csv_text import Record, Row

HEADER_ROWS = 20  # searched among this many filled rows from the top

# How well a row matches as the header: has all required columns, and how many columns.
Match = Callable[[Row], tuple[bool, int]]


@dataclass(frozen=True)
class Header:
    """The header's cells, its line, and the number of records down to its end."""

    cells: Row = field(default_factory=list)
    line: int = 0
    end: int = 0
    score: tuple[bool, int] = (False, 0)


def first_row(_: Row) -> tuple[bool, int]:
    """The match for tables without known column names: the first filled row."""
    return True, 1


def find_header(records: Sequence[Record], match: Match) -> Header:
    """The best match among the first records, the first of equals; empty if there is none."""
    top = [record for record in records[:HEADER_ROWS] if not record.fault]
    ends = {record.line: number for number, record in enumerate(records, start=1)}
    single = [Header(r.cells, r.line, ends[r.line], match(r.cells)) for r in top]
    fused = [
        Header(cells, lower.line, ends[lower.line], match(cells))
        for upper, lower in pairwise(top)
        if _is_lower_half(lower.cells, match)
        for cells in [_fused(upper.cells, lower.cells)]
    ]
    return max(single + fused, key=lambda header: header.score, default=Header())


def _is_lower_half(row: Row, match: Match) -> bool:
    """Whether every filled cell names a column, as in the lower row of a two-row header."""
    return match(row)[1] == sum(cell is not None for cell in row)


def _fused(upper: Row, lower: Row) -> Row:
    """Two rows as one: a merged cell of the upper row counts where the lower one is empty."""
    width = max(len(upper), len(lower))
    above, below = (row + [None] * (width - len(row)) for row in (upper, lower))
    return [low or high for high, low in zip(above, below, strict=True)]
