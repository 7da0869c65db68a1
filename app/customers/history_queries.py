"""The history of a customer and of a session, event by event."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope


@dataclass(frozen=True)
class Entry:
    """One entry of a customer's history: a session, an order, a task, a step of one, or a note."""

    kind: str
    key: str
    happened_at: datetime
    branch_id: str | None
    contact_id: str | None
    label: str | None
    amount: Decimal | None
    currency: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class History:
    """One page of a customer's history, newest first, and the number of all its entries."""

    entries: tuple[Entry, ...]
    total: int


@dataclass(frozen=True)
class Cursor:
    """The entry that a page begins behind."""

    at: datetime
    kind: str
    key: str


@dataclass(frozen=True)
class Session:
    """One session, and the visitor's previous and next one."""

    session_id: str
    user_pseudo_id: str
    first_ts: datetime
    last_ts: datetime
    contact_id: str | None
    contact_name: str | None
    company_id: str | None
    company_name: str | None
    branch_id: str
    page_views: int
    item_views: int
    cart_events: int
    purchases: int
    searches: int
    failed_searches: int
    is_bounce: bool
    entry_url: str | None
    device_category: str | None
    city: str | None
    country: str | None
    traffic_source: str | None
    traffic_medium: str | None
    previous_id: str | None
    next_id: str | None

    @property
    def customer_key(self) -> str:
        """Whose session it is: the company's, else the contact's, else the device's."""
        if self.company_id:
            return f"k:{self.company_id}"
        return f"c:{self.contact_id}" if self.contact_id else f"d:{self.user_pseudo_id}"


@dataclass(frozen=True)
class Event:
    """One event of a session; `place` counts from 1, `offset_s` from the first event."""

    place: int
    event_ts: datetime
    offset_s: float
    event_name: str
    page_url: str | None
    contact_id: str | None
    label: str | None
    item_id: str | None
    amount: Decimal | None
    currency: str | None
    term: str | None
    items: Sequence[Mapping[str, Any]] | None


def get_user_history(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    customer_key: str,
    kinds: Sequence[str] | None = None,
    limit: int = 50,
    offset: int = 0,
    cursor: Cursor | None = None,
    *,
    is_back: bool = False,
) -> History:
    """The page behind (before) `cursor`, or from `offset`. `customer_key` may be a contact's id.

    Source: sql/functions/customers/get_user_history.sql
    """
    statement = text("""
        select * from get_user_history(
            :t, cast(:scope as member_scope), :key, :kinds, :limit, :offset,
            cast(:after as jsonb), :is_back
        )
    """)
    after = None
    if cursor is not None:
        after = json.dumps({"at": cursor.at.isoformat(), "kind": cursor.kind, "key": cursor.key})
    values = _arguments(tenant_id, scope) | {
        "key": customer_key,
        "kinds": list(kinds) if kinds else None,
        "limit": limit,
        "offset": offset,
        "after": after,
        "is_back": is_back,
    }
    rows = conn.execute(statement, values).all()
    return History(tuple(Entry(*row[:-1]) for row in rows), rows[0].total if rows else 0)


def find_session(
    conn: Connection, tenant_id: UUID, scope: Scope, session_id: str
) -> Session | None:
    """None when there is none that the scope shows.

    Source: sql/functions/customers/get_session.sql
    """
    statement = text("select * from get_session(:t, cast(:scope as member_scope), :id)")
    values = _arguments(tenant_id, scope) | {"id": session_id}
    row = conn.execute(statement, values).one_or_none()
    return None if row is None else Session(*row)


def get_session_history(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    session_id: str,
    limit: int = 200,
    after: int = 0,
    *,
    is_back: bool = False,
) -> tuple[list[Event], int]:
    """Events behind (before) that place in order, and the number of all of the session.

    Source: sql/functions/customers/get_session_history.sql
    """
    statement = text("""
        select * from get_session_history(
            :t, cast(:scope as member_scope), :id, :limit, :after, :is_back
        )
    """)
    values = _arguments(tenant_id, scope) | {
        "id": session_id,
        "limit": limit,
        "after": after,
        "is_back": is_back,
    }
    rows = conn.execute(statement, values).all()
    return [Event(*row[:-1]) for row in rows], rows[0].total if rows else 0


def _arguments(tenant_id: UUID, scope: Scope) -> dict[str, Any]:
    return {"t": tenant_id, "scope": scope.literal}
