"""Team board: for managers, how every rep stands, what nobody owns, and giving it away."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app.branches import branch_label, get_branch_names
from app.database.engine import tenant_transaction
from app.database.tenancy import allowed_locations
from app.dates import DateRange
from app.errors import Invalid
from app.format import plural
from app.http.current import (
    current_actor,
    current_membership,
    current_scope,
    current_tenant_id,
)
from app.http.reading import reading_transaction
from app.http.web import block, done, render_page, require_role, tenant_today, week_start
from app.tasks.board.queries import (
    MOST_AT_ONCE,
    get_recovered_revenue,
    get_team_board,
    list_held_tasks,
)
from app.tasks.lists.context import list_assignees
from app.tasks.lists.task_page import find_visible_step
from app.tasks.queue.actions import undo_all
from app.tasks.queue.filters import RANGES
from app.tasks.steps.bulk_actions import read_clock
from app.tasks.steps.history import list_pressed
from app.tasks.steps.rules import Asked, check_owner, parse_step, take_step
from app.tasks.types import TYPE_LABELS

blueprint = Blueprint("board", __name__, url_prefix="/analytics/team-board")

_DAYS = 90
_RECOVERED_DAYS = 30


@blueprint.get("")
@require_role("manager", "admin")
@block("board", "the team board")
def board() -> Response:
    """A row per rep, account owners who are no members, what nobody owns, and what calls won."""
    with reading_transaction(current_tenant_id()) as conn:
        context = _board(conn)
    return render_page("tasks/queue/board.html", "tasks/queue/_board.html", **context)


@blueprint.post("/assign")
@require_role("manager", "admin")
def assign() -> AnyResponse:
    """Give the customers of one row to somebody, all of them or none."""
    owner, nonce = request.form.get("owner", ""), request.form.get("nonce", "")
    with tenant_transaction(current_tenant_id()) as conn:
        count = _assign(conn, request.form.get("holder", ""), owner, nonce)
        context = _board(conn)
    return done(
        "tasks/queue/_board.html",
        f"{count} {plural(count, 'customer')} assigned to {owner}.",
        fallback=url_for("board.board", undo=nonce or None),
        undo=url_for("board.undo", nonce=nonce) if nonce else None,
        **context,
    )


@blueprint.post("/undo/<uuid:nonce>")
@require_role("manager", "admin")
def undo(nonce: UUID) -> AnyResponse:
    """Take back every assignment of one press, or none."""
    tenant_id, actor = current_tenant_id(), current_actor()
    with tenant_transaction(tenant_id) as conn:
        steps = list_pressed(conn, tenant_id, nonce, actor.email)
        for step in steps:
            find_visible_step(conn, current_membership(), step)
        undo_all(conn, tenant_id, steps, actor)
        context = _board(conn)
    answer = done(
        "tasks/queue/_board.html",
        f"Undone: {len(steps)} {plural(len(steps), 'customer')} given back.",
        fallback=url_for("board.board"),
        **context,
    )
    # The button stands on a toast; what it brings is the board.
    answer.headers["HX-Retarget"], answer.headers["HX-Reswap"] = "#board", "outerHTML"
    return answer


def _assign(conn: Connection, holder: str, owner: str, nonce: str) -> int:
    """How many customers were given away.

    Raises:
        Invalid: the new owner does not work here, or there is nothing to give.
        Conflict: somebody was faster with one of them; nothing is given then.
    """
    change = parse_step(Asked("assign", version="0", owner=owner, nonce=nonce), read_clock())
    if change.owner is None:
        raise Invalid("Choose who to assign them to.")
    tenant_id, scope = current_tenant_id(), current_scope()
    check_owner(conn, tenant_id, change)
    if change.owner == holder:
        raise Invalid("They belong to this person already. Choose someone else.")
    waiting = list_held_tasks(conn, tenant_id, scope, holder, _period(_DAYS))
    if not waiting:
        raise Invalid("No one is waiting there anymore. Reload the page.")
    for task_id, version in sorted(waiting):
        step = replace(change, version=version)
        take_step(conn, tenant_id, scope, task_id, step, current_actor())
    return len(waiting)


def _board(conn: Connection) -> dict[str, Any]:
    tenant_id = current_tenant_id()
    rows = get_team_board(conn, tenant_id, current_scope(), _period(_DAYS), week_start())
    branches = allowed_locations(current_membership(), ())
    recovered = get_recovered_revenue(conn, tenant_id, _period(_RECOVERED_DAYS), branches)
    assignees = list_assignees(conn, tenant_id)
    return {
        "people": [row for row in rows if row.owner is not None],
        "strangers": [row for row in rows if row.account_owner is not None],
        "unassigned": [row for row in rows if row.branch_id is not None],
        "recovered": recovered,
        "credited": recovered.by_person,
        "assignees": assignees,
        "names": {person.email: person.name for person in assignees if person.name},
        "branch_names": get_branch_names(conn, tenant_id),
        "branch_label": branch_label,
        "type_words": TYPE_LABELS,
        "days": RANGES["90d"],
        "most_at_once": MOST_AT_ONCE,
        "recovered_period": _period(_RECOVERED_DAYS),
        "pressed": request.args.get("undo", type=UUID),
    }


def _period(days: int) -> DateRange:
    return DateRange(tenant_today() - timedelta(days=days - 1), tenant_today())
