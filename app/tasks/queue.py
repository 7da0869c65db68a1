"""My queue: one card a customer, its reasons inside, and what people do with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app.branches import get_branch_names
from app.current import current_actor, current_member, current_membership
from app.dates import today, utc_now, zone
from app.db import tenant_transaction
from app.errors import AppError, Conflict, Invalid
from app.paging import Page
from app.tasks import queue_actions
from app.tasks.lookups import list_assignees
from app.tasks.opened import find_visible_step
from app.tasks.queries import Place, TaskFilters, get_task_queue
from app.tasks.queue_cards import ICONS, card_id, describe
from app.tasks.queue_filters import (
    RANGES,
    SCOPES,
    SORTS,
    QueueFilters,
    default_filters,
    parse_queue_filters,
)
from app.tasks.queue_queries import (
    Lead,
    Owners,
    build_leads,
    card_of,
    get_queue_counts,
    get_scale,
    list_own_names,
)
from app.tasks.words import OUTCOME_NAMES, REASONS, TYPE_NAMES
from app.tasks.work import Action
from app.tenancy import allowed_locations
from app.web import (
    announce,
    block,
    current_format,
    is_fragment_request,
    page_arguments,
    render_page,
    require_role,
)

blueprint = Blueprint("queue", __name__, url_prefix="/analytics/queue")

QUEUE_CHANGED = "queue-changed"
_DONE_WORDS = {
    "call": "Call logged", "snooze": "Snoozed", "assign": "Assigned", "note": "Note saved",
}  # fmt: skip


@blueprint.get("")
def queue() -> Response:
    """The cards to work through; the same list alone as a fragment."""
    filters, problem = _filters_or_default()
    with tenant_transaction(_tenant_id()) as conn:
        context = _queue_context(conn, filters)
    status = 422 if problem else 200
    return render_page(
        "tasks/queue/queue.html", "tasks/queue/_queue.html",
        status=status, problem=problem, **context,
    )  # fmt: skip


@blueprint.get("/counts")
@block("queue_counts", "the counts")
def counts() -> Response:
    """How many customers wait and sleep, and what was done this week."""
    filters = _filters()
    with tenant_transaction(_tenant_id()) as conn:
        context = _counts(conn, filters)
    return render_page(
        "tasks/queue/counts.html", "tasks/queue/_counts.html", filters=filters, **context
    )


@blueprint.post("/<key:customer_key>/<any(done, call, snooze, assign, note):action>")
@require_role("admin", "manager", "rep")
def press(customer_key: str, action: Action) -> AnyResponse:
    """One step for every reason of a card, or for none of them."""
    try:
        pressed = queue_actions.read_press(request.form, action, current_format().time_zone)
        with tenant_transaction(_tenant_id()) as conn:
            steps = queue_actions.take(
                conn, _tenant_id(), customer_key, _scope(), pressed, current_actor()
            )
    except (Conflict, Invalid) as refusal:
        return _refused(customer_key, action, refusal)
    return _pressed(customer_key, action, steps)


@blueprint.post("/undo")
@require_role("admin", "manager", "rep")
def undo() -> AnyResponse:
    """Take back every step of one press."""
    filters = _filters()
    steps = queue_actions.read_ids(request.form.getlist("history_id"))
    with tenant_transaction(_tenant_id()) as conn:
        for step in steps:
            find_visible_step(conn, current_membership(), current_member(), step)
        queue_actions.undo_all(conn, _tenant_id(), steps, current_actor())
        context = _queue_context(conn, filters)
    if is_fragment_request():
        return render_page("tasks/queue/queue.html", "tasks/queue/_undone.html", **context)
    flash("Undone. The card is back.", "success")
    return redirect(_address(filters), 303)


def _pressed(customer_key: str, action: Action, steps: Sequence[UUID]) -> AnyResponse:
    filters = _filters()
    words = _DONE_WORDS.get(action) or _outcome_words()
    if not is_fragment_request():
        flash(f"{words}.", "success")
        return redirect(_address(filters, steps), 303)
    context = _card_context(customer_key, filters)
    if action == "assign" and filters.scope == "mine" and not _is_for_me():
        context["lead"] = None
    fragment = render_page(
        "tasks/queue/queue.html", "tasks/queue/_changed.html",
        customer_key=customer_key, steps=steps, words=words, **context,
    )  # fmt: skip
    return announce(fragment, QUEUE_CHANGED)


def _refused(customer_key: str, action: str, refusal: AppError) -> Response:
    """The card as it stands now, with what went wrong in it; nothing was changed."""
    context = _card_context(customer_key, _filters())
    return render_page(
        "tasks/queue/stale.html", "tasks/queue/_refused.html", status=refusal.status,
        customer_key=customer_key, opened=action, refusal=refusal, **context,
    )  # fmt: skip


def _card_context(customer_key: str, filters: QueueFilters) -> dict[str, Any]:
    """The customer's card of the posted reasons, fresh; no card when none of them is open."""
    now = utc_now()
    ids = queue_actions.read_ids(request.form.getlist("task_id"))
    lead: Lead | None = None
    with tenant_transaction(_tenant_id()) as conn:
        if ids:
            tasks = queue_actions.find_reasons(conn, _tenant_id(), customer_key, ids, _scope())
            card = card_of(tasks, get_scale(conn, _tenant_id()).currency)
            lead = build_leads(conn, _tenant_id(), [card], now)[0] if card else None
        return _card_words(conn, filters) | {"lead": lead}


def _queue_context(conn: Connection, filters: QueueFilters) -> dict[str, Any]:
    number, limit = page_arguments()
    now = utc_now()
    found = get_task_queue(
        conn, _tenant_id(), _task_filters(filters),
        Place(limit, (number - 1) * limit, now=now), *_owner_arguments(conn, filters),
    )  # fmt: skip
    leads = build_leads(conn, _tenant_id(), found.cards, now)
    return _card_words(conn, filters) | _counts(conn, filters, found.total) | {
        "listed": Page(leads, found.total, number, limit),
        "ranges": RANGES, "scopes": SCOPES, "sorts": SORTS,
        "steps": _undo_arguments(),
    }  # fmt: skip


def _card_words(conn: Connection, filters: QueueFilters) -> dict[str, Any]:
    role = current_membership().role
    return {
        "filters": filters,
        "is_read_only": role == "viewer",
        "assignees": [] if role == "viewer" else list_assignees(conn, _tenant_id()),
        "outcomes": OUTCOME_NAMES,
        "reasons": {name: found for name, found in REASONS.items() if name != "won"},
        "type_words": TYPE_NAMES,
        "card_id": card_id,
        "describe": describe,
        "task_icons": ICONS,
        "branch_names": get_branch_names(conn, _tenant_id()),
        "tomorrow": today(current_format().time_zone) + timedelta(days=1),
    }


def _counts(conn: Connection, filters: QueueFilters, total: int | None = None) -> dict[str, Any]:
    if total is None:
        found = get_task_queue(
            conn, _tenant_id(), _task_filters(filters), Place(1), *_owner_arguments(conn, filters)
        )
        total = found.total
    counted = get_queue_counts(
        conn, _tenant_id(), filters.period(_today()), _week_start(), _branches(filters),
        _owners(conn, filters), current_member().email if filters.scope == "mine" else None,
    )  # fmt: skip
    return {"waiting": total, "counts": counted}


def _task_filters(filters: QueueFilters) -> TaskFilters:
    return TaskFilters(
        period=filters.period(_today()),
        location_ids=_branches(filters),
        types=filters.types,
        reachable=filters.reachable,
        least_value=filters.least_value,
        sort_field=filters.sort_field,
    )


def _owners(conn: Connection, filters: QueueFilters) -> Owners | None:
    if filters.scope != "mine":
        return None
    member, membership = current_member(), current_membership()
    names = list_own_names(conn, _tenant_id(), member.email, member.name)
    return Owners(names, membership.location_ids or ())


def _owner_arguments(
    conn: Connection, filters: QueueFilters
) -> tuple[Sequence[str] | None, Sequence[str]]:
    owners = _owners(conn, filters)
    return (owners.names, owners.branches) if owners else (None, ())


def _branches(filters: QueueFilters) -> tuple[str, ...] | None:
    return allowed_locations(current_membership(), filters.location_ids)


def _scope() -> tuple[str, ...] | None:
    return allowed_locations(current_membership(), ())


def _filters() -> QueueFilters:
    return parse_queue_filters(request.args, current_membership().role)


def _filters_or_default() -> tuple[QueueFilters, str | None]:
    try:
        return _filters(), None
    except Invalid as error:
        return default_filters(current_membership().role), error.message


def _address(filters: QueueFilters, steps: Sequence[UUID] = ()) -> str:
    arguments = filters.arguments()
    if steps:
        arguments["undo"] = [str(step) for step in steps]
    return url_for("queue.queue", **arguments)


def _undo_arguments() -> list[UUID]:
    """The steps that the press before a redirect took, to offer their undo without JavaScript."""
    try:
        return queue_actions.read_ids(request.args.getlist("undo"))
    except Invalid:
        return []


def _outcome_words() -> str:
    return f"Done: {OUTCOME_NAMES[request.form['outcome']].lower()}"


def _is_for_me() -> bool:
    return request.form.get("owner", "").strip().lower() == current_member().email


def _tenant_id() -> UUID:
    return current_membership().tenant.tenant_id


def _today() -> date:
    return today(current_format().time_zone)


def _week_start() -> datetime:
    monday = _today() - timedelta(days=_today().weekday())
    return datetime.combine(monday, time(), zone(current_format().time_zone))
