"""What the pages of My queue show."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import request
from sqlalchemy import Connection

from app.branches import get_branch_names
from app.database.engine import tenant_transaction
from app.database.tenancy import allowed_locations
from app.dates import utc_now
from app.errors import Invalid
from app.http.current import current_member, current_membership, current_scope, current_tenant_id
from app.http.paging import Page
from app.http.web import page_arguments, tenant_today, week_start
from app.tasks.labels import OUTCOME_NAMES, REASONS, customer_name
from app.tasks.lists.context import list_assignees
from app.tasks.masking import mask_task
from app.tasks.owners import ME, holders_of
from app.tasks.queries import Card, Place, TaskFilters
from app.tasks.queue import actions as queue_actions
from app.tasks.queue.cards import card_id
from app.tasks.queue.filters import RANGES, SORTS, QueueFilters
from app.tasks.queue.queries import (
    Lead,
    Queue,
    add_last_words,
    build_leads,
    card_of,
    get_queue_counts,
    get_scale,
    get_task_queue,
    list_waiting,
)
from app.tasks.steps.forms import Chosen
from app.tasks.steps.rules import SNOOZES
from app.tasks.types import BY_NAME, TYPE_LABELS, describe

PANELS = {"done": "Done…", "snooze": "Snooze", "assign": "Assign", "note": "Note"}


def card_context(customer_key: str, filters: QueueFilters) -> dict[str, Any]:
    """The customer's card of the posted reasons, fresh; no card when none of them is open."""
    now = utc_now()
    ids = queue_actions.chosen_ids(request.form)
    lead: Lead | None = None
    name = ""
    with tenant_transaction(current_tenant_id()) as conn:
        if ids:
            tasks = queue_actions.find_reasons(
                conn, current_tenant_id(), current_scope(), customer_key, ids
            )
            name = customer_name(max(tasks, key=lambda task: task.score))
            card = card_of(tasks, get_scale(conn, current_tenant_id()).currency)
            if card:
                (lead,) = _build_leads(conn, [card], now)
        return _card_words(conn, filters) | {"lead": lead, "name": name}


def panel_context(
    customer_key: str, action: str, chosen: Sequence[Chosen], filters: QueueFilters
) -> dict[str, Any]:
    """What opens on a customer's card: the form of an action, or why it has its score.

    A form is for the reasons and versions that the card showed.

    Without any it is for every reason of the customer that the queue would show now.

    Raises:
        NotFound: a task is not the customer's, or not for the member to see.
    """
    tenant_id, scope = current_tenant_id(), current_scope()
    is_viewer = current_membership().role == "viewer"
    with tenant_transaction(tenant_id) as conn:
        ids = [one.task_id for one in chosen] or list_waiting(
            conn, tenant_id, scope, customer_key, filters.period(tenant_today())
        )
        tasks = queue_actions.find_reasons(conn, tenant_id, scope, customer_key, ids)
        best = max(tasks, key=lambda task: task.score)
        card = card_of(tasks, get_scale(conn, tenant_id).currency) if action == "why" else None
        leads = build_leads(conn, tenant_id, scope, [card], utc_now()) if card else []
        return _card_words(conn, filters) | {
            "lead": leads[0] if leads else None,
            "customer_key": customer_key,
            "action": action,
            "label": PANELS.get(action, "Why this score").rstrip("…"),
            "name": customer_name(mask_task(best) if is_viewer else best),
            "chosen": chosen or tasks,
            "owner": best.owner,
        }


def queue_context(conn: Connection, filters: QueueFilters) -> dict[str, Any]:
    """A page of cards, the filters and the counts."""
    number, limit = page_arguments()
    now = utc_now()
    found = get_task_queue(
        conn,
        current_tenant_id(),
        _task_filters(filters),
        Place(limit, (number - 1) * limit, now=now),
    )
    leads = _build_leads(conn, found.cards, now)
    return (
        _card_words(conn, filters)
        | count(conn, filters, found)
        | {
            "listed": Page(leads, found.total, number, limit),
            "ranges": RANGES,
            "sorts": SORTS,
            "steps": _undo_arguments(),
        }
    )


def _build_leads(conn: Connection, cards: Sequence[Card], now: datetime) -> list[Lead]:
    tenant_id, scope = current_tenant_id(), current_scope()
    return add_last_words(conn, tenant_id, scope, build_leads(conn, tenant_id, scope, cards, now))


def _card_words(conn: Connection, filters: QueueFilters) -> dict[str, Any]:
    role, tomorrow = current_membership().role, tenant_today() + timedelta(days=1)
    return {
        "filters": filters,
        "is_read_only": role == "viewer",
        "assignees": list_assignees(conn, current_tenant_id()),
        "type_words": TYPE_LABELS,
        "card_id": card_id,
        "describe": describe,
        "snoozes": SNOOZES,
        "panels": PANELS,
        "types": BY_NAME,
        "branch_names": get_branch_names(conn, current_tenant_id()),
        "tomorrow": tomorrow,
        "outcomes": OUTCOME_NAMES,
        "reasons": {name: found for name, found in REASONS.items() if name != "won"},
    }


def count(conn: Connection, filters: QueueFilters, found: Queue | None = None) -> dict[str, Any]:
    """How many customers wait (`found`, if it was read), are hidden or snoozed, and were done."""
    if found is None:
        found = get_task_queue(conn, current_tenant_id(), _task_filters(filters), Place(1))
    done_by = current_member().email if filters.owner == ME else None
    counted = get_queue_counts(
        conn,
        current_tenant_id(),
        current_scope(),
        filters.period(tenant_today()),
        week_start(),
        _branches(filters),
        holders_of(filters.owner, current_membership()),
        done_by,
    )
    return {"waiting": found.total, "hidden": found.hidden, "counts": counted}


def _task_filters(filters: QueueFilters) -> TaskFilters:
    return TaskFilters(
        period=filters.period(tenant_today()),
        scope=current_scope(),
        location_ids=_branches(filters),
        types=filters.types,
        query=filters.query,
        reachable=filters.reachable,
        least_value=filters.least_value,
        sort_field=filters.sort_field,
        holders=holders_of(filters.owner, current_membership()),
    )


def _branches(filters: QueueFilters) -> tuple[str, ...] | None:
    """The branches that were chosen; None when none was."""
    if not filters.location_ids:
        return None
    return allowed_locations(current_membership(), filters.location_ids)


def _undo_arguments() -> list[UUID]:
    """The steps that the press before a redirect took, to offer their undo without JavaScript."""
    try:
        return queue_actions.read_ids(request.args.getlist("undo"))
    except Invalid:
        return []
