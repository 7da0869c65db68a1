"""What people may say when they act on tasks, read from their forms."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.dates import parse_date, zone
from app.errors import Invalid
from app.tasks.queries import OUTCOMES
from app.tasks.words import REASONS
from app.tasks.work import Action, Change

LONGEST_NOTE = 2_000
MOST_TASKS = 100
MORNING = time(8)
SNOOZES = {"tomorrow": "Tomorrow", "3_days": "In 3 days", "next_week": "Next week"}
_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?")

Form = MultiDict[str, str]


@dataclass(frozen=True)
class Clock:
    """The tenant's present day and its zone, which days in forms are meant in."""

    today: date
    time_zone: str

    def morning(self, day: date) -> datetime:
        """Eight o'clock of that day."""
        return datetime.combine(day, MORNING, zone(self.time_zone))


@dataclass(frozen=True)
class Chosen:
    """A task of a list as it was when it was chosen."""

    task_id: UUID
    version: int


def parse_change(action: Action, form: Form, clock: Clock) -> Change:
    """One step as its form describes it.

    Raises:
        Invalid: something is missing or wrong; `fields` says what, by the field's name.
    """
    note = _note(form)
    version = None if action == "note" else _version(form)
    if action == "done":
        return _done(form, clock, version, note)
    if action == "snooze":
        return Change(action, version, note=note, snoozed_until=_until(form, clock))
    if action == "assign":
        return Change(action, version, note=note, owner=_text(form, "owner").lower() or None)
    if action == "note" and not note:
        raise _wrong("note", "Write something into the note.")
    return Change(action, version, note=note)


def parse_chosen(form: Form) -> list[Chosen]:
    """The tasks whose boxes were ticked: a box is `task_id~version`, or several with commas.

    Raises:
        Invalid: none was, or too many.
    """
    values = [part for box in form.getlist("task") for part in box.split(",")]
    found = [_chosen(value) for value in dict.fromkeys(values)]
    if not found:
        raise Invalid("Choose at least one task first.")
    if len(found) > MOST_TASKS:
        raise Invalid(f"At most {MOST_TASKS} tasks can be changed at once.")
    return found


def _chosen(value: str) -> Chosen:
    identity, _, version = value.partition("~")
    try:
        return Chosen(UUID(identity), int(version))
    except ValueError as error:
        raise Invalid("A chosen task cannot be read. Load the list again.") from error


def _done(form: Form, clock: Clock, version: int | None, note: str | None) -> Change:
    outcome = _text(form, "outcome")
    if outcome not in OUTCOMES:
        raise _wrong("outcome", "Choose how it ended.")
    reason = _text(form, "reason") or None
    if reason and reason not in REASONS.get(outcome, {}):
        raise _wrong("reason", "This reason does not fit how it ended.")
    amount = _amount(form) if reason == "ordered_elsewhere" else None
    until = _until(form, clock) if outcome == "will_order_later" else None
    return Change("done", version, outcome, note, reason, amount, snoozed_until=until)


def _amount(form: Form) -> Decimal:
    written = _text(form, "amount")
    if not _AMOUNT.fullmatch(written) or Decimal(written) == 0:
        raise _wrong("amount", "Enter what was ordered, like 1250.00.")
    return Decimal(written)


def _until(form: Form, clock: Clock) -> datetime:
    """The morning of the day chosen by name, else of the day in the date field."""
    values = [value.strip() for value in form.getlist("snoozed_until") if value.strip()]
    named = next((value for value in values if value in SNOOZES), None)
    if named:
        return clock.morning(_named_day(named, clock.today))
    if not values:
        raise _wrong("snoozed_until", "Choose until when.")
    try:
        day = parse_date(values[0], "The day")
    except Invalid as error:
        raise _wrong("snoozed_until", error.message) from error
    if day <= clock.today:
        raise _wrong("snoozed_until", "Choose a day after today.")
    if day > clock.today + timedelta(days=366):
        raise _wrong("snoozed_until", "Choose a day within a year.")
    return clock.morning(day)


def _named_day(name: str, today: date) -> date:
    if name == "next_week":
        return today + timedelta(days=7 - today.weekday())
    return today + timedelta(days=1 if name == "tomorrow" else 3)


def _version(form: Form) -> int:
    try:
        return int(_text(form, "version"))
    except ValueError as error:
        raise Invalid("The form does not say which state it changes. Load it again.") from error


def _note(form: Form) -> str | None:
    note = _text(form, "note")
    if len(note) > LONGEST_NOTE:
        raise _wrong("note", f"A note has at most {LONGEST_NOTE} characters.")
    return note or None


def _text(form: Form, name: str) -> str:
    """A field's text without what a database cannot hold."""
    return form.get(name, "").replace("\x00", "").encode("utf-8", "replace").decode().strip()


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, fields={field: message})
