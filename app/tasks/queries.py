"""Tasks as lists and cards show them, as docs/glossary.md defines them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope
from app.dates import DateRange

STATES = ("open", "in_progress", "snoozed", "done", "closed", "expired")
SORT_FIELDS = ("score", "value", "last_at", "customer", "branch")
OUTCOMES = ("won", "will_order_later", "no_answer", "not_interested", "not_relevant")


@dataclass(frozen=True)
class Task:
    """One follow-up. `value` is in `currency` ('' is the reporting one), None if not computable.

    `detail` holds what its type adds: `lines` of a cart, `terms` of searches, `items` viewed,
    `transaction_id`, `line_count`, `refunded` and `is_first` of an order. `version` is what a
    change must name, so that two people do not overwrite each other.
    """

    task_id: UUID
    task_type: str
    state: str
    outcome: str | None
    version: int
    score: float
    value: Decimal | None
    is_estimate: bool
    currency: str
    is_value_incomplete: bool
    first_at: datetime
    last_at: datetime
    ready_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    closed_reason: str | None
    snoozed_until: datetime | None
    branch_id: str
    customer_key: str
    customer_name: str | None
    company_id: str | None
    contact_id: str | None
    contact_name: str | None
    contact_email: str | None
    contact_phone: str | None
    owner: str | None
    is_flagged: bool
    is_known_buyer: bool
    has_checkout: bool
    reach: int
    order_key: str
    detail: Mapping[str, Any]
    sort_key: str | None = None


@dataclass(frozen=True)
class TaskFilters:
    """What a list is asked for; the empty filters are every task of the days, best score first.

    `scope` is what the member may see, `location_ids` what was asked for of it, None all.
    `states` empty is every state. `only` narrows a list to `first` or `refunded` orders, or to
    `recovered` carts. `holders`: rows of the team board whose customers are wanted, None is
    everybody's.
    """

    period: DateRange
    scope: Scope
    location_ids: tuple[str, ...] | None = None
    query: str = ""
    states: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    reachable: bool = False
    least_value: Decimal | None = None
    only: str | None = None
    holders: tuple[str, ...] | None = None
    sort_field: str = "score"
    sort_order: str = "desc"


@dataclass(frozen=True)
class Place:
    """Where a page lies: from `offset` on, or after (before, `is_back`) the row of a cursor.

    `now` stands still over the pages of a list, so that scores keep their order; None is now.
    """

    limit: int = 50
    offset: int = 0
    after_key: str | None = None
    after_id: UUID | None = None
    is_back: bool = False
    now: datetime | None = None


@dataclass(frozen=True)
class Count:
    """How many tasks of one type and state a list has, and what they are worth together."""

    task_type: str
    state: str
    tasks: int
    value: Decimal


@dataclass(frozen=True)
class Card:
    """One customer of the queue with the tasks that are open, best first."""

    customer_key: str
    score: float
    value: Decimal
    overdue_at: datetime | None
    last_at: datetime
    tasks: tuple[Task, ...] = field(default=())


def get_purchase_tasks(
    conn: Connection, tenant_id: UUID, filters: TaskFilters, place: Place
) -> list[Task]:
    """Orders to follow up.

    Source: sql/functions/tasks/get_purchase_tasks.sql
    """
    return _list(conn, "get_purchase_tasks", tenant_id, filters, place)


def get_cart_abandonment_tasks(
    conn: Connection, tenant_id: UUID, filters: TaskFilters, place: Place
) -> list[Task]:
    """Abandoned carts. `value` leaves out lines without a price (`is_value_incomplete`).

    Source: sql/functions/tasks/get_cart_abandonment_tasks.sql
    """
    return _list(conn, "get_cart_abandonment_tasks", tenant_id, filters, place)


def get_search_analysis_tasks(
    conn: Connection, tenant_id: UUID, filters: TaskFilters, place: Place
) -> list[Task]:
    """Customers who searched in vain (no_results), or found and did not buy (no_conversion).

    Source: sql/functions/tasks/get_search_analysis_tasks.sql
    """
    return _list(conn, "get_search_analysis_tasks", tenant_id, filters, place)


def get_repeat_visit_tasks(
    conn: Connection, tenant_id: UUID, filters: TaskFilters, place: Place
) -> list[Task]:
    """Customers who came back again and again.

    Source: sql/functions/tasks/get_repeat_visit_tasks.sql
    """
    return _list(conn, "get_repeat_visit_tasks", tenant_id, filters, place)


def get_bounce_tasks(
    conn: Connection, tenant_id: UUID, filters: TaskFilters, place: Place
) -> list[Task]:
    """Known contacts who bounced on product pages.

    Source: sql/functions/tasks/get_bounce_tasks.sql
    """
    return _list(conn, "get_bounce_tasks", tenant_id, filters, place)


def list_tasks(conn: Connection, tenant_id: UUID, filters: TaskFilters, place: Place) -> list[Task]:
    """Tasks of `filters.types`, for lists without a function of their own.

    Source: sql/functions/tasks/_list_tasks.sql
    """
    return _list(conn, "_list_tasks", tenant_id, filters, place)


def count_tasks(
    conn: Connection,
    tenant_id: UUID,
    types: Sequence[str],
    filters: TaskFilters,
    now: datetime | None = None,
) -> list[Count]:
    """The counts by type and state under all filters but the states.

    Source: sql/functions/tasks/_count_tasks.sql
    """
    statement = text("""
        select * from _count_tasks(
            :t, cast(:scope as member_scope), :types, :start, :end, :branches, :query,
            :reachable, :least_value, coalesce(cast(:now as timestamptz), now()), :only, :holders
        )
    """)
    values = filter_arguments(tenant_id, filters) | {"types": list(types), "now": now}
    return [Count(*row) for row in conn.execute(statement, values)]


def find_task(conn: Connection, tenant_id: UUID, scope: Scope, task_id: UUID) -> Task | None:
    """One task, or the one it was joined with; None if there is none that the scope shows.

    Source: sql/functions/tasks/get_tasks.sql
    """
    return next(iter(get_tasks(conn, tenant_id, scope, [task_id]).values()), None)


def get_tasks(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    task_ids: Sequence[UUID],
    now: datetime | None = None,
) -> dict[UUID, Task]:
    """These tasks by id, in whatever state; one that was joined with another is that one.

    Left out are those that the scope does not show.

    Source: sql/functions/tasks/get_tasks.sql
    """
    statement = text("""
        select * from get_tasks(
            :t, cast(:scope as member_scope), cast(:ids as uuid []),
            coalesce(cast(:now as timestamptz), now())
        )
    """)
    values = {"t": tenant_id, "scope": scope.literal, "ids": list(task_ids), "now": now}
    return {row.task_id: Task(*row) for row in conn.execute(statement, values)}


def _list(
    conn: Connection, function: str, tenant_id: UUID, filters: TaskFilters, place: Place
) -> list[Task]:
    is_chosen = function == "get_search_analysis_tasks" and filters.types
    types = ", p_types => :types" if is_chosen else ""
    is_any_list = function == "_list_tasks"
    first_types = ":types, " if is_any_list else ""
    statement = text(f"""
        select * from {function}(
            :t, cast(:scope as member_scope), {first_types}:start, :end, :branches, :query, :states,
            :reachable, :least_value, :sort_field, :sort_order, :limit, :offset,
            cast(:after as jsonb), :is_back, coalesce(cast(:now as timestamptz), now()),
            :only{types}, p_holders => cast(:holders as text [])
        )
    """)  # noqa: S608 - one of the functions named above
    after = None
    if place.after_id is not None:
        after = json.dumps({"key": place.after_key, "id": str(place.after_id)})
    values = filter_arguments(tenant_id, filters) | {
        "states": list(filters.states) or None,
        "sort_field": filters.sort_field,
        "sort_order": filters.sort_order,
        "limit": place.limit,
        "offset": place.offset,
        "after": after,
        "is_back": place.is_back,
        "now": place.now,
    }
    if is_chosen or is_any_list:
        values["types"] = list(filters.types)
    return [Task(*row) for row in conn.execute(statement, values)]


def filter_arguments(tenant_id: UUID, filters: TaskFilters) -> dict[str, Any]:
    """What every list of tasks is asked by, apart from its page."""
    return {
        "t": tenant_id,
        "scope": filters.scope.literal,
        "start": filters.period.start,
        "end": filters.period.end,
        "branches": None if filters.location_ids is None else list(filters.location_ids),
        "query": filters.query or None,
        "reachable": filters.reachable,
        "least_value": filters.least_value,
        "only": filters.only,
        "holders": None if filters.holders is None else list(filters.holders),
    }
