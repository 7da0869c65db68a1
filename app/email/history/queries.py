"""What was planned and sent, word for word, and what people decide about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.tenancy import Scope
from app.errors import Conflict, NotFound

SETTLING = timedelta(minutes=10)


@dataclass(frozen=True)
class MailJob:
    """One planning, with how many of its messages stand where; the six add up to `messages`."""

    job_id: UUID
    kind: str
    schedule_key: str
    period_start: date
    period_end: date
    location_ids: tuple[str, ...] | None
    started_by: str
    created_at: datetime
    planned_at: datetime | None
    messages: int
    planned: int
    sending: int
    sent: int
    failed: int
    skipped: int
    unknown: int
    job_status: str | None
    job_message: str | None

    @property
    def status(self) -> str:
        """planning, sending, done, or failed when it could not be planned."""
        if self.planned_at is None:
            return "failed" if self.job_status in ("failed", "cancelled") else "planning"
        return "sending" if self.planned or self.sending else "done"


@dataclass(frozen=True)
class MailMessage:
    """One message without its words. `acted_at`: when somebody last used its links."""

    message_id: UUID
    job_id: UUID
    kind: str
    schedule_key: str
    period_start: date
    period_end: date
    recipient: str
    recipient_name: str
    branch_ids: tuple[str, ...]
    subject: str
    status: str
    reason: str | None
    attempts: int
    retry_at: datetime | None
    server_code: int | None
    server_answer: str | None
    resolved_by: str | None
    created_at: datetime
    sent_at: datetime | None
    acted_at: datetime | None


@dataclass(frozen=True)
class Words:
    """What was written, links as marks."""

    html: str
    text: str
    message_header: str


def get_email_jobs_paginated(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    limit: int = 50,
    offset: int = 0,
    job_id: UUID | None = None,
) -> tuple[list[MailJob], int]:
    """Plannings that concern branches in scope, newest first, and how many there are.

    Source: sql/functions/email/get_email_jobs_paginated.sql
    """
    statement = text("select * from get_email_jobs_paginated(:t, :limit, :offset, :job, :branches)")
    values = {
        "t": tenant_id,
        "limit": limit,
        "offset": offset,
        "job": job_id,
        "branches": _branches(scope),
    }
    rows = conn.execute(statement, values).all()
    return [MailJob(*row[:-1]) for row in rows], rows[0].total if rows else 0


def get_email_send_history_paginated(
    conn: Connection,
    tenant_id: UUID,
    scope: Scope,
    limit: int = 50,
    offset: int = 0,
    *,
    job_id: UUID | None = None,
    status: str | None = None,
    recipient: str | None = None,
) -> tuple[list[MailMessage], int]:
    """Messages about nothing but branches in scope, newest first, and how many pass the filters.

    Source: sql/functions/email/get_email_send_history_paginated.sql
    """
    statement = text("""
        select * from get_email_send_history_paginated(
            :t, :limit, :offset, :job, :status, :recipient, :branches
        )
    """)
    values = {
        "t": tenant_id,
        "limit": limit,
        "offset": offset,
        "job": job_id,
        "status": status,
        "recipient": recipient,
        "branches": _branches(scope),
    }
    rows = conn.execute(statement, values).all()
    return [MailMessage(*row[:-1]) for row in rows], rows[0].total if rows else 0


def get_mail_job(conn: Connection, tenant_id: UUID, scope: Scope, job_id: UUID) -> MailJob:
    """One planning.

    Raises:
        NotFound: there is none, or none that concerns branches in scope.
    """
    found, _ = get_email_jobs_paginated(conn, tenant_id, scope, 1, 0, job_id)
    if not found:
        raise NotFound("There is no such sending.")
    return found[0]


def get_message(
    conn: Connection, tenant_id: UUID, scope: Scope, message_id: UUID
) -> tuple[MailMessage, Words]:
    """One message and its words.

    Raises:
        NotFound: there is none, or it is about branches outside the scope.
    """
    values = {"t": tenant_id, "id": message_id}
    row = conn.execute(_WORDS, values).one_or_none()
    if row is not None:
        listed, _ = get_email_send_history_paginated(
            conn, tenant_id, scope, 1, 0, job_id=row.job_id, recipient=row.recipient
        )
        if listed:
            return listed[0], Words(row.html_body, row.text_body, row.message_header)
    raise NotFound("There is no such message.")


def last_by_recipient(
    conn: Connection, tenant_id: UUID, scope: Scope
) -> dict[str, tuple[datetime | None, datetime | None]]:
    """When each recipient was last sent a report in scope, and last used a link of one."""
    rows = conn.execute(_LAST, {"t": tenant_id, "branches": _branches(scope)})
    return {row.recipient: (row.sent_at, row.acted_at) for row in rows}


def resend_failed(conn: Connection, tenant_id: UUID, scope: Scope, job_id: UUID) -> int:
    """Plan what failed of this job and is in scope again; returns how many."""
    values = {"t": tenant_id, "job": job_id, "branches": _branches(scope)}
    return conn.execute(_RESEND, values).rowcount


def resolve(
    conn: Connection, tenant_id: UUID, message_id: UUID, by: str, *, is_delivered: bool
) -> None:
    """Somebody found out what became of an unknown message: it arrived, or is to go again.

    Raises:
        Conflict: it is not unknown, or its sending may still be going on.
    """
    statement = _DELIVERED if is_delivered else _AGAIN
    values = {"t": tenant_id, "id": message_id, "by": by, "settling": SETTLING}
    if conn.execute(statement, values).rowcount != 1:
        raise Conflict(
            "This message is not unknown, or became so less than ten minutes ago: an answer may "
            "still come."
        )


def _branches(scope: Scope) -> list[str] | None:
    return None if scope.location_ids is None else list(scope.location_ids)


_WORDS = text("""
    select job_id, recipient, html_body, text_body, message_header
    from email_send_history
    where tenant_id = :t and message_id = :id
""")
_LAST = text("""
    select
        h.recipient, max(h.sent_at) as sent_at,
        max(u.used_at) filter (where u.action in ('done', 'snooze')) as acted_at
    from email_send_history as h
    inner join email_sending_jobs as j on j.tenant_id = h.tenant_id and j.job_id = h.job_id
    left join email_link as k on k.tenant_id = h.tenant_id and k.message_id = h.message_id
    left join email_link_use as u
        on u.tenant_id = k.tenant_id and u.token_hash = k.token_hash
    where
        h.tenant_id = :t and j.kind = 'report'
        and (
            cast(:branches as text []) is null
            or h.branch_ids <@ cast(:branches as text []) and h.branch_ids <> '{}'
        )
    group by h.recipient
""")
_RESEND = text("""
    update email_send_history
    set status = 'planned', attempts = 0, retry_at = null
    where
        tenant_id = :t and job_id = :job and status = 'failed'
        and (
            cast(:branches as text []) is null
            or branch_ids <@ cast(:branches as text []) and branch_ids <> '{}'
        )
""")
_DELIVERED = text("""
    update email_send_history
    set status = 'sent', sent_at = changed_at, resolved_by = :by, reason = null
    where tenant_id = :t and message_id = :id and status = 'unknown'
        and changed_at < now() - cast(:settling as interval)
""")
_AGAIN = text("""
    update email_send_history
    set status = 'planned', resolved_by = :by, attempts = 0, retry_at = null, reason = null
    where tenant_id = :t and message_id = :id and status = 'unknown'
        and changed_at < now() - cast(:settling as interval)
""")
