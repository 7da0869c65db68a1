"""The pause after a contact, in which a customer gets no new task of the same type."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text


def cool_down(
    conn: Connection, tenant_id: UUID, work: Row[Any], history_id: UUID, after: dict[str, Any]
) -> None:
    """Leave the customer alone with new tasks of this type for a while."""
    statement = text("""
        insert into task_cooldown (
            tenant_id, history_id, task_id, task_type, begins_at, ends_at
        )
        select
            :t, :id, :task_id, :task_type, now(),
            case
                when :is_no_answer then cast(:until as timestamptz)
                else now() + make_interval(days => r.cool_days)
            end
        from _task_rules(:t) as r
    """)
    is_no_answer = after["outcome"] == "no_answer" and after["state"] == "snoozed"
    values = {
        "t": tenant_id,
        "id": history_id,
        "task_id": work.task_id,
        "task_type": work.task_type,
        "is_no_answer": is_no_answer,
        "until": after["snoozed_until"],
    }
    conn.execute(statement, values)


def end_wait(conn: Connection, tenant_id: UUID, task_id: UUID) -> None:
    """A task that somebody takes up no longer waits because its customer was spoken to."""
    statement = text("""
        update task set cool_until = null
        where tenant_id = :t and task_id = :id and cool_until is not null
    """)
    conn.execute(statement, {"t": tenant_id, "id": task_id})
