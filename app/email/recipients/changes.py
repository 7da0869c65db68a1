"""Adding, changing and deleting recipients: the same for the page and the API, and audited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from sqlalchemy import Connection

from app import audit
from app.audit import Actor
from app.database.tenancy import Scope
from app.email.recipients import queries as stored
from app.email.recipients.csv_import import JudgedRow, apply_rows
from app.email.recipients.queries import RecipientEntry
from app.email.recipients.rules import CONFIRM_FIELD, check_entry, judge_entries
from app.errors import Invalid


def add(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    actor: Actor,
    entry: RecipientEntry,
    *,
    is_confirmed: bool,
) -> UUID:
    """Add a recipient and return its id. `is_confirmed`: the address may be an outsider's.

    Raises:
        Invalid: this member may not make that address a recipient of that branch.
        Conflict: the address already gets this branch's report.
    """
    is_outside = check_entry(conn, tenant_id, scope, entry, is_confirmed=is_confirmed)
    mapping_id = stored.add_recipient(conn, tenant_id, entry)
    _record(conn, tenant_id, actor, "email.recipient_added", entry, is_outside=is_outside)
    return mapping_id


def change(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    actor: Actor,
    mapping_id: UUID,
    entry: RecipientEntry,
    *,
    is_confirmed: bool,
) -> None:
    """Change a recipient.

    Raises:
        NotFound: there is no such recipient in this scope.
        Invalid: as add().
        Conflict: as add().
    """
    found = stored.get_recipient(conn, tenant_id, scope, mapping_id)
    old = RecipientEntry(found.branch_id, found.email, found.name, found.is_enabled)
    is_outside = check_entry(conn, tenant_id, scope, entry, is_confirmed=is_confirmed, old=old)
    stored.change_recipient(conn, tenant_id, scope, mapping_id, entry)
    _record(conn, tenant_id, actor, "email.recipient_changed", entry, is_outside=is_outside)


def delete(
    conn: Connection, tenant_id: UUID, scope: Scope, actor: Actor, mapping_id: UUID
) -> RecipientEntry | None:
    """Delete a recipient in scope and return it; None when it is gone."""
    old = stored.delete_recipient(conn, tenant_id, scope, mapping_id)
    if old is not None:
        _record(conn, tenant_id, actor, "email.recipient_deleted", old)
    return old


def judge_rows(
    conn: Connection, tenant_id: UUID, scope: Scope, rows: Sequence[JudgedRow]
) -> list[JudgedRow]:
    """The rows of a file with what this member may not do as errors, and outsiders marked."""
    entries = [row.entry for row in rows if row.entry]
    verdicts = iter(judge_entries(conn, tenant_id, scope, entries))
    judged = []
    for row in rows:
        if row.entry is None:
            judged.append(row)
            continue
        verdict = next(verdicts)
        if verdict.problems:
            problem = " ".join(verdict.problems.values())
            judged.append(JudgedRow(row.number, row.cells, "error", problem))
        else:
            is_outside = verdict.is_outside and row.verdict == "new"
            judged.append(replace(row, is_outside=is_outside))
    return judged


def import_rows(
    conn: Connection,
    tenant_id: UUID,
    actor: Actor,
    rows: Sequence[JudgedRow],
    *,
    is_confirmed: bool,
) -> int:
    """Store new and changed rows that judge_rows() let through; returns how many.

    Raises:
        Invalid: a row is wrong, or an outside address is not confirmed; then nothing is stored.
    """
    outside = [row.entry.email for row in rows if row.entry and row.is_outside]
    if outside and not is_confirmed:
        message = "Nothing was imported: confirm the addresses outside your company first."
        raise Invalid(message, fields={CONFIRM_FIELD: message})
    count = apply_rows(conn, tenant_id, rows)
    audit.record(
        conn,
        tenant_id,
        actor,
        "email.recipients_imported",
        rows=len(rows),
        changed=count,
        outside=outside,
    )
    return count


def _record(
    conn: Connection,
    tenant_id: UUID,
    actor: Actor,
    action: str,
    entry: RecipientEntry,
    **more: object,
) -> None:
    audit.record(
        conn,
        tenant_id,
        actor,
        action,
        entry.branch_id,
        email=entry.email,
        is_enabled=entry.is_enabled,
        **more,
    )
