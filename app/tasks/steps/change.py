"""What people do with tasks. Every step is kept, and a stale one is refused.

`task_work` says where a task stands, `task_history` how it came there; a trigger mirrors the first
on the task's own row. Nothing here is ever written by a load. The audit log names each step of a
person and repeats nothing of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, Row, text

from app import audit
from app.audit import Actor
from app.dates import after_working_days, utc_now
from app.errors import Conflict, Invalid, NotFound
from app.tasks.steps.cooldowns import cool_down, end_wait
from app.tasks.steps.history import conflict, find_taken
from app.tasks.steps.task_work import (
    add_step,
    has_followers,
    lock_work,
    read_before,
    standing_of,
    write_work,
)
from app.tenant_settings import get_tenant_settings

Action = Literal["call", "done", "snooze", "wake", "assign", "note", "start", "reopen"]
UNDO_LIMIT = timedelta(minutes=10)
_CONTACTS = ("won", "will_order_later", "no_answer")
_TAKEN_UP = ("call", "start", "wake", "reopen")


@dataclass(frozen=True)
class Change:
    """One step of a task. `version` None is for notes alone, which overwrite nothing.

    `amount` is what a customer ordered elsewhere, by phone or at the counter (`reason`
    ordered_elsewhere), in the reporting currency. `nonce` is of the form that asked for the step.
    """

    action: Action
    version: int | None = None
    outcome: str | None = None
    note: str | None = None
    reason: str | None = None
    amount: Decimal | None = None
    owner: str | None = None
    snoozed_until: datetime | None = None
    nonce: UUID | None = None


def change_task(
    conn: Connection, tenant_id: UUID, task_id: UUID, change: Change, actor: Actor
) -> UUID:
    """Take one step; answers its history_id, which an undo names. A nonce is good for one step.

    Raises:
        NotFound: this tenant has no such task.
        Conflict: somebody was faster; the message says who did what.
        Invalid: the step makes no sense; the message says what is missing.
    """
    work = lock_work(conn, tenant_id, task_id)
    taken = find_taken(conn, tenant_id, work.task_id, change.nonce, change.action, actor.email)
    if taken is not None:
        return taken
    if change.action != "note" and change.version != work.version:
        raise conflict(conn, tenant_id, work.task_id, work.version)
    after = _after(conn, tenant_id, work, change)
    is_contact = change.action == "call" or (
        change.action == "done" and change.outcome in _CONTACTS
    )
    version = work.version + (change.action != "note")
    write_work(conn, tenant_id, work.task_id, after, version, actor)
    if change.action in _TAKEN_UP:
        end_wait(conn, tenant_id, work.task_id)
    history_id = _record(conn, tenant_id, work, after, change, version, actor, is_contact)
    if is_contact:
        cool_down(conn, tenant_id, work, history_id, after)
    return history_id


def undo(conn: Connection, tenant_id: UUID, history_id: UUID, actor: Actor) -> UUID:
    """Put back what a step of the same person changed; answers the task_id.

    Raises:
        NotFound: there is no such step.
        Conflict: it was someone else's, too long ago, or something happened since.
    """
    statement = text("""
        select h.*, exists (
            select from task_history as u where u.tenant_id = :t and u.undoes = h.history_id
        ) as is_undone
        from task_history as h
        where h.tenant_id = :t and h.history_id = :id and h.before is not null
    """)
    step = conn.execute(statement, {"t": tenant_id, "id": history_id}).one_or_none()
    if step is None:
        raise NotFound("There is no such step to undo.")
    work = lock_work(conn, tenant_id, step.task_id)
    if step.done_by != actor.email or utc_now() - step.happened_at > UNDO_LIMIT:
        raise Conflict("Only your own step of the last ten minutes can be undone.")
    if step.is_undone or work.version != step.version or has_followers(conn, tenant_id, work):
        raise conflict(conn, tenant_id, work.task_id, work.version)
    before = read_before(step.before)
    write_work(conn, tenant_id, work.task_id, before, work.version + 1, actor)
    values = {"t": tenant_id, "id": history_id}
    conn.execute(text("select _end_cooldown(:t, :id)"), values)
    undone = Change("reopen")
    _record(conn, tenant_id, work, before, undone, work.version + 1, actor, False, history_id)
    return UUID(str(work.task_id))


def _after(conn: Connection, tenant_id: UUID, work: Row[Any], change: Change) -> dict[str, Any]:
    """Where the task stands after the step."""
    after = standing_of(work)
    match change.action:
        case "done":
            return after | _outcome(conn, tenant_id, work, change)
        case "snooze":
            return after | {"state": "snoozed", "snoozed_until": _future(change.snoozed_until)}
        case "assign":
            return after | {"owner": change.owner or None}
        case "call" | "start":
            return after | {"state": "in_progress", "snoozed_until": None}
        case "wake" | "reopen":
            return after | {
                "state": "open",
                "snoozed_until": None,
                "outcome": None,
                "done_at": None,
            }
    if not (change.note or "").strip():
        raise Invalid("Write something into the note.")
    return after


def _outcome(conn: Connection, tenant_id: UUID, work: Row[Any], change: Change) -> dict[str, Any]:
    """Done, or asleep until it is worth trying again."""
    if change.outcome is None:
        raise Invalid("Choose how it ended.", fields={"outcome": "Choose how it ended."})
    if change.outcome == "will_order_later":
        until = _future(change.snoozed_until)
        return {"state": "snoozed", "outcome": change.outcome, "snoozed_until": until}
    rules = conn.execute(text("select * from _task_rules(:t)"), {"t": tenant_id}).one()
    if change.outcome == "no_answer" and work.no_answers + 1 < rules.no_answers:
        zone_name = get_tenant_settings(conn, tenant_id).time_zone
        until = after_working_days(utc_now(), rules.no_answer_days, zone_name)
        return {
            "state": "snoozed",
            "outcome": "no_answer",
            "snoozed_until": until,
            "no_answers": work.no_answers + 1,
        }
    tries = work.no_answers + (change.outcome == "no_answer")
    return {
        "state": "done",
        "outcome": change.outcome,
        "snoozed_until": None,
        "done_at": utc_now(),
        "no_answers": tries,
    }


def _future(until: datetime | None) -> datetime:
    if until is None:
        raise Invalid("Choose until when.", fields={"snoozed_until": "Choose until when."})
    if until <= utc_now():
        message = "This moment has passed. Choose a later one."
        raise Invalid(message, fields={"snoozed_until": message})
    return until


def _record(
    conn: Connection,
    tenant_id: UUID,
    work: Row[Any],
    after: dict[str, Any],
    change: Change,
    version: int,
    actor: Actor,
    is_contact: bool,
    undoes: UUID | None = None,
) -> UUID:
    """Add the step to the task's history and to the audit log; answers its history_id."""
    step = {
        "by": actor.email,
        "via": actor.via,
        "action": "undo" if undoes else change.action,
        "to_state": after["state"],
        "outcome": change.outcome,
        "reason": change.reason,
        "note": (change.note or "").strip() or None,
        "amount": change.amount,
        "owner": after["owner"] if change.action == "assign" else None,
        "snoozed_until": after["snoozed_until"] if after["state"] == "snoozed" else None,
        "version": version,
        "is_contact": is_contact,
        "undoes": undoes,
        "nonce": change.nonce,
    }
    history_id = add_step(conn, tenant_id, work, step)
    action = f"task.{step['action']}"
    audit.record(conn, tenant_id, actor, action, work.task_id, history_id=history_id)
    return history_id
