"""Who gets which branch's report: several people a branch, several branches a person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope
from app.errors import Conflict, Invalid, NotFound

_ADDRESS = re.compile(r"[^\s@<>,;\"\\]+@[^\s@<>,;\"\\]+\.[^\s@<>,;\"\\]+")
_MOST_EMAIL, _MOST_NAME, _MOST_BRANCH = 254, 120, 100


@dataclass(frozen=True)
class RecipientEntry:
    """What people decide about a recipient of a branch's report."""

    branch_id: str
    email: str
    name: str = ""
    is_enabled: bool = True


@dataclass(frozen=True)
class Recipient:
    """A branch's recipient. `is_known_branch`: the locations file has the branch.

    `suppressed`: why no report goes to this address at all, unsubscribed or refused; else None.
    """

    mapping_id: UUID
    branch_id: str
    branch_name: str | None
    is_known_branch: bool
    name: str
    email: str
    is_enabled: bool
    suppressed: str | None

    @property
    def state(self) -> str:
        """on, off, unsubscribed or refused."""
        return self.suppressed or ("on" if self.is_enabled else "off")


def parse_entry(branch_id: str, email: str, name: str, *, is_enabled: bool) -> RecipientEntry:
    """A recipient as somebody entered it; the address in small letters.

    Raises:
        Invalid: something is missing or wrong; `fields` says what, by the field's name.
    """
    branch_id, email, name = branch_id.strip(), email.strip().lower(), name.strip()
    problems = {}
    if not branch_id or len(branch_id) > _MOST_BRANCH or not branch_id.isprintable():
        problems["branch_id"] = "Enter the branch."
    if len(email) > _MOST_EMAIL or not (email.isascii() and _ADDRESS.fullmatch(email)):
        problems["email"] = "Enter an email address, like ana@example.com."
    if len(name) > _MOST_NAME or not name.isprintable():
        problems["name"] = f"A name has at most {_MOST_NAME} readable characters."
    if problems:
        raise Invalid("Nothing was saved.", fields=problems)
    return RecipientEntry(branch_id, email, name, is_enabled)


def list_recipients(conn: Connection, tenant_id: UUID, scope: Scope) -> list[Recipient]:
    """Those of the branches in scope, by branch and address."""
    return [Recipient(*row) for row in conn.execute(_LIST, _scoped(tenant_id, scope))]


def list_lonely_branches(conn: Connection, tenant_id: UUID, scope: Scope) -> list[tuple[str, str]]:
    """Active branches (id, name) in scope whose report nobody gets."""
    rows = conn.execute(_LONELY, _scoped(tenant_id, scope))
    return [(row.location_id, row.name) for row in rows]


def get_recipient(conn: Connection, tenant_id: UUID, scope: Scope, mapping_id: UUID) -> Recipient:
    """One of them.

    Raises:
        NotFound: this tenant has no such recipient, or of a branch outside the scope.
    """
    everybody = list_recipients(conn, tenant_id, scope)
    found = [one for one in everybody if one.mapping_id == mapping_id]
    if not found:
        raise NotFound("There is no such recipient.")
    return found[0]


def add_recipient(conn: Connection, tenant_id: UUID, entry: RecipientEntry) -> UUID:
    """A new one; answers its id.

    Raises:
        Conflict: this address gets this branch's report already.
    """
    mapping_id: UUID | None = conn.execute(_ADD, _values(tenant_id, entry)).scalar_one_or_none()
    if mapping_id is None:
        raise Conflict(_there(entry))
    return mapping_id


def change_recipient(
    conn: Connection, tenant_id: UUID, scope: Scope, mapping_id: UUID, entry: RecipientEntry
) -> None:
    """Change one.

    Raises:
        NotFound: this tenant has no such recipient, or of a branch outside the scope.
        Conflict: the address gets that branch's report by another entry.
    """
    get_recipient(conn, tenant_id, scope, mapping_id)
    values = _values(tenant_id, entry) | {"mapping_id": mapping_id}
    if conn.execute(_TAKEN, values).scalar():
        raise Conflict(_there(entry))
    conn.execute(_CHANGE, values)


def delete_recipient(
    conn: Connection, tenant_id: UUID, scope: Scope, mapping_id: UUID
) -> RecipientEntry | None:
    """Delete a recipient in scope and return it; None when it is gone. What was sent stays."""
    statement = text("""
        delete from branch_email_mappings
        where
            tenant_id = :t and mapping_id = :mapping_id
            and (cast(:scope as text []) is null or branch_id = any(:scope))
        returning branch_id, email, name, is_enabled
    """)
    values = _scoped(tenant_id, scope) | {"mapping_id": mapping_id}
    row = conn.execute(statement, values).one_or_none()
    return None if row is None else RecipientEntry(*row)


def end_suppression(conn: Connection, tenant_id: UUID, scope: Scope, mapping_id: UUID) -> str:
    """Let reports go to this recipient's address again; answers the address.

    Raises:
        NotFound: this tenant has no such recipient.
    """
    found = get_recipient(conn, tenant_id, scope, mapping_id)
    statement = text("delete from email_suppression where tenant_id = :t and email = :email")
    conn.execute(statement, {"t": tenant_id, "email": found.email})
    return found.email


def warnings_of(recipients: Sequence[Recipient], lonely: Sequence[tuple[str, str]]) -> list[str]:
    """What is amiss, a sentence each."""
    said = []
    if lonely:
        names = ", ".join(f"{branch_id} {name}" for branch_id, name in lonely[:10])
        more = f" and {len(lonely) - 10} more" if len(lonely) > 10 else ""
        said.append(f"No one gets the report for {names}{more}.")
    unknown = sorted({one.branch_id for one in recipients if not one.is_known_branch})
    if unknown:
        said.append(f"Not in the branch file, so no report is made: {', '.join(unknown[:10])}.")
    refused = sorted({one.email for one in recipients if one.suppressed == "refused"})
    if refused:
        said.append(f"The mail server permanently refused {', '.join(refused[:10])}.")
    return said


def _there(entry: RecipientEntry) -> str:
    return f"{entry.email} already gets the report for {entry.branch_id}."


def _scoped(tenant_id: UUID, scope: Scope) -> dict[str, object]:
    branches = scope.location_ids
    return {"t": tenant_id, "scope": None if branches is None else list(branches)}


def _values(tenant_id: UUID, entry: RecipientEntry) -> dict[str, object]:
    return {"t": tenant_id, **vars(entry)}


_LIST = text("""
    select
        m.mapping_id, m.branch_id, l.name, l.location_id is not null, m.name, m.email,
        m.is_enabled, s.reason
    from branch_email_mappings as m
    left join email_suppression as s on s.tenant_id = m.tenant_id and s.email = m.email
    left join locations as l on l.tenant_id = m.tenant_id and l.location_id = m.branch_id
    where m.tenant_id = :t and (cast(:scope as text []) is null or m.branch_id = any(:scope))
    order by m.branch_id, m.email
""")
_LONELY = text("""
    select l.location_id, l.name
    from locations as l
    where
        l.tenant_id = :t and l.is_active
        and (cast(:scope as text []) is null or l.location_id = any(:scope))
        and not exists (
            select from branch_email_mappings as m
            where
                m.tenant_id = :t and m.branch_id = l.location_id and m.is_enabled
                and m.email not in (
                    select s.email from email_suppression as s where s.tenant_id = :t
                )
        )
    order by l.location_id
""")
_ADD = text("""
    insert into branch_email_mappings (tenant_id, branch_id, email, name, is_enabled)
    values (:t, :branch_id, :email, :name, :is_enabled)
    on conflict on constraint branch_email_mappings_key do nothing
    returning mapping_id
""")
_TAKEN = text("""
    select exists (
        select from branch_email_mappings
        where
            tenant_id = :t and branch_id = :branch_id and email = :email
            and mapping_id <> :mapping_id
    )
""")
_CHANGE = text("""
    update branch_email_mappings
    set
        branch_id = :branch_id, email = :email, name = :name, is_enabled = :is_enabled,
        updated_at = now()
    where tenant_id = :t and mapping_id = :mapping_id
""")
