"""Keeps job history for 90 days; steps and refused rows are deleted with their job."""

from __future__ import annotations

from sqlalchemy import text

from app.database.engine import maint_transaction

_AT_ONCE = 5_000


def forget_old_jobs() -> int:
    """Delete every tenant's jobs that ended over 90 days ago; returns how many.

    What mail records about a job stays with the mail. A parent is deleted after its children.
    """
    total = 0
    while True:
        with maint_transaction() as conn:
            count = conn.execute(_OLD, {"most": _AT_ONCE}).rowcount
        total += count
        if count < _AT_ONCE:
            return total


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
