"""The table of search terms as rows of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from app.dates import zone
from app.format import Format
from app.http.exports import in_pages
from app.http.spreadsheet import Cell
from app.tasks.terms.queries import SearchTerm, TermQuestion, get_search_terms

HEADER = (
    "term",
    "failed_searches",
    "found_searches",
    "failed_percent",
    "unconverted_searches",
    "failed_sessions",
    "sessions",
    "customers",
    "last_searched",
    "estimated_value",
    "currency",
    "status",
    "redirected_to",
    "note",
    "decided_at",
    "decided_by",
    "failed_percent_before",
    "failed_percent_after",
)


def term_rows(
    tenant_id: UUID,
    question: TermQuestion,
    fmt: Format,
    names: Mapping[str, str],
    shows_notes: bool,
) -> Iterator[list[Cell]]:
    """Every term of the question, page by page, each read in a transaction that has ended."""

    def read(conn: Connection, tenant_id: UUID, *, limit: int, offset: int) -> Sequence[SearchTerm]:
        return get_search_terms(conn, tenant_id, replace(question, limit=limit, offset=offset))

    for term in in_pages(tenant_id, read):
        yield _cells(term, fmt, names, shows_notes)


def _cells(
    term: SearchTerm, fmt: Format, names: Mapping[str, str], shows_notes: bool
) -> list[Cell]:
    local = zone(fmt.time_zone)
    return [
        term.term,
        term.failed_searches,
        term.found_searches,
        None if term.failed_rate is None else round(term.failed_rate, 1),
        term.unconverted,
        term.failed_sessions,
        term.sessions,
        term.customers,
        term.last_at.astimezone(local),
        None if term.value is None else round(term.value, 2),
        fmt.currency,
        names[term.status or "undecided"],
        term.redirect_to,
        term.note if shows_notes else None,
        term.decided_at and term.decided_at.astimezone(local),
        term.decided_by,
        None if term.rate_before is None else round(term.rate_before, 1),
        None if term.rate_after is None else round(term.rate_after, 1),
    ]
