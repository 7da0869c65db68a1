"""What each recipient was told of which task, and what there is to tell now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope
from app.errors import Invalid

_DAYS_BACK = 364  # as far as My queue goes


@dataclass(frozen=True)
class Addressee:
    """Somebody who gets mail. `branch_ids`: the branches it is about, in order."""

    email: str
    name: str
    branch_ids: tuple[str, ...]


@dataclass(frozen=True)
class OpenTask:
    """A task that is open or in progress, as far as sorting into reports needs it."""

    task_id: UUID
    customer_key: str
    branch_id: str
    score: float
    last_at: datetime


Told = Mapping[UUID, str]


def list_addressees(
    conn: Connection, tenant_id: UUID, location_ids: Sequence[str] | None
) -> list[Addressee]:
    """Who gets reports, each with those of their branches that are asked for, by address.

    Left out are branches that the locations file does not know, members' branches that these
    members may not see, and addresses that unsubscribed or were refused. `location_ids` None is
    every branch.
    """
    values = {"t": tenant_id, "branches": None if location_ids is None else list(location_ids)}
    return [
        Addressee(row.email, row.name, tuple(row.branch_ids))
        for row in conn.execute(_ADDRESSEES, values)
    ]


def find_addressee(conn: Connection, tenant_id: UUID, scope: Scope, email: str) -> Addressee:
    """Somebody who gets reports about nothing but branches in scope.

    Raises:
        Invalid: nobody of that address does.
    """
    everybody = list_addressees(conn, tenant_id, None)
    found = next((one for one in everybody if one.email == email), None)
    if found is None or not any(map(scope.allows, found.branch_ids)):
        raise Invalid("No recipient has this address. Choose one of the recipients.")
    if not all(map(scope.allows, found.branch_ids)):
        raise Invalid("This report is about branches that you do not see.")
    return found


def list_open_tasks(conn: Connection, tenant_id: UUID, today: date) -> dict[str, list[OpenTask]]:
    """Every task that waits, best first, by branch.

    Source: sql/functions/email/list_report_tasks.sql
    """
    statement = text("select * from list_report_tasks(:t, :start, :end)")
    values = {"t": tenant_id, "start": today - timedelta(days=_DAYS_BACK), "end": today}
    found: dict[str, list[OpenTask]] = defaultdict(list)
    for row in conn.execute(statement, values):
        found[row.branch_id].append(OpenTask(*row))
    return found


def list_told_tasks(
    conn: Connection, tenant_id: UUID, recipients: Iterable[str]
) -> dict[str, dict[UUID, str]]:
    """The last word each recipient was told of each task: new, open or closed.

    Source: sql/functions/email/list_told_tasks.sql
    """
    statement = text("select * from list_told_tasks(:t, :recipients)")
    found: dict[str, dict[UUID, str]] = defaultdict(dict)
    values = {"t": tenant_id, "recipients": list(recipients)}
    for row in conn.execute(statement, values):
        found[row.recipient][row.task_id] = row.told_as
    return found


_ADDRESSEES = text("""
    select
        m.email, coalesce(min(m.name) filter (where m.name <> ''), '') as name,
        array_agg(m.branch_id order by m.branch_id) as branch_ids
    from branch_email_mappings as m
    inner join locations as l on l.tenant_id = m.tenant_id and l.location_id = m.branch_id
    where
        m.tenant_id = :t and m.is_enabled
        and (cast(:branches as text []) is null or m.branch_id = any(:branches))
        and _may_receive(m.tenant_id, m.email, m.branch_id)
        and not exists (
            select from email_suppression as s where s.tenant_id = :t and s.email = m.email
        )
    group by m.email
    order by m.email
""")
