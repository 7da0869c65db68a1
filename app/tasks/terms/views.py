"""Searches by term: the table, one term opened, and what is decided about it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, g, request, url_for
from loguru import logger
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.database.engine import tenant_transaction
from app.database.tenancy import allowed_locations
from app.dates import parse_instant, utc_now
from app.errors import AppError, Conflict, Invalid, Malformed, NotFound
from app.http.current import current_actor, current_membership, current_tenant_id
from app.http.exports import download
from app.http.reading import reading_transaction
from app.http.web import (
    block,
    current_format,
    done,
    record_export,
    render_page,
    require_role,
)
from app.tasks.lists.task_page import WORKING_ROLES
from app.tasks.tables.filters import Table, TableFilters
from app.tasks.tables.page import asked_filters, render_table, short_key, table_context
from app.tasks.terms.export import HEADER, term_rows
from app.tasks.terms.queries import (
    SORT_FIELDS,
    STATUSES,
    Decision,
    SearchTerm,
    TermQuestion,
    decide_term,
    get_related_terms,
    get_search_terms,
    get_term_customers,
    get_term_items,
)

blueprint = Blueprint("terms", __name__, url_prefix="/analytics/tasks")

MARKING_ROLES = ("admin", "manager")
LONGEST_TERM = 500
LONGEST_NOTE = 2_000
STATUS_NAMES = {
    "undecided": "Undecided",
    "fixed": "Fixed: synonym added",
    "missing": "We do not sell it",
    "redirected": "Redirected",
}
STATUS_KINDS = {"fixed": "good", "redirected": "good", "missing": "warn"}
TABLE = Table("terms.search_terms", SORT_FIELDS, STATUS_NAMES)
_DONE = {
    None: "Mark removed.",
    "fixed": "Marked as fixed.",
    "missing": "Marked as not sold.",
    "redirected": "Marked as redirected.",
}


@blueprint.context_processor
def term_words() -> dict[str, Any]:
    """What this feature's templates call things."""
    return {"status_names": STATUS_NAMES, "status_kinds": STATUS_KINDS, "term_key": short_key}


@blueprint.get("/search-terms")
@block("term_list", "the search terms")
def search_terms() -> Response:
    """Every term that was searched for, most failed searches first."""
    g.current_link = "tasks.search_analysis"
    return render_table(TABLE, "tasks/terms/list.html", _list_context)


@blueprint.get("/search-terms/export.<any(csv, xlsx):kind>")
def export_terms(kind: str) -> Response:
    """All terms under the filters, as a file for a spreadsheet."""
    filters = asked_filters(TABLE)
    tenant_id, fmt = current_tenant_id(), current_format()
    rows = term_rows(tenant_id, _question(filters), fmt, STATUS_NAMES, _sees_people())
    record_export("terms", "search-terms", kind)
    name = f"search-terms-{filters.period.start}-{filters.period.end}"
    return download(name, kind, HEADER, rows)


@blueprint.get("/search-terms/term")
def term_page() -> Response:
    """One term: a page of its own, or what a row of the table expands to."""
    context = _term_context(_asked_term(request.args), asked_filters(TABLE))
    return render_page("tasks/terms/term.html", "tasks/terms/_term.html", **context)


@blueprint.post("/search-terms/term")
@require_role(*MARKING_ROLES)
def mark_term() -> AnyResponse:
    """Say what is done about a term, or beside the form what is wrong."""
    term, filters = _asked_term(request.form), asked_filters(TABLE)
    try:
        decision = parse_decision(term, request.form)
        _decide(term, decision)
    except (Conflict, Invalid) as error:
        return _refused(term, filters, error)
    address = url_for("terms.term_page", term=term, **filters.scope_arguments())
    context = _term_context(term, filters) | {"has_focus": True}
    return done("tasks/terms/_marked.html", _DONE[decision.status], fallback=address, **context)


def parse_decision(term: str, form: MultiDict[str, str]) -> Decision:
    """What a member decided, as the form describes it.

    Raises:
        Invalid: something is missing or too long; `fields` says what, by the field's name.
    """
    status = form.get("status", "")
    if status not in (*STATUSES, "none"):
        raise _wrong("status", "Choose what was done about it.")
    if not term or len(term) > LONGEST_TERM:
        raise _wrong("status", f"Terms of 1 to {LONGEST_TERM} characters can be marked.")
    redirect_to, note = (_text(form, name) for name in ("redirect_to", "note"))
    if status == "redirected" and not redirect_to:
        raise _wrong("redirect_to", "Enter where people are redirected: a term or an address.")
    if len(redirect_to) > LONGEST_TERM:
        raise _wrong("redirect_to", f"At most {LONGEST_TERM} characters.")
    if len(note) > LONGEST_NOTE:
        raise _wrong("note", f"A note has at most {LONGEST_NOTE} characters.")
    return Decision(
        None if status == "none" else status,
        redirect_to if status == "redirected" else None,
        note or None,
        _seen_at(form),
    )


def _decide(term: str, decision: Decision) -> None:
    tenant_id, actor = current_tenant_id(), current_actor()
    with tenant_transaction(tenant_id) as conn:
        branches = allowed_locations(current_membership(), ())
        decide_term(conn, tenant_id, branches, term, decision, actor.email)
        audit.record(conn, tenant_id, actor, "term.marked", term, status=decision.status or "none")
    logger.info("terms.marked", status=decision.status)


def _refused(term: str, filters: TableFilters, error: AppError) -> Response:
    """The term as it is now, with why nothing was changed and what was typed."""
    return render_page(
        "tasks/terms/term.html",
        "tasks/terms/_term.html",
        status=error.status,
        problem=error.message,
        problems=error.extra.get("fields", {}),
        typed=request.form,
        **_term_context(term, filters),
    )


def _list_context(conn: Connection, filters: TableFilters) -> dict[str, Any]:
    question = _question(filters)
    terms = get_search_terms(conn, current_tenant_id(), question)
    first = terms or (_first(conn, question) if filters.page > 1 else [])
    context = table_context(conn, filters, first[0].total_terms if first else 0)
    return context | {"terms": terms, "first": first[0] if first else None}


def _first(conn: Connection, question: TermQuestion) -> list[SearchTerm]:
    """The first term, for the sums of all pages when the one asked for lies behind the last."""
    asked = TermQuestion(**{**vars(question), "limit": 1, "offset": 0})
    return get_search_terms(conn, current_tenant_id(), asked)


def _term_context(term: str, filters: TableFilters) -> dict[str, Any]:
    """What one term's templates need; a term nobody searched for in these days has no figures."""
    tenant_id = current_tenant_id()
    question = TermQuestion(
        **{
            **vars(_question(filters)),
            "query": "",
            "status": "",
            "limit": 1,
            "offset": 0,
            "term": term,
        }
    )
    g.current_link = "tasks.search_analysis"
    with reading_transaction(tenant_id) as conn:
        found = get_search_terms(conn, tenant_id, question)
        if not found:
            raise NotFound("No one searched for this term on these days.")
        related = get_related_terms(conn, tenant_id, question)
        return {
            "row": found[0],
            "filters": filters,
            "similar": [r for r in related if r.kind == "similar"],
            "following": [r for r in related if r.kind == "next"],
            "items": get_term_items(conn, tenant_id, question),
            "people": get_term_customers(conn, tenant_id, question) if _sees_people() else [],
            "sees_people": _sees_people(),
            "can_mark": current_membership().role in MARKING_ROLES,
            "now": utc_now(),
        }


def _question(filters: TableFilters) -> TermQuestion:
    return TermQuestion(
        period=filters.period,
        location_ids=allowed_locations(current_membership(), filters.location_ids),
        query=filters.query,
        status=filters.status,
        sort_field=filters.sort_field,
        sort_order=filters.sort_order,
        limit=filters.limit,
        offset=filters.offset,
    )


def _sees_people() -> bool:
    return current_membership().role in WORKING_ROLES


def _asked_term(arguments: MultiDict[str, str]) -> str:
    term = arguments.get("term")
    if term is None or "\x00" in term:
        raise NotFound("There is no such term.")
    return term.encode("utf-8", "replace").decode()


def _seen_at(form: MultiDict[str, str]) -> datetime | None:
    try:
        seen = form.get("seen_at", "")
        return parse_instant(seen) if seen else None
    except Malformed as error:
        raise Invalid("The form is not complete. Load it again.") from error


def _text(form: MultiDict[str, str], name: str) -> str:
    """A field's text without what a database cannot hold."""
    return form.get(name, "").replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, fields={field: message})
