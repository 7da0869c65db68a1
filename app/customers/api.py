"""Histories as JSON: one session's events, one customer's sessions, orders, tasks and steps."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from flask import Blueprint, request, url_for
from pydantic import Field

from app.customers import queries
from app.customers.history_queries import (
    Cursor,
    Entry,
    find_session,
    get_session_history,
    get_user_history,
)
from app.dates import parse_instant
from app.errors import Invalid, Malformed, NotFound
from app.http.api import Model, Money, PageOf, PageQuery, documented, filled
from app.http.current import current_membership, current_scope
from app.http.masking import mask_id
from app.http.reading import reading_transaction
from app.tenant_settings import get_tenant_settings

blueprint = Blueprint("customers_api", __name__, url_prefix="/analytics/api/v1/history")

Kind = Literal["session", "order", "task", "step", "note"]


class SessionHistoryQuery(PageQuery):
    """Which events of a session: a page, or those behind the event of that number."""

    after: int | None = Field(default=None, ge=0, le=1_000_000)


class UserHistoryQuery(PageQuery):
    """Which entries, newest first: a page, or those behind a cursor (take it from `next`)."""

    kind: list[Kind] = Field(default=[], max_length=5)
    cursor: str | None = Field(default=None, max_length=2_000)


class SessionEvent(Model):
    """One event. `offset_s` counts from the session's first event.

    `items` are those of a cart event, an order or a viewed item, as exported.
    """

    place: int
    event_ts: datetime
    offset_s: float
    event_name: str
    page_url: str | None
    contact_id: str | None
    label: str | None
    item_id: str | None
    amount: Money | None
    currency: str | None
    term: str | None
    items: list[dict[str, Any]] | None


class HistoryEntry(Model):
    """A session (`key` its id), an order (its key), a task (its id), a step of one, or a note.

    `amount` is what an order came to less refunds, or the value of a task.
    """

    kind: Kind
    key: str
    happened_at: datetime
    location_id: str | None
    contact_id: str | None
    label: str | None
    amount: Money | None
    currency: str | None
    detail: dict[str, Any]


@blueprint.get("/session/<key:session_id>")
@documented(PageOf[SessionEvent], tag="analytics")
def session_history(session_id: str, query: SessionHistoryQuery) -> PageOf[SessionEvent]:
    """The events of one session, in order."""
    membership = current_membership()
    tenant_id, scope = membership.tenant.tenant_id, current_scope()
    start = (query.page - 1) * query.limit if query.after is None else query.after
    with reading_transaction(tenant_id) as conn:
        if find_session(conn, tenant_id, scope, session_id) is None:
            raise NotFound("There is no such session.")
        events, total = get_session_history(conn, tenant_id, scope, session_id, query.limit, start)
        currency = get_tenant_settings(conn, tenant_id).reporting_currency
    rows = [
        filled(
            SessionEvent,
            event,
            items=_objects(event.items),
            contact_id=_shown_id(event.contact_id),
            currency=None if event.amount is None else event.currency or currency,
        )
        for event in events
    ]
    has_more = bool(events) and events[-1].place < total
    following = {"after": str(events[-1].place)} if has_more else {}
    return _page(rows, total, query, following)


@blueprint.get("/user/<key:user_id>")
@documented(PageOf[HistoryEntry], tag="analytics")
def user_history(user_id: str, query: UserHistoryQuery) -> PageOf[HistoryEntry]:
    """What one customer did, newest first: `k:` and a company, `c:` and a contact, or its id."""
    membership = current_membership()
    tenant_id, scope = membership.tenant.tenant_id, current_scope()
    key = user_id if user_id[:2] in ("k:", "c:", "d:") else f"c:{user_id}"
    cursor = _read_cursor(query.cursor)
    offset = 0 if cursor else (query.page - 1) * query.limit
    with reading_transaction(tenant_id) as conn:
        if queries.find_customer(conn, tenant_id, scope, key) is None:
            raise NotFound("There is no such customer.")
        history = get_user_history(
            conn, tenant_id, scope, key, query.kind, query.limit + 1, offset, cursor
        )
        currency = get_tenant_settings(conn, tenant_id).reporting_currency
    entries = history.entries[: query.limit]
    rows = [_entry(entry, currency) for entry in entries]
    has_more = len(history.entries) > query.limit
    following = {"cursor": _write_cursor(entries[-1])} if has_more else {}
    return _page(rows, history.total, query, following)


def _entry(entry: Entry, currency: str) -> HistoryEntry:
    return filled(
        HistoryEntry,
        entry,
        location_id=entry.branch_id or None,
        contact_id=_shown_id(entry.contact_id),
        currency=None if entry.amount is None else entry.currency or currency,
    )


def _shown_id(contact_id: str | None) -> str | None:
    """Viewers see an id that is an address shortened, as on pages."""
    return mask_id(contact_id) if current_scope().is_masked else contact_id


def _page(
    rows: list[Any], total: int, query: PageQuery, following: Mapping[str, str]
) -> PageOf[Any]:
    """The envelope; `next` leads behind the last row, whatever is loaded meanwhile."""
    arguments = request.args.to_dict(flat=False)
    arguments.pop("page", None)
    address = None
    if following:
        values: dict[str, Any] = {**arguments, "limit": query.limit, **following}
        address = url_for(request.endpoint or "", **(request.view_args or {}), **values)
    return PageOf(
        data=rows,
        total=total,
        page=query.page,
        limit=query.limit,
        has_more=bool(following),
        next=address,
    )


def _write_cursor(entry: Entry) -> str:
    place = [entry.happened_at.isoformat(), entry.kind, entry.key]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read_cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    try:
        at, kind, key = json.loads(base64.urlsafe_b64decode(text.encode()))
        instant = parse_instant(at)
        if not (str(kind) + str(key)).isprintable():
            raise ValueError(at)
    except (ValueError, TypeError, RecursionError, Malformed) as error:
        raise Invalid("cursor: take it from `next` unchanged.") from error
    return Cursor(instant, str(kind), str(key))


def _objects(items: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]] | None:
    if items is None:
        return None
    return [dict(item) for item in items if isinstance(item, Mapping)]
