"""What a step of a task may be, for every door: page, card, mail link, bulk, board and JSON.

A door reads its fields into `Asked` and adds nothing: what is refused here is refused everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from app.audit import Actor
from app.database.tenancy import Scope
from app.dates import parse_date, zone
from app.errors import Invalid, NotFound
from app.http.nonces import parse_nonce
from app.tasks.labels import OUTCOME_NAMES, REASONS
from app.tasks.lists.context import list_assignees, may_assign
from app.tasks.queries import OUTCOMES, Task, find_task
from app.tasks.steps.change import Action, Change, change_task

LONGEST_NOTE = 2_000
MOST_DAYS = 366
MORNING = time(8)
SNOOZES = {"tomorrow": "Tomorrow", "3_days": "In 3 days", "next_week": "Next week"}
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")
_VERSION = re.compile(r"[0-9]{1,9}")
_DAYS = re.compile(r"[0-9]{1,3}")
_BOUGHT_ELSEWHERE = "ordered_elsewhere"


@dataclass(frozen=True)
class Clock:
    """The tenant's present day and its zone, which days in forms are meant in."""

    today: date
    time_zone: str

    def morning(self, day: date) -> datetime:
        """Eight o'clock of that day."""
        return datetime.combine(day, MORNING, zone(self.time_zone))


@dataclass(frozen=True)
class Asked:
    """A step as somebody asked for it, unchecked.

    `owner`: "" is nobody in particular, None was not said. `until`: one of SNOOZES, a day, a number
    of days, or an instant. `nonce`: of the form, which takes one step however often it is sent.
    """

    action: Action
    version: str = ""
    outcome: str = ""
    reason: str = ""
    note: str = ""
    amount: str = ""
    owner: str | None = None
    until: str | datetime = ""
    nonce: str = ""


def parse_step(asked: Asked, clock: Clock) -> Change:
    """The step, if it makes sense.

    Raises:
        Invalid: something is missing or wrong; `fields` says what, by the field's name.
    """
    action, note, nonce = asked.action, _note(asked.note), parse_nonce(asked.nonce)
    version = None if action == "note" else _version(asked.version)
    if action == "done":
        return _done(asked, clock, version, note, nonce)
    if action == "snooze":
        until = _until(asked.until, clock)
        return Change(action, version, note=note, snoozed_until=until, nonce=nonce)
    if action == "assign":
        return Change(action, version, note=note, owner=_owner(asked.owner), nonce=nonce)
    if action == "note" and not note:
        raise _wrong("note", "Write something into the note.")
    return Change(action, version, note=note, nonce=nonce)


def find_workable(conn: Connection, tenant_id: UUID, scope: Scope, task_id: UUID) -> Task:
    """The task, if the scope shows it.

    Raises:
        NotFound: there is none, or it is not for this person to see.
    """
    task = find_task(conn, tenant_id, scope, task_id)
    if task is None:
        raise NotFound("There is no such task.")
    return task


def check_owner(conn: Connection, tenant_id: UUID, change: Change) -> None:
    """Refuse to give a task to somebody who does not work here.

    Raises:
        Invalid: as said.
    """
    if change.action != "assign" or change.owner is None:
        return
    if change.owner not in {person.email for person in list_assignees(conn, tenant_id)}:
        raise _wrong("owner", "Choose a colleague who works here.")


def take_step(
    conn: Connection, tenant_id: UUID, scope: Scope, task_id: UUID, change: Change, actor: Actor
) -> UUID:
    """Take a step of parse_step() on a task that the scope shows; returns its history_id.

    Raises:
        NotFound: there is no such task, or it is not for this person to see.
        Conflict: somebody was faster.
        Invalid: the step makes no sense, or the customer is another branch's to assign.
    """
    task = find_workable(conn, tenant_id, scope, task_id)
    check_owner(conn, tenant_id, change)
    if change.action == "assign" and not may_assign(conn, tenant_id, scope, task.customer_key):
        message = "You see only part of this customer. Ask a colleague who sees everything."
        raise _wrong("owner", message)
    return change_task(conn, tenant_id, task_id, change, actor)


def check_text(said: str, field: str) -> str:
    """The text without white space around it.

    Raises:
        Invalid: it has characters that no text of a person has and no database keeps.
    """
    if "\x00" in said or any("\ud800" <= letter <= "\udfff" for letter in said):
        raise _wrong(field, "It has characters that cannot be stored. Type it again.")
    return said.strip()


def _done(
    asked: Asked, clock: Clock, version: int | None, note: str | None, nonce: UUID | None
) -> Change:
    outcome, reason = asked.outcome.strip(), asked.reason.strip() or None
    if outcome not in OUTCOMES:
        raise _wrong("outcome", "Choose how it ended.")
    amount = _amount(asked.amount, outcome, reason)
    if amount is not None:
        reason = _BOUGHT_ELSEWHERE
    if reason and reason not in REASONS.get(outcome, {}):
        message = f"“{OUTCOME_NAMES[outcome]}” has no such reason. Choose another, or none."
        raise _wrong("reason", message)
    until = _until(asked.until, clock) if outcome == "will_order_later" else None
    return Change("done", version, outcome, note, reason, amount, snoozed_until=until, nonce=nonce)


def _amount(asked: str, outcome: str, reason: str | None) -> Decimal | None:
    written = asked.strip()
    if not written and reason != _BOUGHT_ELSEWHERE:
        return None
    if outcome != "won":
        raise _wrong("amount", f"Only “{OUTCOME_NAMES['won']}” has an amount.")
    if not _AMOUNT.fullmatch(written) or Decimal(written) == 0:
        raise _wrong("amount", "Enter what was ordered, like 1250.00.")
    return Decimal(written)


def _until(asked: str | datetime, clock: Clock) -> datetime:
    """The instant asked for, else the morning of the day."""
    moment = asked if isinstance(asked, datetime) else clock.morning(_day(asked.strip(), clock))
    try:
        if moment.tzinfo is None:
            raise _wrong("snoozed_until", "Give the time zone of that moment.")
        day = moment.astimezone(zone(clock.time_zone)).date()
    except (OverflowError, ValueError) as error:
        raise _wrong("snoozed_until", "Choose a day within a year.") from error
    if day <= clock.today:
        raise _wrong("snoozed_until", "Choose a day after today.")
    if day > clock.today + timedelta(days=MOST_DAYS):
        raise _wrong("snoozed_until", "Choose a day within a year.")
    return moment


def _day(asked: str, clock: Clock) -> date:
    if asked == "next_week":
        return clock.today + timedelta(days=7 - clock.today.weekday())
    if asked in SNOOZES:
        return clock.today + timedelta(days=1 if asked == "tomorrow" else 3)
    if _DAYS.fullmatch(asked):
        return clock.today + timedelta(days=int(asked))
    if not asked:
        raise _wrong("snoozed_until", "Choose until when.")
    try:
        return parse_date(asked, "The day")
    except Invalid as error:
        raise _wrong("snoozed_until", error.message) from error


def _owner(asked: str | None) -> str | None:
    if asked is None:
        raise _wrong("owner", "Choose who to assign it to.")
    return check_text(asked, "owner").lower() or None


def _note(asked: str) -> str | None:
    note = check_text(asked.replace("\r\n", "\n"), "note")
    if len(note) > LONGEST_NOTE:
        raise _wrong("note", f"A note has at most {LONGEST_NOTE} characters.")
    return note or None


def _version(asked: str) -> int:
    if not _VERSION.fullmatch(asked.strip()):
        message = "The form does not say which state it changes. Load it again."
        raise _wrong("version", message)
    return int(asked)


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, fields={field: message})
