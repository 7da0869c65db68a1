"""The rows behind a step: the task's work, locked and written, and what is added to its history."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from app.audit import Actor
from app.errors import NotFound

_KEPT = ("state", "outcome", "owner", "snoozed_until", "no_answers", "done_at")


def lock_work(conn: Connection, tenant_id: UUID, task_id: UUID) -> Row[Any]:
    """The work of a task, made when nobody touched it before, locked until the end."""
    values = {"t": tenant_id, "id": task_id}
    conn.execute(
        text("""
            insert into task_work (
                tenant_id, task_id, task_type, subject, first_at, order_key, last_at,
                customer_key, version, snapshot
            )
            select
                t.tenant_id, t.task_id, t.task_type, t.subject, t.first_at, t.order_key,
                t.last_at, t.customer_key, 0, '{}'
            from task as t
            where t.tenant_id = :t and t.task_id = :id
            on conflict do nothing
        """),
        values,
    )
    find = text("""
        select w.*
        from task_work as w
        where w.tenant_id = :t and w.task_id = coalesce((
            select m.merged_into from task_work as m where m.tenant_id = :t and m.task_id = :id
        ), :id)
        for update
    """)
    work = conn.execute(find, values).one_or_none()
    if work is None:
        raise NotFound("There is no such task.")
    return work


def standing_of(work: Row[Any]) -> dict[str, Any]:
    """Where the task stands: what a step may change and an undo puts back."""
    return {name: getattr(work, name) for name in _KEPT}


def write_work(
    conn: Connection,
    tenant_id: UUID,
    task_id: UUID,
    after: dict[str, Any],
    version: int,
    actor: Actor,
) -> None:
    """Let the task stand as `after` says, in this version."""
    statement = text("""
        update task_work
        set
            state = :state, outcome = :outcome, owner = :owner, snoozed_until = :snoozed_until,
            no_answers = :no_answers, done_at = :done_at, version = :version,
            touched_at = clock_timestamp(), touched_by = :by
        where tenant_id = :t and task_id = :id
    """)
    values = {"t": tenant_id, "id": task_id, "version": version, "by": actor.email}
    conn.execute(statement, values | after)


def add_step(conn: Connection, tenant_id: UUID, work: Row[Any], step: dict[str, Any]) -> UUID:
    """Add a step to the history of the task, which stood as `work` says; its history_id.

    What an undo needs is kept with it, unless it is one itself (`undoes`).
    """
    statement = text("""
        insert into task_history (
            tenant_id, task_id, done_by, via, action, from_state, to_state, outcome, reason, note,
            amount, owner, snoozed_until, version, is_contact, task_type, customer_key, undoes,
            nonce, before
        )
        values (
            :t, :id, :by, :via, :action, :from_state, :to_state, :outcome, :reason, :note,
            :amount, :owner, :snoozed_until, :version, :is_contact, :task_type, :customer_key,
            :undoes, :nonce, cast(:before as jsonb)
        )
        returning history_id
    """)
    before = None if step["undoes"] else json.dumps(standing_of(work), default=_as_text)
    values = {
        "t": tenant_id,
        "id": work.task_id,
        "from_state": work.state,
        "task_type": work.task_type,
        "customer_key": work.customer_key,
        "before": before,
    }
    return UUID(str(conn.execute(statement, values | step).scalar_one()))


def read_before(before: dict[str, Any]) -> dict[str, Any]:
    """Where the task stood before a step, from the JSON that add_step() kept."""
    moments = ("snoozed_until", "done_at")
    return before | {
        name: datetime.fromisoformat(before[name]) if before[name] else None for name in moments
    }


def has_followers(conn: Connection, tenant_id: UUID, work: Row[Any]) -> bool:
    """Whether activity after the end that a person set has already begun another task."""
    statement = text("""
        select exists (
            select
            from task as t
            where
                t.tenant_id = :t and t.task_type = :task_type and t.subject = :subject
                and t.first_at > :done_at and t.task_type <> 'purchase'
        )
    """)
    if work.done_at is None:
        return False
    values = {
        "t": tenant_id,
        "task_type": work.task_type,
        "subject": work.subject,
        "done_at": work.done_at,
    }
    return bool(conn.execute(statement, values).scalar_one())


def _as_text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
