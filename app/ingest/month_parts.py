"""Long ingestions: one child job per calendar month for a range over a month."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from app.ingest.queries import Job, find_job


def list_parts(conn: Connection, tenant_id: UUID, job_id: UUID) -> list[Job]:
    """The job's child jobs, oldest days first; empty if it has none."""
    statement = text("""
        select job_id
        from processing_jobs
        where tenant_id = :tenant_id and parent_job_id = :job_id
        order by start_date, job_id
    """)
    values = {"tenant_id": tenant_id, "job_id": job_id}
    found = [find_job(conn, tenant_id, part) for part in conn.execute(statement, values).scalars()]
    return [job for job in found if job is not None]


def count_rows(conn: Connection, tenant_id: UUID, job_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Rows fetched so far by each of these jobs and its children; jobs without rows are absent."""
    statement = text("""
        select
            coalesce(job.parent_job_id, job.job_id) as whole_job_id,
            sum(step.row_count) as row_count
        from processing_jobs as job
        inner join job_step as step
            on job.tenant_id = step.tenant_id and job.job_id = step.job_id
        where
            job.tenant_id = :tenant_id
            and (job.job_id = any(:job_ids) or job.parent_job_id = any(:job_ids))
            and step.row_count is not null
            and (step.step like 'extract:%' or step.step like 'sftp:%')
            and step.step <> 'extract:session_part'
        group by whole_job_id
    """)
    rows = conn.execute(statement, {"tenant_id": tenant_id, "job_ids": list(job_ids)})
    return {row.whole_job_id: int(row.row_count) for row in rows}
