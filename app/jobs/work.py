"""How a worker runs a job from its id."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

from app.jobs import rows
from app.jobs.doors import short_admin_transaction, short_transaction
from app.jobs.ending import end
from app.jobs.failpoints import reached
from app.jobs.kinds import Kind, find_kind, get_kind
from app.jobs.lease import LeaseKeeper
from app.jobs.outcomes import fail_without_result, record
from app.jobs.rows import JobRow
from app.jobs.run import Run
from app.jobs.settings import settings
from app.log import bound, logger

SUSPENDED = "This company's account is suspended, and its jobs do not run. Ask your provider."
NO_MEMBER = (
    "The person who started this job is no longer a member. Someone else has to start it again."
)
NO_ROLE = "The person who started this job can no longer do so. An admin has to start it again."
UNKNOWN_KIND = "This version of the application does not know this kind of job."


def run_job(job_id: str) -> None:
    """Run a job if it is queued and due, else do nothing. RQ calls this with only the id."""
    reached("job.received")
    tenant_id = _find_tenant(UUID(job_id))
    if tenant_id is None:
        logger.warning("job.unknown", job_id=job_id)
        return
    with bound(tenant_id=str(tenant_id), job_id=job_id, service="data"):
        run = _claim(tenant_id, UUID(job_id))
        if run is not None:
            with bound(**({"request_id": run.request_id} if run.request_id else {})):
                _perform(run)


def _perform(run: Run) -> None:
    kind = get_kind(run.kind)
    logger.info("job.started", kind=run.kind, attempt=run.attempt, fence=run.fence)
    with LeaseKeeper(run, last_word=lambda reason: record(run, reason)):
        try:
            kind.perform(run)
        except Exception as error:  # whatever a handler raises ends up on its job
            record(run, error)
        else:
            fail_without_result(run)
    logger.info("job.ended", kind=run.kind, attempt=run.attempt, fence=run.fence)


def _find_tenant(job_id: UUID) -> UUID | None:
    """The job's tenant: the only lookup a worker makes across tenants."""
    statement = text("select tenant_id from processing_jobs where job_id = :job_id")
    with short_admin_transaction() as conn:
        return conn.execute(statement, {"job_id": job_id}).scalar_one_or_none()


def _claim(tenant_id: UUID, job_id: UUID) -> Run | None:
    """Change the row from queued to processing under a new fence; None if this worker may not.

    Tenant and starter are checked now, not when the job was queued.
    """
    with short_transaction(tenant_id) as conn:
        row = rows.lock(conn, tenant_id, job_id)
        if row is None or row.status != "queued" or not row.is_due or row.is_overdue:
            return None
        refusal = _refusal(conn, row)
        if refusal is not None:
            end(conn, row, "failed", refusal)
            logger.info("job.refused", kind=row.kind)
            return None
        lease_s, deadline_s = settings().job_lease_s, settings().job_deadline_s
        taken = rows.take(conn, row, lease_s=lease_s, deadline_s=deadline_s)
        reached("claim.written")
    reached("claim.committed")
    return None if taken is None else Run(taken)


def _refusal(conn: Connection, row: JobRow) -> str | None:
    """Why this job may not start, in plain words; None if it may."""
    kind = find_kind(row.kind)
    if kind is None:
        return UNKNOWN_KIND
    suspended = text("select is_suspended from tenant where tenant_id = :tenant_id")
    if conn.execute(suspended, {"tenant_id": row.tenant_id}).scalar_one():
        return SUSPENDED
    return _starter_refusal(conn, row, kind)


def _starter_refusal(conn: Connection, row: JobRow, kind: Kind) -> str | None:
    if not _is_member_reference(row.started_by):
        return None
    statement = text("""
        select role from membership
        where tenant_id = :tenant_id and is_active
            and (email = lower(:starter) or member_id::text = lower(:starter))
        limit 1
    """)
    values = {"tenant_id": row.tenant_id, "starter": row.started_by}
    role = conn.execute(statement, values).scalar_one_or_none()
    if role is None:
        return NO_MEMBER
    return NO_ROLE if kind.roles is not None and role not in kind.roles else None


def _is_member_reference(started_by: str) -> bool:
    """Addresses and ids refer to members; words such as "schedule" to the system."""
    if "@" in started_by:
        return True
    try:
        UUID(started_by)
    except ValueError:
        return False
    return True
