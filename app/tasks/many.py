"""Many tasks at once: assigned or snoozed, those that changed since they were chosen left alone."""

from __future__ import annotations

from uuid import UUID

from loguru import logger
from sqlalchemy import Connection

from app.current import current_actor, current_member, current_membership
from app.dates import today
from app.db import tenant_transaction
from app.errors import Conflict, Invalid, NotFound
from app.format import plural
from app.tasks.forms import Chosen, Clock, Form, parse_change, parse_chosen
from app.tasks.lookups import list_assignees
from app.tasks.opened import find_visible_task
from app.tasks.work import Change, change_task
from app.web import current_format


def take_many(form: Form, nouns: tuple[str, str]) -> str:
    """Change the tasks a form chose, one by one; answers what to tell the member.

    Raises:
        Invalid: none was chosen, or it is not said what to do with them.
    """
    chosen, action = parse_chosen(form), form.get("action", "")
    if action not in ("assign", "snooze"):
        raise Invalid("Choose whether to assign or to snooze them.")
    said = form.copy()
    said["version"] = "0"  # each of the chosen has its own, see _took()
    change = parse_change(action, said, read_clock())  # type: ignore[arg-type] # one of two words
    with tenant_transaction(_tenant_id()) as conn:
        check_assignee(conn, change)
    changed = sum(_took(one, change) for one in chosen)
    logger.info("tasks.many.changed", action=action, chosen=len(chosen), changed=changed)
    return _count_words(nouns, change, changed, len(chosen) - changed)


def check_assignee(conn: Connection, change: Change) -> None:
    """Refuse to give a task to somebody who does not work here.

    Raises:
        Invalid: as said.
    """
    if change.owner is None:
        return
    known = {assignee.email for assignee in list_assignees(conn, _tenant_id())}
    if change.owner not in known:
        message = "Choose a colleague who works here."
        raise Invalid(message, fields={"owner": message})


def read_clock() -> Clock:
    """The tenant's day, which days in forms are counted from."""
    time_zone = current_format().time_zone
    return Clock(today(time_zone), time_zone)


def _took(chosen: Chosen, change: Change) -> bool:
    """Whether this one still was as it was when it was chosen."""
    tenant_id = _tenant_id()
    step = Change(
        change.action, chosen.version, owner=change.owner, snoozed_until=change.snoozed_until
    )
    try:
        with tenant_transaction(tenant_id) as conn:
            find_visible_task(conn, current_membership(), current_member(), chosen.task_id)
            change_task(conn, tenant_id, chosen.task_id, step, current_actor())
    except (Conflict, NotFound):
        return False
    return True


def _count_words(nouns: tuple[str, str], change: Change, changed: int, left: int) -> str:
    verb = "Assigned" if change.action == "assign" else "Snoozed"
    said = f"{verb} {changed} {plural(changed, *nouns)}."
    if not left:
        return said
    were = "was" if left == 1 else "were"
    return f"{said} {left} {were} changed by someone else meanwhile and left alone."


def _tenant_id() -> UUID:
    return current_membership().tenant.tenant_id
