"""One press of a button on a card: a step of every reason on it, or of none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from app.audit import Actor
from app.database.tenancy import Scope
from app.errors import Invalid, NotFound
from app.tasks.queries import Task
from app.tasks.queue.queries import MOST_REASONS
from app.tasks.steps.change import Action, Change, undo
from app.tasks.steps.forms import parse_chosen
from app.tasks.steps.rules import (
    Asked,
    Clock,
    find_workable,
    parse_step,
    take_step,
)


@dataclass(frozen=True)
class Press:
    """What was pressed: the version of each reason as the card showed it, and the step."""

    versions: dict[UUID, int]
    change: Change


def read_press(form: MultiDict[str, str], action: Action, clock: Clock, nonce: str = "") -> Press:
    """The press that a form describes. A link in mail has a nonce of its own kind, and none here.

    Raises:
        Invalid: a field is missing or unreadable; the message says which.
    """
    versions = dict(_versions(form))
    if not versions:
        raise Invalid("The card names no task. Reload the page and try again.")
    asked = Asked(
        action,
        version="0",  # each reason has its own, see take()
        outcome=form.get("outcome", ""),
        reason=form.get("reason", ""),
        note=form.get("note", ""),
        amount=form.get("amount", ""),
        owner=form.get("owner"),
        until=form.get("until", "").strip() or form.get("days", ""),
        nonce=nonce,
    )
    return Press(versions, parse_step(asked, clock))


def take(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    customer_key: str,
    press: Press,
    actor: Actor,
) -> list[UUID]:
    """The step, for every reason; answers the history ids. All or nothing: nothing is caught here.

    Raises:
        NotFound: a task is not this customer's, or not for the member to see.
        Conflict: somebody was faster with one of them.
        Invalid: the step makes no sense, or the new owner is no member.
    """
    tasks = find_reasons(conn, tenant_id, scope, customer_key, list(press.versions))
    best = max(tasks, key=lambda task: task.score).task_id
    steps = []
    for task_id in sorted(press.versions):
        change = replace(press.change, version=press.versions[task_id])
        if change.amount is not None and task_id != best:
            change = replace(change, amount=None, reason=None)
        steps.append(take_step(conn, tenant_id, scope, task_id, change, actor))
    return steps


def undo_all(conn: Connection, tenant_id: UUID, steps: Sequence[UUID], actor: Actor) -> None:
    """Take back every step of one press, or none.

    Raises:
        NotFound: there is no such step.
        Conflict: it is someone else's, too long ago, or something happened since.
    """
    for history_id in sorted(steps):
        undo(conn, tenant_id, history_id, actor)


def find_reasons(
    conn: Connection, tenant_id: UUID, scope: Scope, customer_key: str, task_ids: Sequence[UUID]
) -> list[Task]:
    """These tasks of one customer as they stand now.

    Raises:
        NotFound: one is not the customer's, or not for the member to see.
    """
    tasks = [find_workable(conn, tenant_id, scope, task_id) for task_id in task_ids]
    if not tasks or any(task.customer_key != customer_key for task in tasks):
        raise NotFound
    return tasks


def read_ids(values: Sequence[str]) -> list[UUID]:
    """Ids of a form, each once.

    Raises:
        Invalid: one is no id, or there are too many.
    """
    try:
        found = [UUID(value) for value in dict.fromkeys(values)]
    except ValueError:
        raise Invalid("The form names something that does not exist.") from None
    if len(found) > MOST_REASONS:
        raise Invalid(f"At most {MOST_REASONS} tasks can be changed at once.")
    return found


def chosen_ids(form: MultiDict[str, str]) -> list[UUID]:
    """The tasks that a form of a card names.

    Raises:
        Invalid: one cannot be read, or there are too many.
    """
    return [task_id for task_id, _ in _written(form)]


def _versions(form: MultiDict[str, str]) -> Iterator[tuple[UUID, int]]:
    for task_id, version in _written(form):
        if not (version.isascii() and version.isdecimal()) or len(version) > 9:
            raise Invalid("The form does not say which version it has seen. Reload the page.")
        yield task_id, int(version)


def _written(form: MultiDict[str, str]) -> list[tuple[UUID, str]]:
    """Each task with its version: `task` on a card, a field for each on the page of a mail link."""
    if form.get("task"):
        return [(one.task_id, str(one.version)) for one in parse_chosen(form, MOST_REASONS)]
    ids = read_ids(form.getlist("task_id"))
    return [(task_id, form.get(f"version_{task_id}", "")) for task_id in ids]
