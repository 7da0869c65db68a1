"""Sending what was planned: a job of the tenant, and the tick that starts it where mail waits."""

from __future__ import annotations

from collections import Counter
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.engine import admin_transaction, tenant_transaction
from app.email.sending import outbox, stops
from app.email.sending.delivery import Post
from app.email.sending.switch import is_sending_confirmed
from app.jobs import Run, enqueue, job, publish

OFF = "Sending is switched off in this database. An admin has to confirm it first."


def start_sending() -> int:
    """Queue a sending job for every tenant whose mail waits; answers how many."""
    with admin_transaction() as conn:
        tenant_ids = list(conn.execute(_WAITING).scalars())
    return sum(start_tenant(tenant_id) is not None for tenant_id in tenant_ids)


def start_tenant(tenant_id: UUID) -> UUID | None:
    """Queue a sending job of this tenant, unless it has one or sending is off."""
    with tenant_transaction(tenant_id) as conn:
        outbox.end_dead_sendings(conn, tenant_id)
        if not is_sending_confirmed(conn, tenant_id):
            return None
        job_id = enqueue_sending(conn, tenant_id)
    if job_id is not None:
        publish(job_id)
    return job_id


def enqueue_sending(conn: Connection, tenant_id: UUID) -> UUID | None:
    """The same in the caller's transaction, who publishes the id after the commit."""
    if conn.execute(_QUEUED, {"t": tenant_id}).scalar_one():
        return None
    return enqueue(conn, tenant_id, "send_mail", started_by="schedule")


@job("send_mail", queue="quick")
def send_mail(run: Run) -> None:
    """Send everything of the tenant that is due, one message after the other."""
    with tenant_transaction(run.tenant_id) as conn:
        run.fence_check(conn)
        outbox.end_dead_sendings(conn, run.tenant_id)
        is_on = is_sending_confirmed(conn, run.tenant_id)
        stop = stops.find_stop(conn, run.tenant_id)
        is_paused = stop is not None and stop.is_paused
        stops.hold_back(conn, run.tenant_id)
    counts: Counter[str] = Counter()
    if is_on and not is_paused:
        with Post(run) as post:
            post.send_all(counts)
            stop = post.stop
    if not is_on:
        run.warn(OFF)
    elif stop is not None:
        run.warn(stop.reason)
    said = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    with tenant_transaction(run.tenant_id) as conn:
        run.finish(conn, "completed", f"{said.capitalize()}." if said else "Nothing was due.")


_WAITING = text("""
    select distinct h.tenant_id
    from email_send_history as h
    inner join tenant as t on t.tenant_id = h.tenant_id
    where
        not t.is_suspended
        and (
            h.status = 'planned'
            and (h.retry_at is null or h.retry_at <= clock_timestamp())
            and (h.leased_until is null or h.leased_until < clock_timestamp())
            or h.status = 'sending' and h.leased_until < clock_timestamp()
        )
""")
_QUEUED = text("""
    select exists (
        select from processing_jobs
        where tenant_id = :t and kind = 'send_mail' and status in ('queued', 'processing')
    )
""")
