"""My queue: one card a customer, its reasons inside, and what people do with it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.database.engine import tenant_transaction
from app.errors import AppError, Conflict, Invalid
from app.http.current import (
    current_actor,
    current_member,
    current_membership,
    current_scope,
    current_tenant_id,
)
from app.http.reading import reading_transaction
from app.http.web import (
    announce,
    block,
    done,
    is_fragment_request,
    render_page,
    require_role,
)
from app.tasks.labels import OUTCOME_NAMES
from app.tasks.lists.task_page import find_visible_step
from app.tasks.owners import ME
from app.tasks.queue import actions as queue_actions
from app.tasks.queue.context import card_context, count, panel_context, queue_context
from app.tasks.queue.filters import QueueFilters, default_filters, parse_queue_filters
from app.tasks.queue.queries import MOST_REASONS
from app.tasks.steps.bulk_actions import read_clock, take_many
from app.tasks.steps.change import Action
from app.tasks.steps.forms import Chosen, parse_chosen

blueprint = Blueprint("queue", __name__, url_prefix="/analytics/queue")

QUEUE_CHANGED = "queue-changed"
_DONE_WORDS = {
    "call": "Call logged",
    "snooze": "Snoozed",
    "assign": "Assigned",
    "note": "Note saved",
}


@blueprint.get("")
def queue() -> Response:
    """The cards to work through; the same list alone as a fragment."""
    filters, problem = _filters_or_default()
    with reading_transaction(current_tenant_id()) as conn:
        context = queue_context(conn, filters)
    status = 422 if problem else 200
    return render_page(
        "tasks/queue/queue.html",
        "tasks/queue/_queue.html",
        status=status,
        problem=problem,
        **context,
    )


@blueprint.get("/counts")
@block("queue_counts", "the counts")
def counts() -> Response:
    """How many customers wait and sleep, and what was done this week."""
    filters = _filters()
    with reading_transaction(current_tenant_id()) as conn:
        context = count(conn, filters)
    return render_page(
        "tasks/queue/counts.html", "tasks/queue/_counts.html", filters=filters, **context
    )


@blueprint.post("/<key:customer_key>/<any(done, call, snooze, assign, note):action>")
@require_role("admin", "manager", "rep")
def press(customer_key: str, action: Action) -> AnyResponse:
    """One step for every reason of a card, or for none of them."""
    try:
        nonce = request.form.get("nonce", "")
        pressed = queue_actions.read_press(request.form, action, read_clock(), nonce)
        with tenant_transaction(current_tenant_id()) as conn:
            steps = queue_actions.take(
                conn, current_tenant_id(), current_scope(), customer_key, pressed, current_actor()
            )
    except (Conflict, Invalid) as refusal:
        return _refused(customer_key, action, refusal)
    return _pressed(customer_key, action, steps)


@blueprint.get("/<key:customer_key>/form/<any(done, snooze, assign, note):action>")
@require_role("admin", "manager", "rep")
def panel(customer_key: str, action: str) -> Response:
    """The form of one action on a card: a page by itself without JavaScript."""
    context = panel_context(customer_key, action, _chosen(), _filters())
    return render_page("tasks/queue/panel.html", "tasks/queue/_panel.html", **context)


@blueprint.get("/<key:customer_key>/why")
def why(customer_key: str) -> Response:
    """How the score of a card is made up: a page by itself without JavaScript."""
    context = panel_context(customer_key, "why", _chosen(), _filters())
    return render_page("tasks/queue/panel.html", "tasks/queue/_panel.html", **context)


@blueprint.post("/undo")
@require_role("admin", "manager", "rep")
def undo() -> AnyResponse:
    """Take back every step of one press."""
    filters = _filters()
    steps = queue_actions.read_ids(request.form.getlist("history_id"))
    with tenant_transaction(current_tenant_id()) as conn:
        for step in steps:
            find_visible_step(conn, current_membership(), step)
        queue_actions.undo_all(conn, current_tenant_id(), steps, current_actor())
        context = queue_context(conn, filters)
    if is_fragment_request():
        return render_page("tasks/queue/queue.html", "tasks/queue/_undone.html", **context)
    flash("Undone.", "success")
    return redirect(_address(filters), 303)


@blueprint.post("/bulk")
@require_role("admin", "manager", "rep")
def change_many() -> AnyResponse:
    """Assign or snooze every reason of the chosen cards; what changed meanwhile is left alone."""
    filters = _filters()
    try:
        message = take_many(request.form, ("reason", "reasons"))
    except Invalid as error:
        with tenant_transaction(current_tenant_id()) as conn:
            context = queue_context(conn, filters) | {"problem": error.message}
        return render_page(
            "tasks/queue/queue.html", "tasks/queue/_queue.html", status=422, **context
        )
    with tenant_transaction(current_tenant_id()) as conn:
        context = queue_context(conn, filters)
    return done("tasks/queue/_queue.html", message, fallback=_address(filters), **context)


def _pressed(customer_key: str, action: Action, steps: Sequence[UUID]) -> AnyResponse:
    filters = _filters()
    words = _DONE_WORDS.get(action) or _outcome_words()
    if not is_fragment_request():
        flash(f"{words}.", "success")
        return redirect(_address(filters, steps), 303)
    context = card_context(customer_key, filters)
    if action == "assign" and filters.owner == ME and not _is_for_me():
        context["lead"] = None
    fragment = render_page(
        "tasks/queue/queue.html",
        "tasks/queue/_changed.html",
        customer_key=customer_key,
        steps=steps,
        words=words,
        **context,
    )
    return announce(fragment, QUEUE_CHANGED)


def _refused(customer_key: str, action: str, refusal: AppError) -> Response:
    """The card as it stands now, with what went wrong in it; nothing was changed."""
    context = card_context(customer_key, _filters())
    return render_page(
        "tasks/queue/stale.html",
        "tasks/queue/_refused.html",
        status=refusal.status,
        customer_key=customer_key,
        opened=action,
        refusal=refusal,
        **context,
    )


def _chosen() -> list[Chosen]:
    return parse_chosen(request.args, MOST_REASONS) if request.args.get("task") else []


def _filters() -> QueueFilters:
    return parse_queue_filters(request.args, current_membership().role)


def _filters_or_default() -> tuple[QueueFilters, str | None]:
    try:
        return _filters(), None
    except Invalid as error:
        said = f"{error.message} Showing the default instead."
        return default_filters(current_membership().role), said


def _address(filters: QueueFilters, steps: Sequence[UUID] = ()) -> str:
    arguments = filters.arguments()
    if steps:
        arguments["undo"] = [str(step) for step in steps]
    return url_for("queue.queue", **arguments)


def _outcome_words() -> str:
    return f"Done: {OUTCOME_NAMES[request.form['outcome']].lower()}"


def _is_for_me() -> bool:
    return request.form.get("owner", "").strip().lower() == current_member().email
