"""Search terms: how often they were searched for and failed, and what was decided about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.dates import DateRange
from app.errors import Conflict, NotFound
from app.ratios import per_cent
from app.terms import normalise_term

LocationIds = tuple[str, ...] | None
STATUSES = ("fixed", "missing", "redirected")
SORT_FIELDS = (
    "failed_searches",
    "found_searches",
    "unconverted",
    "failed_sessions",
    "sessions",
    "last_at",
    "term",
    "status",
)


@dataclass(frozen=True)
class TermQuestion:
    """Which terms to list; `location_ids` None is every branch, `term` one term alone."""

    period: DateRange
    location_ids: LocationIds = None
    query: str = ""
    status: str = ""
    sort_field: str = "failed_searches"
    sort_order: str = "desc"
    limit: int = 50
    offset: int = 0
    term: str | None = None


@dataclass(frozen=True)
class SearchTerm:
    """One term of a range; '' is a search without any.

    `value` is the estimate in the reporting currency, None if not computable. `status` None is
    undecided; the counts before and after are of up to 30 days beside the day of the decision.
    """

    term: str
    failed_searches: int
    found_searches: int
    failed_sessions: int
    sessions: int
    customers: int
    last_at: datetime
    value: Decimal | None
    unconverted: int
    status: str | None
    redirect_to: str | None
    note: str | None
    decided_at: datetime | None
    decided_by: str | None
    failed_before: int | None
    searches_before: int | None
    failed_after: int | None
    searches_after: int | None
    total_terms: int
    total_failed: int
    total_found: int

    @property
    def searches(self) -> int:
        """All of them, failed or not."""
        return self.failed_searches + self.found_searches

    @property
    def failed_rate(self) -> Decimal | None:
        """How many of the searches failed, in per cent."""
        return per_cent(self.failed_searches, self.searches)

    @property
    def rate_before(self) -> Decimal | None:
        """The same in the days before the decision; None without a search in them."""
        return per_cent(self.failed_before or 0, self.searches_before or 0)

    @property
    def rate_after(self) -> Decimal | None:
        """The same in the days after it."""
        return per_cent(self.failed_after or 0, self.searches_after or 0)


@dataclass(frozen=True)
class RelatedTerm:
    """A term close to another: `kind` similar (in its letters) or next (searched for later)."""

    kind: str
    term: str
    likeness: float
    sessions: int
    found: int
    failed: int


@dataclass(frozen=True)
class BoughtItem:
    """What people bought who searched for a term; `revenue` None without any price."""

    item_id: str | None
    item_name: str | None
    orders: int
    quantity: Decimal
    revenue: Decimal | None


@dataclass(frozen=True)
class Searcher:
    """Who searched for a term; `total` is the number of all of them."""

    customer_key: str
    name: str | None
    searches: int
    failed: int
    last_at: datetime
    total: int


@dataclass(frozen=True)
class Decision:
    """What is to be done about a term. `seen_at` is the decision that it replaces, if any."""

    status: str | None
    redirect_to: str | None = None
    note: str | None = None
    seen_at: datetime | None = None


def get_search_terms(conn: Connection, tenant_id: UUID, question: TermQuestion) -> list[SearchTerm]:
    """One page of the terms of a range; an empty list if there are none.

    Source: sql/functions/terms/get_search_terms.sql
    """
    statement = text("""
        select * from get_search_terms(
            :t, :start, :end, :branches, :query, :status, :sort_field, :sort_order, :limit,
            :offset, :term
        )
    """)
    values = _arguments(tenant_id, question.period, question.location_ids) | {
        "query": normalise_term(question.query) or question.query or None,
        "status": question.status or None,
        "sort_field": question.sort_field,
        "sort_order": question.sort_order,
        "limit": question.limit,
        "offset": question.offset,
        "term": question.term,
    }
    return [SearchTerm(*row) for row in conn.execute(statement, values)]


def get_related_terms(
    conn: Connection, tenant_id: UUID, question: TermQuestion
) -> list[RelatedTerm]:
    """Terms like `question.term`, and those that people searched for after it.

    Source: sql/functions/terms/get_related_terms.sql
    """
    return [RelatedTerm(*row) for row in _about(conn, "get_related_terms", tenant_id, question)]


def get_term_items(conn: Connection, tenant_id: UUID, question: TermQuestion) -> list[BoughtItem]:
    """What was bought in sessions with `question.term`, or by the same customers within 7 days.

    Source: sql/functions/terms/get_term_items.sql
    """
    return [BoughtItem(*row) for row in _about(conn, "get_term_items", tenant_id, question)]


def get_term_customers(conn: Connection, tenant_id: UUID, question: TermQuestion) -> list[Searcher]:
    """Who searched for `question.term`, the latest first.

    Source: sql/functions/terms/get_term_customers.sql
    """
    return [Searcher(*row) for row in _about(conn, "get_term_customers", tenant_id, question)]


def decide_term(
    conn: Connection,
    tenant_id: UUID,
    location_ids: LocationIds,
    term: str,
    decision: Decision,
    email: str,
) -> None:
    """Write down what is done about a term, or take it back; tasks follow.

    Raises:
        NotFound: nobody ever searched for this term at these branches.
        Conflict: somebody else decided meanwhile; the message says who and what.
    """
    values = {"t": tenant_id, "term": term, "email": email, **vars(decision)}
    _check_seen(conn, tenant_id, location_ids, term, decision)
    if decision.status is None:
        conn.execute(text("delete from search_term where tenant_id = :t and term = :term"), values)
    else:
        conn.execute(
            text("""
                insert into search_term (tenant_id, term, status, redirect_to, note, decided_by)
                values (:t, :term, :status, :redirect_to, :note, :email)
                on conflict on constraint search_term_pkey do update set
                    status = excluded.status, redirect_to = excluded.redirect_to,
                    note = excluded.note, decided_at = now(), decided_by = excluded.decided_by
            """),
            values,
        )
    mirror = text("select _mirror_fixed_terms(:t, array[cast(:term as text)])")
    conn.execute(mirror, {"t": tenant_id, "term": term})


def _check_seen(
    conn: Connection, tenant_id: UUID, location_ids: LocationIds, term: str, decision: Decision
) -> None:
    """Refuse to write over what the member has not seen. One decision at a time for each term."""
    values = {"t": tenant_id, "term": term}
    conn.execute(
        text("select pg_advisory_xact_lock(hashtextextended(cast(:t as text) || :term, 1))"), values
    )
    statement = text("""
        select d.status, d.decided_at, d.decided_by
        from search_term as d
        where d.tenant_id = :t and d.term = :term
    """)
    held = conn.execute(statement, values).one_or_none()
    is_sure = held is not None and location_ids is None
    if not is_sure and not _is_known(conn, tenant_id, location_ids, term):
        raise NotFound("No one has searched for this term.")
    if (held.decided_at if held else None) != decision.seen_at:
        done = f"{held.decided_by} marked it {held.status}" if held else "its mark was removed"
        raise Conflict(f"Meanwhile {done}. Review it before you change it.")


def _is_known(conn: Connection, tenant_id: UUID, location_ids: LocationIds, term: str) -> bool:
    statement = text("""
        select exists (
            select from term_visit as v
            where
                v.tenant_id = :t and v.term_key = hashtextextended(:term, 0) and v.term = :term
                and (cast(:branches as text []) is null or v.branch_id = any(:branches))
        ) or exists (
            select from view_search_results as v
            where
                v.tenant_id = :t and v.session_key is null and v.term = :term
                and (cast(:branches as text []) is null or v.branch_id = any(:branches))
        ) or exists (
            select from no_search_results as n
            where
                n.tenant_id = :t and n.session_key is null and n.term = :term
                and (cast(:branches as text []) is null or n.branch_id = any(:branches))
        )
    """)
    branches = None if location_ids is None else list(location_ids)
    values = {"t": tenant_id, "term": term, "branches": branches}
    known: bool = conn.execute(statement, values).scalar_one()
    return known


def _about(conn: Connection, function: str, tenant_id: UUID, question: TermQuestion) -> Any:  # noqa: ANN401 - rows of three functions
    statement = text(f"select * from {function}(:t, :start, :end, :branches, :term)")  # noqa: S608 - one of the functions named above
    values = _arguments(tenant_id, question.period, question.location_ids)
    return conn.execute(statement, values | {"term": question.term})


def _arguments(tenant_id: UUID, period: DateRange, location_ids: LocationIds) -> dict[str, Any]:
    branches = None if location_ids is None else list(location_ids)
    return {"t": tenant_id, "start": period.start, "end": period.end, "branches": branches}
