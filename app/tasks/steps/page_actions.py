"""What people do with tasks on the pages: one step, its undo, and many tasks at once."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response, request, url_for
from loguru import logger
from werkzeug.wrappers import Response as AnyResponse

from app.database.engine import tenant_transaction
from app.errors import AppError, Conflict, Invalid, NotFound
from app.http.current import current_actor, current_membership, current_tenant_id
from app.http.web import done, render_page, require_role
from app.tasks.lists.task_page import WORKING_ROLES, find_visible_step
from app.tasks.lists.views import blueprint, find_list, list_context, read_filters, task_context
from app.tasks.steps.bulk_actions import read_clock, take_many
from app.tasks.steps.change import Action, undo
from app.tasks.steps.forms import read_asked
from app.tasks.steps.rules import find_workable, parse_step, take_step

__all__ = ["TASKS_CHANGED", "blueprint"]

TASKS_CHANGED = "tasks-changed"
_DONE = {
    "call": "Call logged.",
    "done": "Done. Thank you.",
    "snooze": "Snoozed.",
    "wake": "Back in the open tasks.",
    "assign": "Assigned.",
    "note": "Note added.",
    "reopen": "Reopened.",
}


@blueprint.post(
    "/tasks/<uuid:task_id>/<any(done, call, snooze, wake, assign, note, reopen):action>"
)
@require_role(*WORKING_ROLES)
def act(task_id: UUID, action: Action) -> AnyResponse:
    """Take one step, or say beside its form what is wrong, or who was faster."""
    try:
        history_id = _take(task_id, action)
    except (Conflict, Invalid) as error:
        return _refused(task_id, error, action)
    undoing = None if action == "note" else url_for("tasks.undo_step", history_id=history_id)
    return _changed(task_id, _DONE[action], undoing)


@blueprint.post("/tasks/steps/<uuid:history_id>/undo")
@require_role(*WORKING_ROLES)
def undo_step(history_id: UUID) -> AnyResponse:
    """Take back the member's own last step."""
    tenant_id, actor = current_tenant_id(), current_actor()
    with tenant_transaction(tenant_id) as conn:
        task_id = find_visible_step(conn, current_membership(), history_id)
    try:
        with tenant_transaction(tenant_id) as conn:
            undo(conn, tenant_id, history_id, actor)
    except Conflict as error:
        return _refused(task_id, error, "undo")
    return _changed(task_id, "Undone.", None, elsewhere=True)


@blueprint.post("/tasks/<list_name>/bulk")
@require_role(*WORKING_ROLES)
def change_many(list_name: str) -> AnyResponse:
    """Assign or snooze the chosen tasks of a list; those that changed meanwhile are left alone."""
    task_list = find_list(list_name)
    filters = replace(read_filters(task_list), cursor=None, now=None)
    try:
        message = take_many(request.form, task_list.nouns)
    except Invalid as error:
        context = list_context(task_list, filters) | {"problem": error.message}
        return render_page("tasks/list.html", "tasks/_list.html", status=422, **context)
    arguments = filters.arguments(page=filters.page if filters.page > 1 else None)
    address = url_for(task_list.endpoint, **arguments)
    context = list_context(task_list, filters)
    return done("tasks/_list.html", message, fallback=address, event=TASKS_CHANGED, **context)


def _take(task_id: UUID, action: Action) -> UUID:
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        scope, actor = current_membership().scope, current_actor()
        find_workable(conn, tenant_id, scope, task_id)
        change = parse_step(read_asked(action, request.form), read_clock())
        history_id = take_step(conn, tenant_id, scope, task_id, change, actor)
    logger.info("tasks.step.taken", action=action, outcome=change.outcome)
    return history_id


def _changed(
    task_id: UUID, message: str, undoing: str | None, *, elsewhere: bool = False
) -> AnyResponse:
    """The task as it is now. `elsewhere`: the request came from outside its fragment."""
    try:
        with tenant_transaction(current_tenant_id()) as conn:
            context = task_context(conn, task_id)
    except NotFound:  # given to a colleague, and of a branch that this member does not see
        return done(
            "tasks/_given_away.html",
            message,
            fallback=url_for("queue.queue"),
            event=TASKS_CHANGED,
            task_id=task_id,
            is_elsewhere=elsewhere,
        )
    return done(
        "tasks/_changed.html",
        message,
        fallback=url_for("tasks.task_page", task_id=task_id),
        event=TASKS_CHANGED,
        undo=undoing,
        is_elsewhere=elsewhere,
        has_focus=not elsewhere,
        **context,
    )


def _refused(task_id: UUID, error: AppError, action: str) -> Response:
    """The task as it is now, with why nothing was changed and what was typed."""
    with tenant_transaction(current_tenant_id()) as conn:
        context = task_context(conn, task_id)
    return render_page(
        "tasks/task.html",
        "tasks/_changed.html",
        status=error.status,
        problem=error.message,
        problems=error.extra.get("fields", {}),
        failed=action,
        typed=request.form,
        is_elsewhere=action == "undo",
        **context,
    )
