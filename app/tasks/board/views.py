"""Team board: for managers, how every rep stands and what belongs to nobody yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app.branches import branch_label, get_branch_names
from app.database.engine import tenant_transaction
from app.database.tenancy import allowed_locations
from app.dates import DateRange, zone
from app.errors import Invalid
from app.format import plural
from app.http.current import current_actor, current_membership, current_tenant_id
from app.http.reading import reading_transaction
from app.http.web import block, current_format, done, render_page, require_role, tenant_today
from app.tasks.board.queries import (
    get_recovered_revenue,
    get_team_board,
    list_unassigned_tasks,
)
from app.tasks.lists.context import list_assignees
from app.tasks.queue.filters import RANGES
from app.tasks.steps.bulk_actions import read_clock
from app.tasks.steps.rules import Asked, check_owner, parse_step, take_step
from app.tasks.types import TYPE_LABELS

blueprint = Blueprint("board", __name__, url_prefix="/analytics/team-board")

_DAYS = 90
_RECOVERED_DAYS = 30


@blueprint.get("")
@require_role("manager", "admin")
@block("board", "the team board")
def board() -> Response:
    """A row a rep, what nobody owns by branch, and what contacts brought in."""
    with reading_transaction(current_tenant_id()) as conn:
        context = _board(conn)
    return render_page("tasks/queue/board.html", "tasks/queue/_board.html", **context)


@blueprint.post("/assign")
@require_role("manager", "admin")
def assign() -> AnyResponse:
    """Give what nobody owns at one branch to somebody, all of it or none."""
    branch_id, owner = request.form.get("branch_id", ""), request.form.get("owner", "")
    with tenant_transaction(current_tenant_id()) as conn:
        count = _assign(conn, branch_id, owner)
        context = _board(conn)
    return done(
        "tasks/queue/_board.html",
        f"{count} {plural(count, 'task')} assigned to {owner}.",
        fallback=url_for("board.board"),
        **context,
    )


def _assign(conn: Connection, branch_id: str, owner: str) -> int:
    """How many were given away.

    Raises:
        Invalid: the new owner does not work here, or there is nothing to give.
        Conflict: somebody was faster with one of them; nothing is given then.
    """
    change = parse_step(Asked("assign", version="0", owner=owner), read_clock())
    if change.owner is None:
        raise Invalid("Choose who to assign it to.")
    check_owner(conn, current_tenant_id(), change)
    period = _period(_DAYS)
    waiting = list_unassigned_tasks(conn, current_tenant_id(), branch_id, period, _scope())
    if not waiting:
        raise Invalid("Nothing is waiting there anymore. Reload the page.")
    scope, actor = current_membership().scope, current_actor()
    for task_id, version in sorted(waiting):
        step = replace(change, version=version)
        take_step(conn, current_tenant_id(), scope, task_id, step, actor)
    return len(waiting)


def _board(conn: Connection) -> dict[str, Any]:
    rows = get_team_board(conn, current_tenant_id(), _period(_DAYS), _week_start(), _scope())
    recovered = get_recovered_revenue(conn, current_tenant_id(), _period(_RECOVERED_DAYS), _scope())
    assignees = list_assignees(conn, current_tenant_id())
    names = {person.email: person.name for person in assignees if person.name}
    return {
        "people": [row for row in rows if row.owner is not None],
        "unassigned": [row for row in rows if row.owner is None],
        "recovered": recovered,
        "credited": recovered.by_person,
        "assignees": assignees,
        "names": names,
        "branch_names": get_branch_names(conn, current_tenant_id()),
        "branch_label": branch_label,
        "type_words": TYPE_LABELS,
        "days": RANGES["90d"],
        "recovered_period": _period(_RECOVERED_DAYS),
    }


def _scope() -> tuple[str, ...] | None:
    return allowed_locations(current_membership(), ())


def _period(days: int) -> DateRange:
    return DateRange(tenant_today() - timedelta(days=days - 1), tenant_today())


def _week_start() -> datetime:
    monday = tenant_today() - timedelta(days=tenant_today().weekday())
    return datetime.combine(monday, time(), zone(current_format().time_zone))
