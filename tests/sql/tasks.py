"""Reading tasks in tests: lists at a moment, and rows as they are stored."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.tasks import queries
from app.tasks.queries import Place, Task, TaskFilters
from tests.scopes import EVERYTHING

EVER = DateRange(date(2025, 1, 1), date(2049, 12, 31))
LISTS = {
    "purchase": queries.get_purchase_tasks,
    "cart": queries.get_cart_abandonment_tasks,
    "no_results": queries.get_search_analysis_tasks,
    "no_conversion": queries.get_search_analysis_tasks,
    "repeat_visit": queries.get_repeat_visit_tasks,
    "bounce": queries.get_bounce_tasks,
}


def at(moment: str) -> datetime:
    """2025-04-08 15:00 in UTC."""
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def tasks(tenant_id: UUID, task_type: str, now: str | None = None, **filters: Any) -> list[Task]:
    """The tasks of one type as its list shows them at that moment, oldest evidence first."""
    asked = TaskFilters(
        EVER,
        EVERYTHING,
        types=(task_type,) if task_type.startswith("no_") else (),
        sort_field="last_at",
        sort_order="asc",
        **filters,
    )
    place = Place(limit=200, now=at(now) if now else None)
    with tenant_transaction(tenant_id) as conn:
        return LISTS[task_type](conn, tenant_id, asked, place)


def one(tenant_id: UUID, task_type: str, now: str | None = None) -> Task:
    """The only task of that type."""
    (found,) = tasks(tenant_id, task_type, now)
    return found
