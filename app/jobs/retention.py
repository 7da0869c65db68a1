"""Job history is kept for 90 days; steps and refused rows go with their job."""

from __future__ import annotations

from sqlalchemy import text

from app.database.batches import delete_in_batches


def forget_old_jobs() -> int:
    """Remove jobs that ended over 90 days ago, of every tenant; answers how many.

    What mail tells of a job is kept with the mail. A parent goes when its parts are gone.
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
