"""The row of a job: reading, locking and every change except its end.

Everything runs in the caller's tenant_transaction().
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

MAX_ATTEMPTS = 5

# The database computes what depends on time: its clock is the only one.
_COLUMNS = """
    tenant_id, job_id, parent_job_id, kind, status, started_by, attempt, fence,
    case
        when params = '{}' and start_date is not null then jsonb_build_object(
            'start_date', start_date, 'end_date', end_date, 'data_types', data_types,
            'changed_only', changed_only
        )
        else params
    end as params,
    cancel_requested_at is not null as is_cancel_requested,
    available_at <= clock_timestamp() as is_due,
    leased_until is not null as has_lease,
    coalesce(leased_until < clock_timestamp(), false) as is_lease_over,
    extract(epoch from deadline_at - clock_timestamp())::float8 as seconds_left,
    request_id
"""


@dataclass(frozen=True)
class JobRow:
    """A job as read. `seconds_left` until its deadline; None without one."""

    tenant_id: UUID
    job_id: UUID
    parent_job_id: UUID | None
    kind: str
    status: str
    started_by: str
    attempt: int
    fence: int
    params: Mapping[str, Any]
    is_cancel_requested: bool
    is_due: bool
    has_lease: bool
    is_lease_over: bool
    seconds_left: float | None
    request_id: str | None = None

    @property
    def is_open(self) -> bool:
        return self.status in ("queued", "processing")

    @property
    def is_overdue(self) -> bool:
        return self.seconds_left is not None and self.seconds_left < 0

    @property
    def is_waiting_for_children(self) -> bool:
        """Whether it is a parent whose own run has ended: it has no lease to lose."""
        return self.status == "processing" and not self.has_lease


def find(conn: Connection, tenant_id: UUID, job_id: UUID) -> JobRow | None:
    """The job, unlocked."""
    statement = text(f"select {_COLUMNS} from processing_jobs {_WHERE}")  # noqa: S608 - constants
    return _job_row(conn.execute(statement, _key(tenant_id, job_id)).one_or_none())


def lock(
    conn: Connection, tenant_id: UUID, job_id: UUID, *, skip_locked: bool = False
) -> JobRow | None:
    """The job, with its parent's row and its own locked until the transaction ends.

    None if there is no such job, or with `skip_locked` if another transaction has locked it.
    """
    unlocked = find(conn, tenant_id, job_id)
    if unlocked is None:
        return None
    if unlocked.parent_job_id and not _lock_one(
        conn, tenant_id, unlocked.parent_job_id, skip_locked=skip_locked
    ):
        return None
    return _lock_one(conn, tenant_id, job_id, skip_locked=skip_locked)


def take(conn: Connection, row: JobRow, *, lease_s: float, deadline_s: float) -> JobRow | None:
    """Begin an attempt: the next fence, a lease, and a deadline counted from the first attempt.

    None if the job is not queued.
    """
    taken = conn.execute(
        text(f"""
            update processing_jobs set
                status = 'processing', fence = fence + 1, attempt = attempt + 1,
                leased_until = clock_timestamp() + make_interval(secs => :lease_s),
                heartbeat_at = clock_timestamp(),
                started_at = coalesce(started_at, clock_timestamp()),
                deadline_at = coalesce(
                    deadline_at, clock_timestamp() + make_interval(secs => :deadline_s)
                ),
                message = null, detail = null, warnings = '{{}}', doubtful_words = '{{}}'
            {_WHERE} and status = 'queued'
        """),  # noqa: S608 - constants
        _key(row.tenant_id, row.job_id) | {"lease_s": lease_s, "deadline_s": deadline_s},
    )
    return find(conn, row.tenant_id, row.job_id) if taken.rowcount == 1 else None


def renew(
    conn: Connection, tenant_id: UUID, job_id: UUID, fence: int, lease_s: float
) -> bool | None:
    """Extend the lease; returns whether somebody wants the job to stop.

    None if the job no longer has this fence.
    """
    statement = text(f"""
        update processing_jobs set
            leased_until = clock_timestamp() + make_interval(secs => :lease_s),
            heartbeat_at = clock_timestamp()
        {_WHERE} and fence = :fence and status = 'processing' and leased_until is not null
        returning cancel_requested_at is not null
    """)  # noqa: S608 - constants
    values = _key(tenant_id, job_id) | {"fence": fence, "lease_s": lease_s}
    is_cancel_requested: bool | None = conn.execute(statement, values).scalar_one_or_none()
    return is_cancel_requested


def put_back(
    conn: Connection, row: JobRow, *, delay_s: float, message: str | None, is_counted: bool
) -> None:
    """Queue a locked job again, due in `delay_s`, and delete what the attempt left behind.

    `is_counted` False also gives the attempt back, because it was not the job's fault.
    """
    for table in ("job_step", "job_refusal"):
        conn.execute(text(f"delete from {table} {_WHERE}"), _key(row.tenant_id, row.job_id))  # noqa: S608
    conn.execute(
        text(f"""
            update processing_jobs set
                status = 'queued', leased_until = null, message = :message, detail = null,
                attempt = attempt - :returned, warnings = '{{}}',
                doubtful_words = '{{}}',
                available_at = clock_timestamp() + make_interval(secs => :delay_s)
            {_WHERE}
        """),  # noqa: S608 - constants
        _key(row.tenant_id, row.job_id)
        | {"delay_s": delay_s, "message": message, "returned": 0 if is_counted else 1},
    )


def request_cancel(conn: Connection, row: JobRow) -> None:
    """Record that somebody wants this locked job to stop."""
    statement = text(f"""
        update processing_jobs
        set cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
        {_WHERE}
    """)  # noqa: S608 - constants
    conn.execute(statement, _key(row.tenant_id, row.job_id))


_WHERE = "where tenant_id = :tenant_id and job_id = :job_id"


def _key(tenant_id: UUID, job_id: UUID) -> dict[str, object]:
    return {"tenant_id": tenant_id, "job_id": job_id}


def _lock_one(
    conn: Connection, tenant_id: UUID, job_id: UUID, *, skip_locked: bool
) -> JobRow | None:
    """Lock with `for no key update`, so that progress rows referring to the job can be written."""
    how = "for no key update skip locked" if skip_locked else "for no key update"
    statement = text(f"select {_COLUMNS} from processing_jobs {_WHERE} {how}")  # noqa: S608
    return _job_row(conn.execute(statement, _key(tenant_id, job_id)).one_or_none())


def _job_row(found: Row[Any] | None) -> JobRow | None:
    return None if found is None else JobRow(**found._mapping)
