"""Team board: how every rep stands, and what contacts brought in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope
from app.dates import DateRange

LEAST_GROUP = 30
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class BoardRow:
    """How one holder of customers stands; `holder` is what the queue's filter `owner` takes.

    A holder is a member (`owner`), an account owner in the customer file who is no member
    (`account_owner`), or the customers of a branch that nobody owns (`branch_id`).
    """

    holder: str
    owner: str | None
    account_owner: str | None
    branch_id: str | None
    customers: int
    open_tasks: int
    overdue: int
    worked: int
    won: int
    first_action_hours: float | None


@dataclass(frozen=True)
class RecoveredRow:
    """What contacts of one type by one person brought in; `done_by` None is the untouched."""

    task_type: str
    done_by: str | None
    contacts: int
    orders: int
    revenue: Decimal
    same_item: Decimal
    tasks: int
    tasks_ordered: int


@dataclass(frozen=True)
class OtherRevenue:
    """What was credited in a currency other than the reporting one; never summed with it."""

    currency: str
    orders: int
    revenue: Decimal


@dataclass(frozen=True)
class Uplift:
    """How often customers ordered, per cent: spoken to and not; `points` None under 30 each."""

    task_type: str
    tasks: int
    share: float | None
    untouched: int
    untouched_share: float | None

    @property
    def points(self) -> float | None:
        """The difference in percentage points, when both groups are large enough to compare."""
        if min(self.tasks, self.untouched) < LEAST_GROUP:
            return None
        return (self.share or 0) - (self.untouched_share or 0)


@dataclass(frozen=True)
class Recovered:
    """The recovered revenue of a range, by type and person; beside it, other currencies."""

    rows: tuple[RecoveredRow, ...]
    other_currencies: tuple[OtherRevenue, ...] = ()

    @property
    def total(self) -> RecoveredRow:
        """All of it together."""
        return _sum("", None, [row for row in self.rows if row.done_by is not None])

    @property
    def by_person(self) -> dict[str, RecoveredRow]:
        """One row a person, by email."""
        names = dict.fromkeys(row.done_by for row in self.rows if row.done_by is not None)
        return {
            name: _sum("", name, [row for row in self.rows if row.done_by == name])
            for name in names
        }

    @property
    def uplifts(self) -> list[Uplift]:
        """One comparison a type that has anything to compare."""
        types = dict.fromkeys(row.task_type for row in self.rows)
        return [self._uplift(task_type) for task_type in types]

    def _uplift(self, task_type: str) -> Uplift:
        own = [row for row in self.rows if row.task_type == task_type]
        spoken = _sum(task_type, "", [row for row in own if row.done_by is not None])
        left = _sum(task_type, None, [row for row in own if row.done_by is None])
        return Uplift(task_type, spoken.tasks, _share(spoken), left.tasks, _share(left))


def get_team_board(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    period: DateRange,
    since: datetime,
    until: datetime | None = None,
    now: datetime | None = None,
) -> list[BoardRow]:
    """Members by address, then account owners who are none, then what nobody owns by branch.

    Customers wait by `period`; what was done is counted from `since` until before `until`.

    Source: sql/functions/tasks/get_team_board.sql
    """
    statement = text("""
        select * from get_team_board(
            :t, cast(:scope as member_scope), :start, :end, :since, :until,
            coalesce(cast(:now as timestamptz), now())
        )
    """)
    values = {
        "t": tenant_id,
        "scope": scope.literal,
        "start": period.start,
        "end": period.end,
        "since": since,
        "until": until,
        "now": now,
    }
    return [BoardRow(*row) for row in conn.execute(statement, values)]


def list_held_tasks(
    conn: Connection, tenant_id: UUID, scope: Scope, holder: str, period: DateRange
) -> list[tuple[UUID, int]]:
    """Ids and versions of one task per customer of a holder, at most MOST_AT_ONCE.

    Source: sql/functions/tasks/list_held_tasks.sql
    """
    statement = text("""
        select * from list_held_tasks(
            :t, cast(:scope as member_scope), :holder, :start, :end, :limit
        )
    """)
    values = {
        "t": tenant_id,
        "scope": scope.literal,
        "holder": holder,
        "start": period.start,
        "end": period.end,
        "limit": MOST_AT_ONCE,
    }
    return [(row.task_id, row.version) for row in conn.execute(statement, values)]


def get_recovered_revenue(
    conn: Connection, tenant_id: UUID, period: DateRange, location_ids: Sequence[str] | None = None
) -> Recovered:
    """What followed the contacts of these days.

    Source: sql/functions/tasks/get_recovered_revenue.sql, get_recovered_other_currencies.sql
    """
    values = _arguments(tenant_id, period, location_ids)
    statement = text("select * from get_recovered_revenue(:t, :start, :end, :branches)")
    rows = tuple(RecoveredRow(*row) for row in conn.execute(statement, values))
    others = conn.execute(_OTHER_CURRENCIES, values) if any(row.done_by for row in rows) else ()
    return Recovered(rows, tuple(OtherRevenue(*row) for row in others))


_OTHER_CURRENCIES = text("""
    select currency, sum(orders)::bigint, sum(revenue)
    from get_recovered_other_currencies(:t, :start, :end, :branches)
    group by currency
    order by currency
""")


def _arguments(
    tenant_id: UUID, period: DateRange, location_ids: Sequence[str] | None
) -> dict[str, object]:
    branches = None if location_ids is None else list(location_ids)
    return {"t": tenant_id, "start": period.start, "end": period.end, "branches": branches}


def _sum(task_type: str, done_by: str | None, rows: Iterable[RecoveredRow]) -> RecoveredRow:
    rows = list(rows)
    return RecoveredRow(
        task_type,
        done_by,
        sum(row.contacts for row in rows),
        sum(row.orders for row in rows),
        sum((row.revenue for row in rows), Decimal(0)),
        sum((row.same_item for row in rows), Decimal(0)),
        sum(row.tasks for row in rows),
        sum(row.tasks_ordered for row in rows),
    )


def _share(row: RecoveredRow) -> float | None:
    return 100 * row.tasks_ordered / row.tasks if row.tasks else None
