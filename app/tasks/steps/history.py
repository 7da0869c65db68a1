"""The history of a task: every step anybody or a load ever took."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from app.errors import Conflict
from app.tasks.labels import ACTION_NAMES


@dataclass(frozen=True)
class Step:
    """One entry of a task's history, as people read it."""

    history_id: UUID
    task_id: UUID
    happened_at: datetime
    done_by: str
    via: str
    action: str
    from_state: str | None
    to_state: str | None
    outcome: str | None
    reason: str | None
    note: str | None
    amount: Decimal | None
    owner: str | None
    snoozed_until: datetime | None
    version: int
    undoes: UUID | None


def list_steps(conn: Connection, tenant_id: UUID, task_id: UUID) -> list[Step]:
    """The history of a task and of those joined with it, newest first."""
    statement = text("""
        select
            h.history_id, h.task_id, h.happened_at, h.done_by, h.via, h.action, h.from_state,
            h.to_state, h.outcome, h.reason, h.note, h.amount, h.owner, h.snoozed_until,
            h.version, h.undoes
        from task_history as h
        where
            h.tenant_id = :t
            and (h.task_id = :id or h.task_id in (
                select w.task_id
                from task_work as w
                where w.tenant_id = :t and w.merged_into = :id
            ))
        order by h.happened_at desc, h.history_id
    """)
    rows = conn.execute(statement, {"t": tenant_id, "id": task_id})
    return [Step(*row) for row in rows]


def find_taken(
    conn: Connection, tenant_id: UUID, task_id: UUID, nonce: UUID | None, action: str, by: str
) -> UUID | None:
    """The history_id of a step that this person's form with this nonce took, unless undone."""
    if nonce is None:
        return None
    statement = text("""
        select h.history_id
        from _standing_steps(:t) as h
        where
            h.task_id = :id and h.nonce = :nonce and h.done_by = :by and h.action = :action
    """)
    values = {"t": tenant_id, "id": task_id, "nonce": nonce, "by": by, "action": action}
    found: UUID | None = conn.execute(statement, values).scalar_one_or_none()
    return found


def list_pressed(conn: Connection, tenant_id: UUID, nonce: UUID, by: str) -> list[UUID]:
    """The history_ids of the steps that one press of this person took, those undone left out.

    Raises:
        Conflict: there are none.
    """
    statement = text("""
        select h.history_id
        from _standing_steps(:t) as h
        where h.nonce = :nonce and h.done_by = :by
        order by h.history_id
    """)
    steps = conn.execute(statement, {"t": tenant_id, "nonce": nonce, "by": by}).scalars()
    found: list[UUID] = list(steps)
    if not found:
        raise Conflict("There is nothing left to undo.")
    return found


def conflict(conn: Connection, tenant_id: UUID, task_id: UUID, version: int) -> Conflict:
    """Who changed the task since somebody opened it, when, and to what."""
    steps = [s for s in list_steps(conn, tenant_id, task_id) if s.via != "job"]
    if not steps:
        return Conflict("This task has changed since you opened it. Review it again.")
    last = steps[0]
    outcome = f" ({last.outcome.replace('_', ' ').capitalize()})" if last.outcome else ""
    return Conflict(
        f"{last.done_by} {ACTION_NAMES[last.action]}{outcome} since you opened it. "
        "Your change was not made.",
        changed_by=last.done_by,
        changed_at=last.happened_at.isoformat(),
        action=last.action,
        outcome=last.outcome,
        version=version,
    )
