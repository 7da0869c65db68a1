"""Mail history is kept for a year; what it told, and its links, go with it."""

from __future__ import annotations

from sqlalchemy import text

from app.database.batches import delete_in_batches
from app.database.engine import maint_transaction


def forget_old_mail() -> int:
    """Remove messages that are over a year old, of every tenant; answers how many.

    What is not final yet stays, however old.
    """
    total = delete_in_batches(_MESSAGES)
    with maint_transaction() as conn:
        conn.execute(_JOBS)
    return total


_MESSAGES = text("""
    delete from email_send_history as h
    using (
        select tenant_id, message_id
        from email_send_history
        where
            created_at < now() - interval '1 year'
            and status in ('sent', 'failed', 'skipped', 'unknown')
        limit :most
    ) as old
    where h.tenant_id = old.tenant_id and h.message_id = old.message_id
""")
_JOBS = text("""
    delete from email_sending_jobs as j
    where
        j.created_at < now() - interval '1 year'
        and not exists (
            select from email_send_history as h
            where h.tenant_id = j.tenant_id and h.job_id = j.job_id
        )
""")
