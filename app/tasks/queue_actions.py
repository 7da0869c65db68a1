"""One press of a button on a card: a step of every reason on it, or of none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from app.audit import Actor
from app.dates import parse_date, today, zone
from app.errors import Invalid, NotFound
from app.tasks.lookups import list_assignees
from app.tasks.queries import OUTCOMES, Task, find_task
from app.tasks.words import OUTCOME_NAMES, REASONS
from app.tasks.work import Action, Change, change_task, undo
from app.tenancy import Scope

MOST_REASONS = 60
MOST_CHARS = 2_000
_MORNING = time(8)
_AMOUNT_MAX = Decimal(1_000_000_000)


@dataclass(frozen=True)
class Press:
    """What was pressed: the version of each reason as the card showed it, and the step."""

    versions: dict[UUID, int]
    change: Change


def read_press(form: MultiDict[str, str], action: Action, zone_name: str) -> Press:
    """The press that a form describes; days and hours are those of that zone.

    Raises:
        Invalid: a field is missing or unreadable; the message says which.
    """
    versions = dict(_versions(form))
    if not versions:
        raise Invalid("The card names no task. Reload the page and try again.")
    outcome = form.get("outcome") or None
    if outcome is not None and outcome not in OUTCOMES:
        raise Invalid("Choose how it ended.", fields={"outcome": "Choose how it ended."})
    amount = _amount(form.get("amount", "").strip()) if outcome == "won" else None
    note = form.get("note", "").strip()
    if len(note) > MOST_CHARS:
        raise Invalid(f"A note has at most {MOST_CHARS} characters.")
    return Press(versions, Change(
        action=action,
        outcome=outcome if action == "done" else None,
        note=note or None,
        reason="ordered_elsewhere" if amount else _reason(form, outcome),
        amount=amount,
        owner=form.get("owner", "").strip().lower() or None,
        snoozed_until=read_until(form, zone_name),
    ))  # fmt: skip


def take(
    conn: Connection, tenant_id: UUID, scope: Scope, customer_key: str,
    press: Press, actor: Actor,
) -> list[UUID]:  # fmt: skip
    """The step, for every reason; answers the history ids. All or nothing: nothing is caught here.

    Raises:
        NotFound: a task is not this customer's, or not for the member to see.
        Conflict: somebody was faster with one of them.
        Invalid: the step makes no sense, or the new owner is no member.
    """
    if press.change.action == "assign":
        _check_owner(conn, tenant_id, press.change.owner)
    tasks = find_reasons(conn, tenant_id, scope, customer_key, list(press.versions))
    best = max(tasks, key=lambda task: task.score).task_id
    steps = []
    for task_id in sorted(press.versions):
        change = replace(press.change, version=press.versions[task_id])
        if change.amount is not None and task_id != best:
            change = replace(change, amount=None, reason=None)
        steps.append(change_task(conn, tenant_id, task_id, change, actor))
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
    found = [find_task(conn, tenant_id, scope, task_id) for task_id in task_ids]
    tasks = [task for task in found if task is not None and task.customer_key == customer_key]
    if len(tasks) < len(found) or not tasks:
        raise NotFound
    return tasks


def read_until(form: MultiDict[str, str], zone_name: str) -> datetime | None:
    """Eight in the morning of the day chosen: `until`, or so many `days` from now.

    Raises:
        Invalid: neither a day nor a number of days.
    """
    day: date | None = None
    if until := form.get("until", "").strip():
        day = parse_date(until, "The day")
    elif days := form.get("days", "").strip():
        if not days.isdecimal() or not 1 <= int(days) <= 365:
            raise Invalid("Choose until when.", fields={"until": "Choose until when."})
        day = today(zone_name) + timedelta(days=int(days))
    return datetime.combine(day, _MORNING, zone(zone_name)) if day else None


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


def _versions(form: MultiDict[str, str]) -> Iterator[tuple[UUID, int]]:
    for task_id in read_ids(form.getlist("task_id")):
        version = form.get(f"version_{task_id}", "")
        if not version.isdecimal() or len(version) > 9:
            raise Invalid("The form does not say which version it has seen. Reload the page.")
        yield task_id, int(version)


def _amount(text_: str) -> Decimal | None:
    if not text_:
        return None
    try:
        amount = Decimal(text_)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount <= _AMOUNT_MAX:
        message = "The amount is a number like 250.00."
        raise Invalid(message, fields={"amount": message})
    return amount


def _reason(form: MultiDict[str, str], outcome: str | None) -> str | None:
    reason = form.get("reason") or None
    if reason is None or outcome is None or outcome == "won":
        return None
    if reason not in REASONS.get(outcome, {}):
        message = f"“{OUTCOME_NAMES[outcome]}” has no such reason. Choose another, or none."
        raise Invalid(message, fields={"reason": message})
    return reason


def _check_owner(conn: Connection, tenant_id: UUID, owner: str | None) -> None:
    if owner and owner not in {member.email for member in list_assignees(conn, tenant_id)}:
        message = "Choose one of the members."
        raise Invalid(message, fields={"owner": message})
