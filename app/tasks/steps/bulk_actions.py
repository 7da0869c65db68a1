"""Many tasks at once: assigned or snoozed, those that changed since they were chosen left alone."""

from __future__ import annotations

from dataclasses import replace

from loguru import logger

from app.database.engine import tenant_transaction
from app.dates import today
from app.errors import Conflict, Invalid, NotFound
from app.format import plural
from app.http.current import current_actor, current_membership, current_tenant_id
from app.http.web import current_format
from app.tasks.steps.change import Change
from app.tasks.steps.forms import Chosen, Form, parse_chosen, read_asked
from app.tasks.steps.rules import Clock, check_owner, parse_step, take_step


def take_many(form: Form, nouns: tuple[str, str]) -> str:
    """Change the tasks a form chose, one by one; answers what to tell the member.

    Raises:
        Invalid: none was chosen, or it is not said what to do with them.
    """
    chosen, action = parse_chosen(form), form.get("action", "")
    if action not in ("assign", "snooze"):
        raise Invalid("Choose whether to assign or to snooze them.")
    asked = read_asked(action, form)  # type: ignore[arg-type] # one of two words
    # Each of the chosen has its own version, see _took().
    change = parse_step(replace(asked, version="0", note="", nonce=""), read_clock())
    with tenant_transaction(current_tenant_id()) as conn:
        check_owner(conn, current_tenant_id(), change)
    changed = sum(_took(one, change) for one in chosen)
    logger.info("tasks.many.changed", action=action, chosen=len(chosen), changed=changed)
    return _count_words(nouns, change, changed, len(chosen) - changed)


def read_clock() -> Clock:
    """The tenant's day, which days in forms are counted from."""
    time_zone = current_format().time_zone
    return Clock(today(time_zone), time_zone)


def _took(chosen: Chosen, change: Change) -> bool:
    """Whether this one still was as it was when it was chosen."""
    tenant_id = current_tenant_id()
    step = replace(change, version=chosen.version)
    try:
        with tenant_transaction(tenant_id) as conn:
            scope = current_membership().scope
            take_step(conn, tenant_id, scope, chosen.task_id, step, current_actor())
    except (Conflict, Invalid, NotFound):
        return False
    return True


def _count_words(nouns: tuple[str, str], change: Change, changed: int, left: int) -> str:
    verb = "Assigned" if change.action == "assign" else "Snoozed"
    said = f"{verb} {changed} {plural(changed, *nouns)}."
    if not left:
        return said
    were = "was" if left == 1 else "were"
    if change.action == "assign":
        return f"{said} {left} {were} changed meanwhile, or not yours to assign, and skipped."
    return f"{said} {left} {were} changed by someone else meanwhile and skipped."
