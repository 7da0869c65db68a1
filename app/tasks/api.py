"""Tasks as JSON: the lists, and changing one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from app.database.engine import tenant_transaction
from app.database.tenancy import allowed_locations
from app.errors import Invalid
from app.http.api import (
    Model,
    Money,
    PageOf,
    PageQuery,
    PeriodQuery,
    api_roles,
    api_scope,
    documented,
    page_of,
)
from app.http.current import current_actor, current_membership, require_membership_role
from app.http.keys import shown_key
from app.http.reading import reading_transaction
from app.tasks import queries
from app.tasks.contacts import Contact, list_contacts
from app.tasks.lists.lists import LISTS, TaskList
from app.tasks.owners import ANYONE, holders_of
from app.tasks.queries import Place, Task, TaskFilters
from app.tasks.steps.bulk_actions import read_clock
from app.tasks.steps.change import Action
from app.tasks.steps.rules import Asked, find_workable, parse_step, take_step
from app.tenant_settings import get_tenant_settings

blueprint = Blueprint("tasks_api", __name__, url_prefix="/analytics/api/v1")

State = Literal["open", "in_progress", "snoozed", "done", "closed", "expired"]
Outcome = Literal["won", "will_order_later", "no_answer", "not_interested", "not_relevant"]
_ACTIONS: dict[State, Action] = {
    "open": "reopen",
    "in_progress": "start",
    "snoozed": "snooze",
    "done": "done",
}


class TasksQuery(PeriodQuery, PageQuery):
    """Days of the last evidence, branches, words, states, owner, order and page.

    `owner` is an address, `me`, `any` or `-` for customers without an owner.
    """

    query: str = Field(default="", max_length=200)
    state: list[State] = Field(default=[], max_length=6)
    type: list[Literal["no_results", "no_conversion"]] = Field(default=[], max_length=2)
    owner: str = Field(default=ANYONE, max_length=254)
    reachable: bool = False
    least_value: Decimal | None = Field(default=None, ge=0)
    sort_field: Literal["score", "value", "last_at", "customer", "branch"] = "score"
    sort_order: Literal["asc", "desc"] = "desc"


class CustomerRow(Model):
    """Who a task is about: a company, else a contact, else a device."""

    key: str
    name: str | None
    company_id: str | None


class ContactRow(Model):
    """Someone to talk to."""

    contact_id: str
    name: str | None
    email: str | None
    phone: str | None


class TaskRow(Model):
    """One task. `value` is null where it cannot be computed; `currency` is its ISO code."""

    task_id: UUID
    type: str
    state: State
    outcome: Outcome | None
    version: int
    score: float
    value: Money | None
    currency: str
    is_estimate: bool
    is_value_incomplete: bool
    is_flagged: bool
    first_evidence_at: datetime
    last_evidence_at: datetime
    closed_at: datetime | None
    closed_reason: str | None
    snoozed_until: datetime | None
    location_id: str | None
    customer: CustomerRow
    contacts: list[ContactRow]
    owner: str | None
    detail: dict[str, Any]


class TaskChange(BaseModel):
    """What to change. `version` is the one that was read; a note alone needs none.

    A note has at most 2,000 characters. `snoozed_until` is an instant with its zone, on a day after
    today and within a year. `owner` is the address of someone who works here, or null for nobody.
    `amount` is what was won and ordered elsewhere. The same `nonce` twice takes one step.
    """

    state: Literal["open", "in_progress", "snoozed", "done"] | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    amount: Decimal | None = None
    note: str | None = None
    snoozed_until: datetime | None = None
    owner: str | None = None
    version: int | None = Field(default=None, ge=0, le=999_999_999)
    nonce: UUID | None = None


def _add_list(task_list: TaskList) -> None:
    """Give a list's rows their address."""

    def rows(query: TasksQuery) -> PageOf[TaskRow]:
        return _page(query, task_list)

    rows.__name__, rows.__doc__ = task_list.name, task_list.title
    blueprint.get(f"/tasks/{task_list.slug}")(documented(PageOf[TaskRow], tag="analytics")(rows))


# Performance has JSON of its own, in app/tasks/performance/api.py.
for _each in LISTS.values():
    if _each.slug != "performance":
        _add_list(_each)


@blueprint.patch("/tasks/<uuid:task_id>")
@api_scope("work")
@api_roles("admin", "manager", "rep")
@documented(TaskRow, tag="analytics")
def patch_task(task_id: UUID, json: TaskChange) -> TaskRow:
    """Change one task; 409 says who changed it since it was read."""
    require_membership_role("admin", "manager", "rep")
    membership, actor = current_membership(), current_actor()
    tenant_id, scope = membership.tenant.tenant_id, membership.scope
    with tenant_transaction(tenant_id) as conn:
        found = find_workable(conn, tenant_id, scope, task_id)
        steps = [parse_step(asked, read_clock()) for asked in steps_of(json)]
        version = json.version
        for step in steps:
            take_step(conn, tenant_id, scope, task_id, replace(step, version=version), actor)
            version = None if version is None else version + (step.action != "note")
        # Who gave it away may no longer see it: what it was, with its new owner.
        owner = next((step.owner for step in steps if step.action == "assign"), found.owner)
        given = replace(found, owner=owner, version=version or found.version)
        task = queries.find_task(conn, tenant_id, scope, task_id) or given
        return task_rows(conn, tenant_id, [task])[0]


def steps_of(body: TaskChange) -> list[Asked]:
    """The steps a body asks for: whose it is first, then where it stands, with the note.

    Raises:
        Invalid: it asks for nothing, or a step without the version it was read in.
    """
    state = body.state or ("done" if body.outcome else None)
    actions: list[Action] = ["assign"] if "owner" in body.model_fields_set else []
    if state is not None:
        actions.append(_ACTIONS[state])
    elif body.note is not None:
        actions.append("note")
    if not actions:
        raise Invalid("Nothing to change: give state, outcome, owner or note.")
    if body.version is None and actions != ["note"]:
        raise Invalid("Give the version of the task that you read.", fields={"version": "missing"})
    return [_asked(action, body) for action in actions]


def _asked(action: Action, body: TaskChange) -> Asked:
    is_assigned = action == "assign"
    return Asked(
        action,
        version=str(body.version),
        outcome=body.outcome or "",
        reason=body.reason or "",
        note="" if is_assigned else body.note or "",
        amount="" if body.amount is None else str(body.amount),
        owner=(body.owner or "") if is_assigned else None,
        until=body.snoozed_until or "",
        nonce="" if body.nonce is None else str(body.nonce),
    )


def _page(query: TasksQuery, task_list: TaskList) -> PageOf[TaskRow]:
    types = [name for name in query.type if name in task_list.types] or task_list.types
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    with reading_transaction(tenant_id) as conn:
        filters = TaskFilters(
            period=query.period(get_tenant_settings(conn, tenant_id).time_zone),
            scope=membership.scope,
            location_ids=allowed_locations(membership, query.location_id),
            query=query.query,
            states=tuple(query.state),
            types=tuple(types),
            reachable=query.reachable,
            least_value=query.least_value,
            holders=holders_of(query.owner, membership),
            sort_field=query.sort_field,
            sort_order=query.sort_order,
        )
        place = Place(query.limit, (query.page - 1) * query.limit)
        rows = task_rows(conn, tenant_id, task_list.read(conn, tenant_id, filters, place))
        counts = queries.count_tasks(conn, tenant_id, types, filters)
    total = sum(c.tasks for c in counts if not query.state or c.state in query.state)
    return page_of(rows, total, query)


def task_rows(conn: Connection, tenant_id: UUID, tasks: Sequence[Task]) -> list[TaskRow]:
    """Tasks as the API answers them; a company alone lists its contacts, viewers see none."""
    currency = get_tenant_settings(conn, tenant_id).reporting_currency
    companies = {t.company_id for t in tasks if t.company_id and not t.contact_id}
    people = list_contacts(conn, tenant_id, current_membership().scope, sorted(companies))
    return [_row(task, people.get(task.company_id or "", []), currency) for task in tasks]


def _row(task: Task, people: Sequence[Contact], currency: str) -> TaskRow:
    if task.contact_id is not None:
        people = [
            Contact(task.contact_id, task.contact_name, task.contact_email, task.contact_phone)
        ]
    if current_membership().role == "viewer":
        people = []
    same = {name: getattr(task, name) for name in TaskRow.model_fields if hasattr(task, name)}
    named = current_membership().role != "viewer" or task.company_id is not None
    return TaskRow(
        **same
        | {
            "type": task.task_type,
            "currency": task.currency or currency,
            "first_evidence_at": task.first_at,
            "last_evidence_at": task.last_at,
            "location_id": task.branch_id or None,
            "customer": CustomerRow(
                key=shown_key(task.customer_key),
                name=task.customer_name if named else None,
                company_id=task.company_id,
            ),
            "contacts": [ContactRow(**vars(contact)) for contact in people],
            "detail": dict(task.detail),
        }
    )
