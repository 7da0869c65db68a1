"""Notes about a customer, which belong to no task; and its history as a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text
from werkzeug.datastructures import MultiDict

from app.customers.do_not_contact import Marked
from app.customers.history_queries import Cursor, Entry, get_user_history
from app.database.engine import tenant_transaction
from app.database.tenancy import Scope
from app.dates import zone
from app.errors import Invalid
from app.http.masking import mask_id
from app.http.nonces import parse_nonce
from app.http.spreadsheet import Cell

LONGEST_NOTE = 2_000
PAGE_ENTRIES = 1_000
HEADER = (
    "at",
    "kind",
    "what",
    "branch",
    "contact_id",
    "amount",
    "currency",
    "detail",
    "key",
)


@dataclass(frozen=True)
class HistoryExport:
    """Whose history to write for whom; times are of `time_zone`, viewers see ids shortened."""

    tenant_id: UUID
    scope: Scope
    customer_key: str
    time_zone: str
    currency: str
    is_masked: bool


def add_note(
    conn: Connection, tenant_id: UUID, customer_key: str, form: MultiDict[str, str], by: str
) -> Marked:
    """Write down what a form says, once however often it is sent.

    Raises:
        Invalid: there is nothing in it, or too much.
    """
    body = form.get("note", "").replace("\r\n", "\n").strip()
    if not body or "\x00" in body or len(body) > LONGEST_NOTE:
        message = f"Write something, at most {LONGEST_NOTE:,} characters."
        raise Invalid(message, fields={"note": message})
    statement = text("""
        insert into customer_note (tenant_id, customer_key, body, created_by, nonce)
        values (:t, :key, :body, :by, :nonce)
        on conflict on constraint customer_note_nonce_key do nothing
    """)
    conn.execute(
        statement,
        {
            "t": tenant_id,
            "key": customer_key,
            "body": body,
            "by": by,
            "nonce": parse_nonce(form.get("nonce", "")),
        },
    )
    return "note", customer_key[2:]


def history_rows(export: HistoryExport) -> Iterator[list[Cell]]:
    """Every entry, newest first, page by page, each read in a transaction that has ended."""
    cursor: Cursor | None = None
    while True:
        with tenant_transaction(export.tenant_id) as conn:
            found = get_user_history(
                conn,
                export.tenant_id,
                export.scope,
                export.customer_key,
                None,
                PAGE_ENTRIES,
                cursor=cursor,
            )
        yield from (_cells(export, entry) for entry in found.entries)
        if len(found.entries) < PAGE_ENTRIES:
            return
        last = found.entries[-1]
        cursor = Cursor(last.happened_at, last.kind, last.key)


def _cells(export: HistoryExport, entry: Entry) -> list[Cell]:
    contact_id = entry.contact_id
    amount = None if entry.amount is None else round(entry.amount, 2)
    return [
        entry.happened_at.astimezone(zone(export.time_zone)),
        entry.kind,
        entry.label,
        entry.branch_id,
        mask_id(contact_id) if export.is_masked and contact_id else contact_id,
        amount,
        None if amount is None else entry.currency or export.currency,
        json.dumps(entry.detail, ensure_ascii=False, default=str),
        entry.key,
    ]
