"""A whole list as a file for a spreadsheet, read page by page.

No transaction stays open while the reader takes its time, and no cell is ever a formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.database.engine import tenant_transaction
from app.dates import utc_now, zone
from app.http.spreadsheet import Cell
from app.tasks.labels import CLOSED_NAMES, OUTCOME_NAMES, STATE_NAMES
from app.tasks.lists.lists import Pages, TaskList
from app.tasks.masking import mask_task
from app.tasks.queries import Place, Task, TaskFilters
from app.tasks.types import TYPE_LABELS

PAGE_ROWS = 5_000
HEADER = (
    "type",
    "state",
    "outcome",
    "closed_because",
    "score",
    "value",
    "currency",
    "is_estimate",
    "is_value_incomplete",
    "first_activity",
    "last_activity",
    "snoozed_until",
    "expires",
    "branch",
    "customer",
    "company_id",
    "contact_id",
    "contact",
    "email",
    "phone",
    "owner",
    "ordered_before",
    "order_number",
    "details",
    "task_id",
)


@dataclass(frozen=True)
class Export:
    """What to write for whom; `is_masked` hides contacts, times are of `time_zone`."""

    tenant_id: UUID
    task_list: TaskList
    question: TaskFilters
    time_zone: str
    currency: str
    is_masked: bool


def list_rows(export: Export) -> Iterator[list[Cell]]:
    """The list row by row; the columns are HEADER's, times of the export's zone."""
    return (_cells(export, task) for task in _tasks(export))


def _tasks(export: Export) -> Iterator[Task]:
    """The tasks of the list, page by page, each read in a transaction that has ended."""
    pages = Pages(export.task_list, export.question, Place(PAGE_ROWS, now=utc_now()))
    while True:
        with tenant_transaction(export.tenant_id) as conn:
            tasks = pages.read(conn, export.tenant_id)
        if not tasks:
            return
        yield from map(mask_task, tasks) if export.is_masked else tasks


def _cells(export: Export, task: Task) -> list[Cell]:
    """One row; the columns are HEADER's."""
    is_known = task.closed_reason in CLOSED_NAMES
    return [
        TYPE_LABELS[task.task_type],
        STATE_NAMES[task.state],
        OUTCOME_NAMES.get(task.outcome or "", ""),
        CLOSED_NAMES[task.closed_reason or ""] if is_known else task.closed_reason,
        round(task.score, 1),
        None if task.value is None else round(task.value, 2),
        task.currency or export.currency,
        _yes(task.is_estimate),
        _yes(task.is_value_incomplete),
        *(_local(export, moment) for moment in _moments(task)),
        task.branch_id,
        task.customer_name,
        task.company_id,
        task.contact_id,
        task.contact_name,
        task.contact_email,
        task.contact_phone,
        task.owner,
        _yes(task.is_known_buyer),
        task.detail.get("transaction_id"),
        _details(task),
        str(task.task_id),
    ]


def _moments(task: Task) -> tuple[datetime | None, ...]:
    return task.first_at, task.last_at, task.snoozed_until, task.expires_at


def _details(task: Task) -> str:
    """What was left, searched for or viewed, in one cell."""
    detail = task.detail
    parts = [
        f"{line.get('quantity') or 1} × {line.get('item_name') or line.get('item_id')}"
        for line in detail.get("lines") or ()
    ]
    parts += [f"{t.get('term')} ({t.get('searches')}×)" for t in detail.get("terms") or ()]
    parts += [f"{i.get('item_name') or i.get('item_id')}" for i in detail.get("items") or ()]
    return "; ".join(parts)


def _local(export: Export, moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(zone(export.time_zone))


def _yes(value: bool) -> str:
    return "yes" if value else "no"
