"""Enqueue and cancel jobs, for people and schedules."""

from __future__ import annotations

import json
from datetime import datetime
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from app.errors import Conflict, NotFound
from app.jobs import rows
from app.jobs.ending import end, settle_parent
from app.jobs.interruptions import JobCancelled
from app.jobs.kinds import get_kind
from app.jobs.rows import JobRow
from app.log import current_request_id

_INSERT = text("""
    insert into processing_jobs (
        tenant_id, kind, started_by, params, parent_job_id, available_at, request_id
    )
    values (
        :tenant_id, :kind, :started_by, cast(:params as jsonb), :parent_job_id,
        coalesce(:available_at, clock_timestamp()), :request_id
    )
    returning job_id
""")


def enqueue(
    conn: Connection,
    tenant_id: UUID,
    kind: str,
    request: object | None = None,
    *,
    started_by: str,
    parent_job_id: UUID | None = None,
    available_at: datetime | None = None,
) -> UUID:
    """Write a queued job in the caller's transaction; `publish()` its id after the commit.

    `started_by` is a member's address or id, checked again when the job starts, or a word without
    "@" for jobs no member starts ("schedule"). `available_at` None: due at once. `request` becomes
    the second argument of the kind's handler.

    Raises:
        LookupError: no such kind is registered.
        TypeError: the kind takes no request, or needs one.
    """
    values = {
        "tenant_id": tenant_id,
        "kind": kind,
        "started_by": started_by,
        "params": json.dumps(get_kind(kind).write(request)),
        "parent_job_id": parent_job_id,
        "available_at": available_at,
        "request_id": current_request_id(),
    }
    job_id: UUID = conn.execute(_INSERT, values).scalar_one()
    return job_id


def cancel(conn: Connection, tenant_id: UUID, job_id: UUID) -> None:
    """Stop a job and its children: queued ones at once, running ones at their next check.

    Raises:
        NotFound: the tenant has no such job.
        Conflict: it has ended or is just ending.
    """
    conn.execute(text("set local lock_timeout = '3s'"))
    try:
        _cancel_family(conn, tenant_id, job_id)
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        raise Conflict("This job is ending just now. Look again in a moment.") from error


def _cancel_family(conn: Connection, tenant_id: UUID, job_id: UUID) -> None:
    row = rows.lock(conn, tenant_id, job_id)
    if row is None:
        raise NotFound("There is no such job.")
    if not row.is_open:
        raise Conflict("This job has ended already.")
    _cancel_locked(conn, row)
    for child_id in _open_children(conn, row):
        child = rows.lock(conn, tenant_id, child_id)
        if child is not None and child.is_open:
            _cancel_locked(conn, child)
    settle_parent(conn, tenant_id, job_id)


def _cancel_locked(conn: Connection, row: JobRow) -> None:
    rows.request_cancel(conn, row)
    if row.status == "queued":
        end(conn, row, "cancelled", JobCancelled.__doc__)


def _open_children(conn: Connection, row: JobRow) -> list[UUID]:
    statement = text("""
        select job_id from processing_jobs
        where tenant_id = :tenant_id and parent_job_id = :job_id
            and status in ('queued', 'processing')
        order by job_id
    """)
    values = {"tenant_id": row.tenant_id, "job_id": row.job_id}
    return list(conn.execute(statement, values).scalars())
