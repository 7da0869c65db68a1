"""Customers: who they are, what they did, and the sessions it happened in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from app.branches import branch_label, get_branch_names
from app.customers import do_not_contact as marks
from app.customers import exclusions, notes, queries, timeline
from app.customers.history_queries import (
    Cursor,
    Entry,
    find_session,
    get_session_history,
    get_user_history,
)
from app.customers.queries import Customer
from app.database.engine import tenant_transaction
from app.dates import parse_instant, utc_now
from app.errors import Invalid, NotFound
from app.http.current import (
    current_membership,
    current_scope,
    current_tenant_id,
)
from app.http.exports import download
from app.http.masking import mask_id, mask_name
from app.http.paging import Page
from app.http.query_string import choice, parse_query
from app.http.reading import reading_transaction
from app.http.web import (
    block,
    current_format,
    page_arguments,
    record_export,
    render_page,
)
from app.tasks.types import TYPE_LABELS

blueprint = Blueprint("customers", __name__, url_prefix="/analytics")

TIMELINE_ENTRIES = 40
SESSION_EVENTS = 200
MOST_EVENTS = 5_000


@blueprint.get("/customers")
@block("customers", "the customers")
def customers() -> Response:
    """Everybody who is known by a company or a name, a page of them."""
    query = parse_query(request.args)
    sort_field = choice(request.args, "sort_field", queries.SORT_FIELDS, "revenue")
    number, limit = page_arguments()
    with reading_transaction(current_tenant_id()) as conn:
        rows, total = queries.list_customers(
            conn,
            current_tenant_id(),
            current_scope(),
            query,
            sort_field,
            limit,
            (number - 1) * limit,
        )
    return render_page(
        "customers/index.html",
        "customers/_customers.html",
        query=query,
        sort_field=sort_field,
        sorts=queries.SORT_FIELDS,
        is_read_only=_is_read_only(),
        can_mark=_can_mark(),
        listed=Page(rows, total, number, limit),
    )


@blueprint.get("/customers/<key:customer_key>")
def customer(customer_key: str) -> Response:
    """One customer: figures, people, products, identity, and the newest of the timeline."""
    with reading_transaction(current_tenant_id()) as conn:
        context = customer_page(conn, customer_key)
    return render_page("customers/customer.html", "customers/_customer.html", **context)


@blueprint.get("/customers/<key:customer_key>/timeline")
@block("timeline", "the timeline")
def customer_timeline(customer_key: str) -> Response:
    """A page of the timeline: behind, or before, an entry."""
    with reading_transaction(current_tenant_id()) as conn:
        found = find_or_404(conn, customer_key)
        context = _timeline(conn, customer_key)
        context["branch_names"] = get_branch_names(conn, current_tenant_id())
    return render_page(
        "customers/timeline.html",
        "customers/_timeline.html",
        customer=found,
        label=_label(found),
        **context,
    )


@blueprint.get("/customers/<key:customer_key>/export.<any(csv, xlsx):kind>")
def export_history(customer_key: str, kind: str) -> Response:
    """A customer's whole history as a file for a spreadsheet."""
    with tenant_transaction(current_tenant_id()) as conn:
        found = find_or_404(conn, customer_key)
    record_export("customer", mask_id(found.customer_key[2:]) or "", kind)
    fmt = current_format()
    asked = notes.HistoryExport(
        current_tenant_id(),
        current_scope(),
        found.customer_key,
        fmt.time_zone,
        fmt.currency,
        _is_read_only(),
    )
    return download("customer-history", kind, notes.HEADER, notes.history_rows(asked))


@blueprint.get("/sessions/<key:session_id>")
@block("session", "the session")
def session(session_id: str) -> Response:
    """One session, event by event."""
    after = min(max(request.args.get("after", 0, type=int), 0), MOST_EVENTS)
    with reading_transaction(current_tenant_id()) as conn:
        found = find_session(conn, current_tenant_id(), current_scope(), session_id)
        if found is None:
            raise NotFound
        events, total = get_session_history(
            conn, current_tenant_id(), current_scope(), session_id, after + SESSION_EVENTS
        )
        names = get_branch_names(conn, current_tenant_id())
    steps = timeline.tell(events)
    return render_page(
        "customers/session.html",
        "customers/_session.html",
        session=found,
        total=total,
        steps=steps[after:],
        after=after,
        has_more=len(steps) < total,
        branch_names=names,
        branch_label=branch_label,
        is_read_only=_is_read_only(),
        page_size=SESSION_EVENTS,
    )


def customer_page(conn: Connection, customer_key: str) -> dict[str, Any]:
    tenant_id, scope = current_tenant_id(), current_scope()
    found = find_or_404(conn, customer_key)
    people = queries.list_people(conn, tenant_id, scope, customer_key)
    domains = exclusions.email_domains(people)
    products = queries.list_products(conn, tenant_id, scope, customer_key)
    return _timeline(conn, customer_key) | {
        "customer": found,
        "label": _label(found),
        "is_due": found.is_due(utc_now()),
        "people": people,
        "domains": domains,
        "devices": queries.list_devices(conn, tenant_id, scope, customer_key),
        "products": {
            kind: [product for product in products if product.kind == kind]
            for kind in ("bought", "viewed", "not_found")
        },
        "do_not_contact": marks.list_do_not_contact(conn, tenant_id, found),
        "exclusions": exclusions.list_exclusions_of(conn, tenant_id, found, domains),
        "can_note": not _is_read_only() and found.is_whole,
        "typed": request.form,
        "leave_figures": exclusions.leave_figures(conn, tenant_id),
        "branch_names": get_branch_names(conn, tenant_id),
        "scope": scope,
    }


def _timeline(conn: Connection, customer_key: str) -> dict[str, Any]:
    show = choice(request.args, "show", timeline.KINDS, "all")
    cursor, is_back = _cursor()
    history = get_user_history(
        conn,
        current_tenant_id(),
        current_scope(),
        customer_key,
        timeline.KINDS[show][1],
        TIMELINE_ENTRIES + 1,
        cursor=cursor,
        is_back=is_back,
    )
    entries = list(history.entries)
    has_more = len(entries) > TIMELINE_ENTRIES
    if has_more:
        entries = entries[1:] if is_back else entries[:TIMELINE_ENTRIES]
    return {
        "type_labels": TYPE_LABELS,
        "days": timeline.group_by_day(entries, current_format().time_zone),
        "total": history.total,
        "older": _place(entries[-1]) if entries and (has_more or is_back) else None,
        "newer": _place(entries[0]) if entries and cursor and (has_more or not is_back) else None,
        "show": show,
        "kinds": {name: words for name, (words, _) in timeline.KINDS.items()},
        "branch_label": branch_label,
        "is_read_only": _is_read_only(),
        "can_mark": _can_mark(),
        "is_first": cursor is None,
    }


def _place(entry: Entry) -> dict[str, str]:
    return {"at": entry.happened_at.isoformat(), "kind": entry.kind, "key": entry.key}


def _cursor() -> tuple[Cursor | None, bool]:
    """The entry that the page begins behind, and whether it is wanted before it instead."""
    at, kind, key = (request.args.get(name, "") for name in ("at", "kind", "key"))
    if not at:
        return None, False
    instant = parse_instant(at)
    if not (kind + key).isprintable():
        raise Invalid("The address does not say where the page begins.")
    return Cursor(instant, kind, key), request.args.get("back") == "1"


def find_or_404(conn: Connection, customer_key: str) -> Customer:
    found = queries.find_customer(conn, current_tenant_id(), current_scope(), customer_key)
    if found is None:
        raise NotFound
    return found


def _label(found: Customer) -> str:
    """What to call it; viewers see a person's initials alone."""
    is_person = found.customer_key.startswith("c:") and found.customer_name
    return mask_name(found.label) or "" if _is_read_only() and is_person else found.label


def _is_read_only() -> bool:
    return current_membership().role == "viewer"


def _can_mark() -> bool:
    return current_membership().role in ("manager", "admin")
