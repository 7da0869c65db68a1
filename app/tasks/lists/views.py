"""The five lists as pages and files, and the page of one task."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, g, request, url_for
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from app.branches import list_branches
from app.errors import Invalid, NotFound
from app.http.current import current_member, current_membership, current_tenant_id
from app.http.exports import download
from app.http.periods import preset_labels
from app.http.query_string import LIMITS
from app.http.reading import reading_transaction
from app.http.web import block, current_format, record_export, render_page, tenant_today
from app.tasks import labels as words
from app.tasks.lists import export
from app.tasks.lists.context import get_rules, list_assignees
from app.tasks.lists.filters import ListFilters, parse_list_filters
from app.tasks.lists.lists import BY_TYPE, LISTS, Asked, TaskList, read_list
from app.tasks.lists.task_page import (
    WORKING_ROLES,
    branch_names,
    member_names,
    open_task,
)
from app.tasks.masking import mask_task
from app.tasks.steps.rules import SNOOZES, find_workable

blueprint = Blueprint("tasks", __name__, url_prefix="/analytics")


@blueprint.context_processor
def task_words() -> dict[str, Any]:
    """What this feature's templates call things."""
    return {"words": words, "snoozes": SNOOZES, "customer_address": customer_address}


def customer_address(customer_key: str) -> str | None:
    """Where a customer's page is; None while the application has no such pages."""
    if "customers.customer" not in current_app.view_functions:
        return None
    return url_for("customers.customer", customer_key=customer_key)


def _add_page(task_list: TaskList) -> None:
    """Give a list its address; the one of Performance is a tab of that page."""

    @block("task_list", f"the {task_list.nouns[1]}")
    def show() -> Response:
        return _list(task_list)

    blueprint.add_url_rule(f"/tasks/{task_list.slug}", task_list.name, show)


for _each in LISTS.values():
    _add_page(_each)


@blueprint.get("/tasks/<list_name>/export.<any(csv, xlsx):kind>")
def export_list(list_name: str, kind: str) -> Response:
    """All rows of a list under its filters, as a file for a spreadsheet."""
    task_list = find_list(list_name)
    asked = _export(task_list, read_filters(task_list))
    record_export("tasks", list_name, kind)
    name = f"{task_list.slug}-{asked.question.period.start}-{asked.question.period.end}"
    return download(name, kind, export.HEADER, export.list_rows(asked))


@blueprint.get("/tasks/<uuid:task_id>")
@block("task_{task_id}", "this task")
def task_page(task_id: UUID) -> Response:
    """One task: a page of its own, or what a list's row expands to."""
    with reading_transaction(current_tenant_id()) as conn:
        context = task_context(conn, task_id)
    return render_page("tasks/task.html", "tasks/_task.html", **context)


def task_context(conn: Connection, task_id: UUID) -> dict[str, Any]:
    """What a task's templates need.

    Raises:
        NotFound: there is none that this member may see.
    """
    membership, member = current_membership(), current_member()
    task = find_workable(conn, membership.tenant.tenant_id, membership.scope, task_id)
    task_list = BY_TYPE[task.task_type]
    g.current_link = task_list.endpoint
    return open_task(conn, membership, member, task) | {"task_list": task_list}


def list_context(task_list: TaskList, filters: ListFilters) -> dict[str, Any]:
    """What a list's templates need: one page of it, and everything its filters offer.

    Raises:
        Forbidden: none of the branches asked for is the member's.
    """
    membership = current_membership()
    tenant_id = membership.tenant.tenant_id
    asked = Asked(tenant_id, filters, filters.question(membership))
    with reading_transaction(tenant_id) as conn:
        listing = read_list(conn, task_list, asked)
        around = _surroundings(conn, tenant_id)
        rules = get_rules(conn, tenant_id)
    can_act = membership.role in WORKING_ROLES
    return around | {
        "task_list": task_list,
        "about": task_list.about.format_map(rules),
        "listing": listing,
        "tasks": listing.tasks if can_act else tuple(map(mask_task, listing.tasks)),
        "filters": filters,
        "now": listing.now,
        # A viewer's addresses must not hold the names that the pages shorten.
        "is_keyed": can_act or filters.sort_field != "customer",
        "can_act": can_act,
        "presets": preset_labels(),
        "limits": LIMITS,
    }


def _surroundings(conn: Connection, tenant_id: UUID) -> dict[str, Any]:
    """The branches that can be chosen, the colleagues, and what all of them are called."""
    branches, assignees = list_branches(conn, tenant_id), list_assignees(conn, tenant_id)
    scope = current_membership().location_ids
    return {
        "choices": [b for b in branches if scope is None or b.location_id in scope],
        "branch_names": branch_names(branches),
        "assignees": assignees,
        "member_names": member_names(assignees),
    }


def find_list(name: str) -> TaskList:
    """The list of that address.

    Raises:
        NotFound: there is no such list.
    """
    if name not in LISTS:
        raise NotFound
    return LISTS[name]


def read_filters(task_list: TaskList, arguments: MultiDict[str, str] | None = None) -> ListFilters:
    """The filters of the request, or of these arguments.

    Raises:
        Invalid: the address holds something that is none.
    """
    given = request.args if arguments is None else arguments
    day = tenant_today()
    types = task_list.types if len(task_list.types) > 1 else ()
    return parse_list_filters(given, day, types, task_list.only)


def _list(task_list: TaskList) -> Response:
    problem = None
    try:
        filters = read_filters(task_list)
    except Invalid as error:
        filters, problem = read_filters(task_list, MultiDict()), error.message
    context = list_context(task_list, filters)
    status = 422 if problem else 200
    page, fragment = "tasks/list.html", "tasks/_list.html"
    return render_page(page, fragment, status=status, problem=problem, **context)


def _export(task_list: TaskList, filters: ListFilters) -> export.Export:
    membership, fmt = current_membership(), current_format()
    return export.Export(
        tenant_id=membership.tenant.tenant_id,
        task_list=task_list,
        question=filters.question(membership),
        time_zone=fmt.time_zone,
        currency=fmt.currency,
        is_masked=membership.role not in WORKING_ROLES,
    )
