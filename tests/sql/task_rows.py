"""The product's tasks and the oracle's, side by side."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from tests.oracle.tasks import OracleTask
from tests.sql.comparing import Superuser

_KINDS = {"contact": "c:", "company": "k:", "device": "d:"}
_ROWS = """
    select
        task_type, subject, first_at, last_at, ready_at, expires_at, closed_at, round(value, 6),
        estimate_sessions, coalesce(detail ->> 'transaction_id', '')
    from task where tenant_id = %s and is_task
"""


def stored_tasks(superuser: Superuser, tenant_id: UUID) -> list[tuple[Any, ...]]:
    """Every task that is stored, comparable with `oracle_tasks`."""
    return sorted(superuser.execute(_ROWS, (tenant_id,)), key=repr)


def oracle_tasks(tasks: list[OracleTask]) -> list[tuple[Any, ...]]:
    """The same of the oracle's."""
    rows = [
        (
            t.task_type,
            _KINDS[t.subject[0]] + t.subject[1],
            t.first,
            t.last,
            t.ready,
            t.expires,
            t.closed,
            round(t.value, 6),
            t.evidence_sessions,
            t.order or "",
        )
        for t in tasks
    ]
    return sorted(rows, key=repr)
