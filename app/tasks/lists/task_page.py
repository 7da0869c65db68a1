"""One task opened: what it is about, its history, and what may be done with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from app.branches import Branch, list_branches
from app.database.tenancy import Member, Membership, Scope
from app.dates import utc_now
from app.errors import NotFound
from app.tasks.contacts import Contact, list_contacts
from app.tasks.lists.context import (
    Assignee,
    find_cool_down,
    find_order_visit,
    find_step_task,
    get_rules,
    list_assignees,
    list_earlier_orders,
    list_order_lines,
    read_lines,
)
from app.tasks.masking import mask_contact, mask_task
from app.tasks.queries import Task, find_task
from app.tasks.queue.queries import get_scale
from app.tasks.score import Part, score_parts
from app.tasks.steps.change import UNDO_LIMIT
from app.tasks.steps.history import Step, list_steps

WORKING_ROLES = ("rep", "manager", "admin")
_OPEN = ("call", "done", "snooze", "assign", "note")
_ACTIONS = {
    "open": _OPEN,
    "in_progress": _OPEN,
    "snoozed": ("wake", *_OPEN),
    "done": ("reopen", "note"),
    "expired": ("reopen", "note"),
    "closed": ("note",),
}
_NEVER_UNDONE = ("note", "undo")


def find_visible_step(conn: Connection, membership: Membership, history_id: UUID) -> UUID:
    """The task that a step was taken on, when the member may see it.

    Raises:
        NotFound: there is no such step, or it is not for this member to see.
    """
    tenant_id = membership.tenant.tenant_id
    task_id = find_step_task(conn, tenant_id, history_id)
    task = None if task_id is None else find_task(conn, tenant_id, membership.scope, task_id)
    if task is None:
        raise NotFound("There is no such step to undo.")
    return task.task_id


def open_task(
    conn: Connection, membership: Membership, member: Member, task: Task
) -> dict[str, Any]:
    """What the task's page and the expanded row of a list show of it."""
    tenant_id = membership.tenant.tenant_id
    steps = list_steps(conn, tenant_id, task.task_id)
    people = _people(conn, tenant_id, membership.scope, task)
    assignees = list_assignees(conn, tenant_id)
    can_act = membership.role in WORKING_ROLES
    cooling_until = find_cool_down(conn, tenant_id, task.task_id)
    return {
        "task": task if can_act else mask_task(task),
        "steps": steps,
        "undoable": _undoable(steps, task, member) if can_act else None,
        "actions": _actions(task, cooling_until) if can_act else (),
        "cooling_until": cooling_until if task.state == "snoozed" else None,
        "can_act": can_act,
        "branch_names": branch_names(list_branches(conn, tenant_id)),
        "assignees": assignees,
        "rules": get_rules(conn, tenant_id),
        "member_names": member_names(assignees),
        "parts": _score_parts(conn, tenant_id, task),
        "now": utc_now(),
        "people": people if can_act else list(map(mask_contact, people)),
        **_contents(conn, membership, task),
    }


def _actions(task: Task, cooling_until: datetime | None) -> tuple[str, ...]:
    """What can be done; no press ends the pause after a contact."""
    return _OPEN if cooling_until and task.state == "snoozed" else _ACTIONS[task.state]


def branch_names(branches: list[Branch]) -> dict[str, str]:
    """What each branch is called, by its id."""
    return {branch.location_id: branch.name for branch in branches}


def member_names(assignees: list[Assignee]) -> dict[str, str]:
    """What each colleague is called, by address; the address where no name is known."""
    return {person.email: person.name or person.email for person in assignees}


def _people(conn: Connection, tenant_id: UUID, scope: Scope, task: Task) -> list[Contact]:
    """Whom to talk to: the task's contact, or those of its company when it knows no other."""
    if task.contact_id or not task.company_id:
        name, email, phone = task.contact_name, task.contact_email, task.contact_phone
        return [Contact(task.contact_id or "", name, email, phone)]
    found = list_contacts(conn, tenant_id, scope, [task.company_id])
    return found.get(task.company_id, [])


def _score_parts(conn: Connection, tenant_id: UUID, task: Task) -> tuple[Part, ...]:
    scale = get_scale(conn, tenant_id)
    is_reporting = task.currency in ("", scale.currency)
    return score_parts(task, scale.value_p90, utc_now(), is_reporting=is_reporting)


def _contents(conn: Connection, membership: Membership, task: Task) -> dict[str, Any]:
    tenant_id, scope = membership.tenant.tenant_id, membership.scope
    lines = read_lines(task.detail.get("lines") or ())
    earlier, visit = [], None
    if task.task_type == "purchase":
        lines = list_order_lines(conn, tenant_id, scope, task)
        earlier = list_earlier_orders(conn, tenant_id, scope, task)
        visit = find_order_visit(conn, tenant_id, scope, task.order_key)
    return {
        "lines": lines,
        "earlier": earlier,
        "visit": visit,
        "terms": task.detail.get("terms") or (),
        "items": task.detail.get("items") or (),
    }


def _undoable(steps: list[Step], task: Task, member: Member) -> UUID | None:
    """The step this member can still take back: the last one, if it is fresh and their own."""
    undone = {step.undoes for step in steps}
    for step in steps:
        if step.version == task.version and step.action not in _NEVER_UNDONE:
            is_fresh = utc_now() - step.happened_at < UNDO_LIMIT
            is_own = step.done_by == member.email and step.history_id not in undone
            return step.history_id if is_fresh and is_own else None
    return None
