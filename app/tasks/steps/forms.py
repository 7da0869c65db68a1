"""What people say when they act on tasks, read from the forms of a task's page and of lists."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.errors import Invalid
from app.tasks.steps.change import Action
from app.tasks.steps.rules import SNOOZES, Asked

MOST_TASKS = 100

Form = MultiDict[str, str]


@dataclass(frozen=True)
class Chosen:
    """A task of a list as it was when it was chosen."""

    task_id: UUID
    version: int


def read_asked(action: Action, form: Form) -> Asked:
    """The step that a form asks for, unchecked; a day chosen by name goes before a typed one."""
    days = [value.strip() for value in form.getlist("snoozed_until") if value.strip()]
    named = next((day for day in days if day in SNOOZES), None)
    return Asked(
        action,
        version=form.get("version", ""),
        outcome=form.get("outcome", ""),
        reason=form.get("reason", ""),
        note=form.get("note", ""),
        amount=form.get("amount", ""),
        owner=form.get("owner"),
        until=named or next(iter(days), ""),
        nonce=form.get("nonce", ""),
    )


def parse_chosen(form: Form, most: int = MOST_TASKS) -> list[Chosen]:
    """The tasks whose boxes were ticked: a box is `task_id~version`, or several with commas.

    Raises:
        Invalid: none was, or too many.
    """
    values = [part for box in form.getlist("task") for part in box.split(",")]
    found = [_chosen(value) for value in dict.fromkeys(values)]
    if not found:
        raise Invalid("Choose at least one task first.")
    if len(found) > most:
        raise Invalid(f"At most {most} tasks can be changed at once.")
    return found


def _chosen(value: str) -> Chosen:
    identity, _, version = value.partition("~")
    try:
        return Chosen(UUID(identity), int(version))
    except ValueError as error:
        raise Invalid("A chosen task cannot be read. Load the list again.") from error
