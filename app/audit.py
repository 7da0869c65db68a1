"""The audit log: who did what to what, when, from where and through what.

    with tenant_transaction(tenant_id) as conn:
        change_role(conn, …)
        audit.record(conn, tenant_id, current_actor(), "member.role_changed", email,
                     before="rep", after="manager")

An entry is written in the transaction of its action: neither exists without the other. Steps of
tasks are recorded in `task_history`; their entries name only the step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text

Via = Literal["page", "api", "link", "job", "command"]
_SECRET = re.compile(r"password|passphrase|secret|token|credential|private_key", re.IGNORECASE)
_MOST_CHARS = 500


@dataclass(frozen=True)
class Actor:
    """Who acts (an email) and through what; in a request also from where."""

    email: str
    via: Via
    member_id: UUID | None = None
    address: str | None = None
    request_id: str | None = None


COMMAND_LINE = Actor("", "command")


def record(
    conn: Connection,
    tenant_id: UUID,
    actor: Actor,
    action: str,
    subject: object = "",
    /,
    **detail: object,
) -> None:
    """Add an entry, in the transaction of its action.

    `action` is a dotted word (`member.role_changed`), `subject` what was acted on, `detail` further
    facts, mostly `before` and `after`. Never secrets, never contacts' names, addresses or numbers.

    Raises:
        ValueError: a detail's name indicates a secret.
    """
    if named := next(filter(_SECRET.search, _names(detail)), None):
        raise ValueError(f"{named} has no place in the audit log")
    values = {
        "t": tenant_id,
        "member_id": actor.member_id,
        "email": actor.email,
        "action": action,
        "subject": str(subject).replace("\x00", "")[:_MOST_CHARS],
        "via": actor.via,
        "detail": json.dumps(detail, default=_plain).replace("\\u0000", ""),
        "address": actor.address,
        "request_id": actor.request_id,
    }
    conn.execute(_INSERT, values)


def record_for_tenants(
    conn: Connection,
    tenant_ids: Iterable[UUID],
    actor: Actor,
    action: str,
    subject: object = "",
    /,
    **detail: object,
) -> None:
    """Add the entry for each of these tenants, in admin_transaction(); only for sign-in."""
    for tenant_id in tenant_ids:
        conn.execute(_SET_TENANT, {"t": str(tenant_id)})
        record(conn, tenant_id, actor, action, subject, **detail)
    conn.execute(_SET_TENANT, {"t": ""})


def _names(value: object) -> Iterable[str]:
    """The names in a detail, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from _names(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _names(inner)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, set | frozenset) else str(value)


_SET_TENANT = text("select set_config('app.tenant_id', :t, true)")
_INSERT = text("""
    insert into audit_entry (
        tenant_id, member_id, member_email, action, subject, detail, via, address, request_id
    )
    values (
        :t, :member_id, :email, :action, :subject, cast(:detail as jsonb), :via, :address,
        :request_id
    )
""")
