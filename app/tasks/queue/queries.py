"""My queue: its cards with what is known of each customer, and its counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from app.database.tenancy import Scope
from app.dates import DateRange
from app.tasks.contacts import Contact, list_contacts
from app.tasks.queries import Card, Place, Task, TaskFilters, filter_arguments, get_tasks
from app.tasks.score import Part, card_score, score_parts

MOST_CONTACTS = 3
MOST_REASONS = 60


@dataclass(frozen=True)
class Scale:
    """What scores are measured against: the tenant's 90th percentile of task values."""

    value_p90: Decimal | None
    currency: str


@dataclass(frozen=True)
class Summary:
    """What a customer bought in 12 months, in the reporting currency."""

    customer_key: str
    net_revenue: Decimal
    orders: int
    last_order_at: datetime | None


@dataclass(frozen=True)
class QueueCounts:
    """Customers that are snoozed, and customers done this week."""

    snoozed: int
    done: int


@dataclass(frozen=True)
class Lead:
    """A card with its customer's summary and the parts of its best reason's score.

    `contacts` are the company's, when the best reason knows no person. `said`: the last contact and
    the last note, where there are any.
    """

    card: Card
    parts: tuple[Part, ...] = ()
    summary: Summary | None = None
    contacts: tuple[Contact, ...] = ()
    said: Mapping[str, Said] = field(default_factory=dict)

    @property
    def best(self) -> Task:
        """The reason that counts most."""
        return self.card.tasks[0]


@dataclass(frozen=True)
class Queue:
    """One page of cards and the number of all of them; `hidden` are those without a contact."""

    cards: tuple[Card, ...]
    total: int
    hidden: int


@dataclass(frozen=True)
class Said:
    """A customer's last contact or note: `action` and `outcome` of a contact, `note` of a note."""

    action: str
    outcome: str | None
    note: str | None
    done_by: str
    happened_at: datetime


def get_task_queue(
    conn: Connection,
    tenant_id: UUID,
    filters: TaskFilters,
    place: Place,
) -> Queue:
    """Cards of customers to contact; overdue call-backs first, then by `filters.sort_field`.

    Source: sql/functions/tasks/get_task_queue.sql
    """
    statement = text("""
        select * from get_task_queue(
            :t, cast(:scope as member_scope), :start, :end, :branches, :query, :types, :reachable,
            :least_value, :holders, :sort_field, :limit, :offset,
            coalesce(cast(:now as timestamptz), now())
        )
    """)
    values = filter_arguments(tenant_id, filters) | {
        "types": list(filters.types) or None,
        "sort_field": filters.sort_field,
        "limit": place.limit,
        "offset": place.offset,
        "now": place.now,
    }
    rows = conn.execute(statement, values).all()
    shown = [row for row in rows if row.is_shown]
    cards = _cards(conn, tenant_id, filters.scope, shown, place.now)
    return Queue(cards, rows[0].total if rows else 0, rows[0].hidden if rows else 0)


def _cards(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    rows: Sequence[Row[Any]],
    now: datetime | None,
) -> tuple[Card, ...]:
    ids = [task_id for row in rows for task_id in row.task_ids]
    tasks = get_tasks(conn, tenant_id, scope, ids, now)
    return tuple(
        Card(
            row.customer_key,
            row.score,
            row.value,
            row.overdue_at,
            row.last_at,
            tuple(tasks[task_id] for task_id in row.task_ids if task_id in tasks),
        )
        for row in rows
    )


def get_scale(conn: Connection, tenant_id: UUID) -> Scale:
    """Today's factors. Source: sql/functions/tasks/_task_scale.sql"""
    statement = text("""
        select s.value_p90, c.reporting_currency
        from tenant_config as c
        left join _task_scale(:t) as s on true
        where c.tenant_id = :t
    """)
    return Scale(*conn.execute(statement, {"t": tenant_id}).one())


def get_customer_summaries(
    conn: Connection, tenant_id: UUID, scope: Scope, keys: Sequence[str]
) -> dict[str, Summary]:
    """What each of these customers bought, if the scope shows it whole.

    Source: sql/functions/customers/get_customer_summaries.sql
    """
    statement = text("""
        select * from get_customer_summaries(:t, cast(:scope as member_scope), :keys)
    """)
    values = {"t": tenant_id, "scope": scope.literal, "keys": list(keys)}
    rows = conn.execute(statement, values)
    return {row.customer_key: Summary(*row) for row in rows}


def list_last_words(
    conn: Connection, tenant_id: UUID, scope: Scope, keys: Sequence[str]
) -> dict[str, dict[str, Said]]:
    """The last `contact` and the last `note` of each customer that has one.

    Source: sql/functions/customers/list_last_words.sql
    """
    statement = text("select * from list_last_words(:t, cast(:scope as member_scope), :keys)")
    values = {"t": tenant_id, "scope": scope.literal, "keys": list(keys)}
    found: dict[str, dict[str, Said]] = {}
    for key, kind, *said in conn.execute(statement, values):
        found.setdefault(key, {})[kind] = Said(*said)
    return found


def get_queue_counts(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    period: DateRange,
    since: datetime,
    location_ids: Sequence[str] | None,
    holders: Sequence[str] | None,
    done_by: str | None,
) -> QueueCounts:
    """Who is snoozed, and what was done since. Source: sql/functions/tasks/get_queue_counts.sql"""
    statement = text("""
        select * from get_queue_counts(
            :t, cast(:scope as member_scope), :start, :end, :since, :branches, :done_by, :holders
        )
    """)
    values = {
        "t": tenant_id,
        "scope": scope.literal,
        "start": period.start,
        "end": period.end,
        "since": since,
        "branches": None if location_ids is None else list(location_ids),
        "done_by": done_by,
        "holders": None if holders is None else list(holders),
    }
    return QueueCounts(*conn.execute(statement, values).one())


def build_leads(
    conn: Connection, tenant_id: UUID, scope: Scope, cards: Sequence[Card], now: datetime
) -> list[Lead]:
    """The cards as they are shown; one without a task that is still there is left out."""
    cards = [card for card in cards if card.tasks]
    scale = get_scale(conn, tenant_id)
    keys = [card.customer_key for card in cards]
    summaries = get_customer_summaries(conn, tenant_id, scope, keys) if keys else {}
    companies = [c.tasks[0].company_id for c in cards if c.tasks[0].contact_id is None]
    known = [company_id for company_id in companies if company_id]
    people = list_contacts(conn, tenant_id, scope, known, MOST_CONTACTS)
    return [
        Lead(
            card,
            _parts(card.tasks[0], scale, now),
            summaries.get(card.customer_key),
            tuple(people.get(card.tasks[0].company_id or "", ())),
        )
        for card in cards
    ]


def add_last_words(
    conn: Connection, tenant_id: UUID, scope: Scope, leads: Sequence[Lead]
) -> list[Lead]:
    """The cards with what was last said to and written about each customer."""
    keys = [lead.card.customer_key for lead in leads]
    said = list_last_words(conn, tenant_id, scope, keys) if keys else {}
    return [replace(lead, said=said.get(lead.card.customer_key, {})) for lead in leads]


def card_of(tasks: Sequence[Task], currency: str) -> Card | None:
    """The card that these tasks of one customer make; None when none of them is open.

    `currency` is the reporting one: values in others are not added.
    """
    waiting = [task for task in tasks if task.state in ("open", "in_progress")]
    if not waiting:
        return None
    waiting.sort(key=lambda task: (-task.score, str(task.task_id)))
    due = [task.snoozed_until for task in waiting if task.snoozed_until]
    return Card(
        waiting[0].customer_key,
        card_score([task.score for task in waiting]),
        sum((t.value or Decimal(0) for t in waiting if t.currency in ("", currency)), Decimal(0)),
        min(due) if due else None,
        max(task.last_at for task in waiting),
        tuple(waiting),
    )


def _parts(task: Task, scale: Scale, now: datetime) -> tuple[Part, ...]:
    is_reporting = task.currency in ("", scale.currency)
    return score_parts(task, scale.value_p90, now, is_reporting=is_reporting)


def list_waiting(
    conn: Connection, tenant_id: UUID, scope: Scope, customer_key: str, period: DateRange
) -> list[UUID]:
    """The tasks of a customer that wait and the scope shows, the newest evidence first.

    At most MOST_REASONS.

    Source: sql/functions/tasks/_waiting_tasks.sql
    """
    statement = text("""
        select t.task_id
        from _waiting_tasks(
            :t, cast(:scope as member_scope), :start, :end, array[cast(:key as text)], now()
        ) as t
        order by t.last_at desc, t.task_id
        limit :most
    """)
    values = {
        "t": tenant_id,
        "scope": scope.literal,
        "key": customer_key,
        "start": period.start,
        "end": period.end,
        "most": MOST_REASONS,
    }
    return list(conn.execute(statement, values).scalars())
