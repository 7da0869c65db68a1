"""Mail history is kept for a year; what it told, and its links, go with it."""

from __future__ import annotations

from sqlalchemy import text

from app.database.engine import maint_transaction

_AT_ONCE = 5_000


def forget_old_mail() -> int:
    """Remove messages that are over a year old, of every tenant; answers how many.

    What is not final yet stays, however old.
    """
    total = 0
    while True:
        with maint_transaction() as conn:
            count = conn.execute(_MESSAGES, {"most": _AT_ONCE}).rowcount
            if count < _AT_ONCE:
                conn.execute(_JOBS)
        total += count
        if count < _AT_ONCE:
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
