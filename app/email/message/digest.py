"""The digest for managers: what became of a week's tasks, by rep and branch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from app.branches import branch_label, get_branch_names
from app.database.tenancy import Scope
from app.dates import DateRange, today, zone
from app.tasks.board.queries import (
    BoardRow,
    Recovered,
    get_recovered_revenue,
    get_team_board,
)
from app.tasks.lists.context import list_assignees
from app.tenant_settings import get_tenant_settings

_OPEN_DAYS = 90  # as on the team board


@dataclass(frozen=True)
class Manager:
    """Somebody who gets the digest. `location_ids` None is every branch."""

    email: str
    name: str
    location_ids: tuple[str, ...] | None


@dataclass(frozen=True)
class BranchWork:
    """A branch's customers. `made`: with tasks of the period, `worked` of these; its outcomes."""

    branch_id: str
    label: str
    made: int
    worked: int
    won: int
    will_order_later: int
    no_answer: int
    not_interested: int
    not_relevant: int
    first_action_hours: float | None

    @property
    def ignored(self) -> int:
        """Customers that nobody did anything about."""
        return self.made - self.worked


@dataclass(frozen=True)
class Digest:
    """One manager's week. `people`: owners with their numbers, `recovered` by their addresses."""

    member: Manager
    period: DateRange
    branches: tuple[BranchWork, ...]
    people: tuple[BoardRow, ...]
    names: dict[str, str]
    recovered: Recovered

    @property
    def made(self) -> int:
        """Customers with tasks of the period."""
        return _sum(self.branches, "made")

    @property
    def worked(self) -> int:
        """Of these, the ones somebody did something about."""
        return _sum(self.branches, "worked")

    @property
    def outcomes(self) -> dict[str, int]:
        """How often each outcome was entered, by its words."""
        return {
            "Won": _sum(self.branches, "won"),
            "Will order later": _sum(self.branches, "will_order_later"),
            "No answer": _sum(self.branches, "no_answer"),
            "Not interested": _sum(self.branches, "not_interested"),
            "Not relevant": _sum(self.branches, "not_relevant"),
        }


def list_managers(
    conn: Connection, tenant_id: UUID, location_ids: Sequence[str] | None
) -> list[Manager]:
    """Active managers and admins who did not unsubscribe, by address.

    With `location_ids` only those who see none but these branches; None is everybody.
    """
    statement = text("""
        select m.email, m.name, m.location_ids
        from membership as m
        where
            m.tenant_id = :t and m.is_active and m.role in ('manager', 'admin')
            and (
                cast(:branches as text []) is null
                or m.location_ids <@ cast(:branches as text [])
            )
            and not exists (
                select from email_suppression as s where s.tenant_id = :t and s.email = m.email
            )
        order by m.email
    """)
    values = {"t": tenant_id, "branches": None if location_ids is None else list(location_ids)}
    return [
        Manager(email, name or "", None if branches is None else tuple(branches))
        for email, name, branches in conn.execute(statement, values)
    ]


def build_digest(conn: Connection, tenant_id: UUID, member: Manager, period: DateRange) -> Digest:
    """The digest of this manager's branches."""
    zone_name = get_tenant_settings(conn, tenant_id).time_zone
    now = today(zone_name)
    since, until = (
        datetime.combine(day, time(), zone(zone_name))
        for day in (period.start, period.end + timedelta(days=1))
    )
    waiting = DateRange(now - timedelta(days=_OPEN_DAYS - 1), now)
    scope = Scope(member.location_ids, member.email, is_masked=False)
    board = get_team_board(conn, tenant_id, scope, waiting, since, until)
    return Digest(
        member=member,
        period=period,
        branches=tuple(_list_work(conn, tenant_id, period, member.location_ids)),
        people=tuple(row for row in board if row.owner is not None),
        names={one.email: one.name for one in list_assignees(conn, tenant_id) if one.name},
        recovered=get_recovered_revenue(conn, tenant_id, period, member.location_ids),
    )


def _list_work(
    conn: Connection, tenant_id: UUID, period: DateRange, location_ids: Iterable[str] | None
) -> list[BranchWork]:
    """Source: sql/functions/tasks/get_work_by_branch.sql"""
    names = get_branch_names(conn, tenant_id)
    statement = text("select * from get_work_by_branch(:t, :start, :end, :branches)")
    values = {
        "t": tenant_id,
        "start": period.start,
        "end": period.end,
        "branches": None if location_ids is None else list(location_ids),
    }
    return [
        BranchWork(row.branch_id, branch_label(names, row.branch_id), *row[1:])
        for row in conn.execute(statement, values)
    ]


def _sum(rows: Iterable[BranchWork], name: str) -> int:
    return sum(getattr(row, name) for row in rows)
