"""The sweeper: corrects the status of every job after a process died.

Any number may run at once. Each finding is checked again under the row's lock; rows locked
elsewhere wait for the next sweep.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from app.jobs import rows
from app.jobs.doors import short_admin_transaction, short_transaction
from app.jobs.ending import end, settle_parent
from app.jobs.failpoints import reached
from app.jobs.interruptions import JobCancelled, JobTimeout
from app.jobs.queue import publish, publish_missing
from app.jobs.rows import MAX_ATTEMPTS, JobRow
from app.jobs.run import cut_off
from app.jobs.settings import settings
from app.log import logger

_LIMIT = 1000


@dataclass(frozen=True)
class _Finding:
    """A job that may need correcting."""

    tenant_id: UUID
    job_id: UUID
    kind: str
    fence: int
    is_broken: bool


def sweep() -> None:
    """Correct job statuses and publish what is due.

    Queues jobs that lost their lease, fails those past their deadline, ends those that were
    cancelled or only waited for their children, and publishes due jobs missing from Redis.
    """
    findings = _findings()
    reached("sweep.found")
    for finding in findings:
        if finding.is_broken:
            _mend_safely(finding)
    waiting = [(found.job_id, found.kind) for found in findings if not found.is_broken]
    if not waiting:
        return
    try:
        published = publish_missing(waiting)
    except RedisError as error:
        logger.warning("sweep.publish.failed", error=type(error).__name__)
    else:
        logger.debug("sweep.published", jobs=published)


def _findings() -> list[_Finding]:
    """Broken jobs first, then due ones, oldest first."""
    statement = text("""
        with jobs as (
            select
                j.tenant_id, j.job_id, j.kind, j.fence, j.available_at,
                j.status = 'queued' and j.available_at <= clock_timestamp() as is_waiting,
                coalesce(j.deadline_at < clock_timestamp(), false)
                or coalesce(j.leased_until < clock_timestamp(), false)
                or (
                    j.status = 'processing' and j.leased_until is null
                    and not exists (
                        select from processing_jobs as c
                        where c.tenant_id = j.tenant_id and c.parent_job_id = j.job_id
                            and c.status in ('queued', 'processing')
                    )
                ) as is_broken
            from processing_jobs as j
            where j.status in ('queued', 'processing')
        )

        select tenant_id, job_id, kind, fence, is_broken
        from jobs
        where is_broken or is_waiting
        order by is_broken desc, available_at, job_id
        limit :most
    """)
    with short_admin_transaction() as conn:
        return [_Finding(*found) for found in conn.execute(statement, {"most": _LIMIT})]


def _mend_safely(finding: _Finding) -> None:
    """Correct one job; a failure must not hold up the others."""
    try:
        is_queued = _mend(finding)
    except SQLAlchemyError as error:
        name = type(error).__name__
        logger.warning("sweep.mend.failed", job_id=finding.job_id, error=name)
        return
    reached("sweep.committed")
    if is_queued:
        publish(finding.job_id)


def _mend(finding: _Finding) -> bool:
    """Correct the job; True if it was queued again."""
    with short_transaction(finding.tenant_id) as conn:
        seen = rows.find(conn, finding.tenant_id, finding.job_id)
        if seen is None or seen.fence != finding.fence or not _is_dead(seen):
            row = None
        else:
            cut_off(conn, seen.job_id, seen.fence)
            reached("sweep.cut")
            row = rows.lock(conn, finding.tenant_id, finding.job_id, skip_locked=True)
        if row is None or row.fence != finding.fence or not row.is_open:
            return False
        is_queued = _decide(conn, row)
        reached("sweep.decided")
        return is_queued


def _is_dead(row: JobRow) -> bool:
    return row.is_open and (row.is_overdue or row.is_lease_over or row.is_waiting_for_children)


def _decide(conn: Connection, row: JobRow) -> bool:
    if row.is_waiting_for_children:
        settle_parent(conn, row.tenant_id, row.job_id)
        return False
    if not _is_dead(row):
        return False
    logger.warning("sweep.mended", job_id=row.job_id, attempt=row.attempt, fence=row.fence)
    if row.is_cancel_requested:
        end(conn, row, "cancelled", str(JobCancelled()))
        return False
    if row.is_overdue:
        end(conn, row, "failed", str(JobTimeout(settings().job_deadline_s)))
        return False
    if row.attempt >= MAX_ATTEMPTS:
        end(conn, row, "failed", _died(row.attempt))
        return False
    message = f"The worker died; attempt {row.attempt + 1} of {MAX_ATTEMPTS}."
    rows.put_back(conn, row, delay_s=0, message=message, is_counted=True)
    return True


def _died(attempts: int) -> str:
    return (
        f"The worker died {attempts} times while it ran this job. Start it again for fewer days; "
        "if it happens again, tell whoever runs this application."
    )
