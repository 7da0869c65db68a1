"""A section of the settings on its page: its form, last save and last test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from app import audit
from app.audit import Actor
from app.ingest.store.retention import count_outdated
from app.settings.checks.steps import CHECKED, find_check
from app.settings.effect import find_trial
from app.settings.forms import FORMS, TITLES, SectionForm
from app.settings.saves import Save, get_save
from app.settings.store import has_secret, read_section, store_section
from app.tenant_settings import get_tenant_settings
from app.words_for_nothing import list_built_in

NEEDED_WORDS = "Enter it: none is stored yet."
BOUND_WORDS = (
    "Enter it again: what is stored was saved for another host or user name, and is not sent "
    "anywhere else."
)


def open_form(conn: Connection, tenant_id: UUID, section: str) -> SectionForm:
    """The form of the request; for a GET the stored values."""
    return FORMS[section](data=_stored(conn, tenant_id, section))


def reopen_form(conn: Connection, tenant_id: UUID, section: str) -> SectionForm:
    """The stored values, ignoring the request's."""
    return FORMS[section](formdata=None, data=_stored(conn, tenant_id, section))


def _stored(conn: Connection, tenant_id: UUID, section: str) -> dict[str, Any]:
    version = get_save(conn, tenant_id, section).version
    return {**read_section(conn, tenant_id, section), "version": version}


def fill_form(
    conn: Connection, tenant_id: UUID, section: str, sent: Mapping[str, Any]
) -> SectionForm:
    """A form filled by a program: fields not sent keep their stored values."""
    values = {**_stored(conn, tenant_id, section), **sent}
    texts = {name: _as_text(value) for name, value in values.items() if value is not None}
    return FORMS[section](formdata=MultiDict(texts), meta={"csrf": False})


def _as_text(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def check_secret(conn: Connection, tenant_id: UUID, section: str, form: SectionForm) -> bool:
    """Whether the form has the secret it needs; otherwise the field says why.

    A stored secret is valid only for the host, port and user name it was saved for: changing these
    requires entering it again.
    """
    if form.secret is None or form.entered_secret() is not None:
        return True
    if not has_secret(get_tenant_settings(conn, tenant_id), section):
        form[form.secret].errors = [NEEDED_WORDS]
        return False
    old = read_section(conn, tenant_id, section)
    if any(old.get(name) != form[name].data for name in form.bound_to):
        form[form.secret].errors = [BOUND_WORDS]
        return False
    return True


def save_form(
    conn: Connection, tenant_id: UUID, section: str, form: SectionForm, actor: Actor
) -> Save | None:
    """Store a valid form. None if that worked, else the save that came first."""
    before = read_section(conn, tenant_id, section)
    is_done = store_section(
        conn,
        tenant_id,
        section,
        form.values(),
        form.entered_secret(),
        form.version.data or 0,
        actor.email,
    )
    if not is_done:
        return get_save(conn, tenant_id, section)
    after = read_section(conn, tenant_id, section)
    changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    audit.record(
        conn,
        tenant_id,
        actor,
        "settings.changed",
        section,
        before={name: before.get(name) for name in changed},
        after={name: after.get(name) for name in changed},
        key_replaced=form.entered_secret() is not None,
    )
    return None


def describe(conn: Connection, tenant_id: UUID, section: str) -> dict[str, Any]:
    """What a section's page shows besides its form."""
    settings = get_tenant_settings(conn, tenant_id)
    return {
        "section": section,
        "titles": TITLES,
        "save": get_save(conn, tenant_id, section),
        "has_secret": has_secret(settings, section),
        "is_set_up": section in CHECKED and bool(getattr(settings, section)),
        "check": find_check(conn, tenant_id, section) if section in CHECKED else None,
        "settings": settings,
        "trial": find_trial(conn, tenant_id) if section == "rules" else None,
        "outdated": count_outdated(conn, tenant_id) if section == "retention" else None,
        "built_in": list_built_in(conn) if section == "nothing-words" else [],
    }
