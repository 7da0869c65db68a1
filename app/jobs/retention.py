"""Keeps job history for 90 days; steps and refused rows are deleted with their job."""

from __future__ import annotations

from sqlalchemy import text

from app.database.batches import delete_in_batches


def forget_old_jobs() -> int:
    """Delete every tenant's jobs that ended over 90 days ago; returns how many.

    What mail records about a job stays with the mail. A parent is deleted after its children.
    """
    return delete_in_batches(_OLD)


_OLD = text("""
    delete from processing_jobs as j
    using (
        select o.tenant_id, o.job_id
        from processing_jobs as o
        where
            o.finished_at < now() - interval '90 days'
            and not exists (
                select from processing_jobs as c
                where c.tenant_id = o.tenant_id and c.parent_job_id = o.job_id
            )
        limit :most
    ) as old
    where j.tenant_id = old.tenant_id and j.job_id = old.job_id
""")
