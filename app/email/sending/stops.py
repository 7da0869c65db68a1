"""Sending that stands still because the tenant's mail server refuses it, whoever the recipient is.

While a stop lasts nothing is sent and nobody is suppressed. When its pause is over one message
tries; the first that the server takes ends the stop. So does a change of the mail server's
settings: sql/functions/email/_resume_mail.sql.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from app.email.sending.outbox import Claimed
from app.email.sending.verdicts import gist, without_addresses
from app.smtp import Refused

ALIKE = 2  # so many others refused in a row, with the same words, and it is the server
LONGEST_PAUSE_S = 600.0


@dataclass(frozen=True)
class Stop:
    """Why sending stands still since when, and when it is tried again.

    `is_paused`: not yet. `server_answer` holds no address.
    """

    reason: str
    server_code: int | None
    server_answer: str | None
    since: datetime
    retry_at: datetime
    is_paused: bool


def find_stop(conn: Connection, tenant_id: UUID) -> Stop | None:
    """The tenant's stop, if its sending stands still."""
    row = conn.execute(_FIND, {"t": tenant_id}).one_or_none()
    return None if row is None else Stop(*row)


def stop(
    conn: Connection, tenant_id: UUID, reason: str, refusal: Refused | None, retry_s: float
) -> None:
    """Let nothing go out for a while, which doubles each time up to LONGEST_PAUSE_S."""
    conn.execute(
        _STOP,
        {
            "t": tenant_id,
            "reason": reason,
            "code": refusal.code if refusal else None,
            "answer": without_addresses(refusal.words) if refusal else None,
            "pause_s": retry_s,
            "longest_s": LONGEST_PAUSE_S,
        },
    )
    hold_back(conn, tenant_id)


def hold_back(conn: Connection, tenant_id: UUID) -> None:
    """Whatever waits, waits at least as long as the stop lasts."""
    conn.execute(_HOLD_BACK, {"t": tenant_id})


def end_stop(conn: Connection, tenant_id: UUID) -> None:
    """The server takes mail again."""
    conn.execute(_END, {"t": tenant_id})


def list_alike(conn: Connection, tenant_id: UUID, message: Claimed, refusal: Refused) -> list[UUID]:
    """Messages to other recipients that got the same words since the server last took one."""
    values = {"t": tenant_id, "email": message.recipient, "code": refusal.code}
    rows = conn.execute(_REFUSED, values)
    said = gist(refusal.words)
    return [row.message_id for row in rows if gist(row.server_answer or "") == said]


def take_back(conn: Connection, tenant_id: UUID, message_ids: Sequence[UUID], reason: str) -> None:
    """What failed, and who was suppressed, by a refusal that turned out to be the server's."""
    values = {"t": tenant_id, "ids": list(message_ids), "reason": reason}
    conn.execute(_UNSUPPRESS, values)
    conn.execute(_PLAN_AGAIN, values)


def is_domain_served(conn: Connection, tenant_id: UUID, recipient: str) -> bool:
    """Whether the server took mail for somebody else of the same domain within a day."""
    values = {"t": tenant_id, "email": recipient, "domain": recipient.rpartition("@")[2]}
    return bool(conn.execute(_SERVED, values).scalar_one())


def has_sent_since(conn: Connection, tenant_id: UUID, message: Claimed) -> bool:
    """Whether the server took other mail since this message was written."""
    values = {"t": tenant_id, "id": message.message_id}
    return bool(conn.execute(_SENT_SINCE, values).scalar_one())


_FIND = text("""
    select
        reason, server_code, server_answer, since, retry_at,
        retry_at > clock_timestamp() as is_paused
    from email_stop
    where tenant_id = :t
""")
_STOP = text("""
    insert into email_stop as s (tenant_id, reason, server_code, server_answer, retry_at)
    values (
        :t, :reason, :code, :answer, clock_timestamp() + make_interval(secs => :pause_s)
    )
    on conflict (tenant_id) do update set
        reason = excluded.reason, server_code = excluded.server_code,
        server_answer = excluded.server_answer, tries = s.tries + 1,
        retry_at = clock_timestamp() + make_interval(
            secs => least(:longest_s, :pause_s * 2.0 ^ least(s.tries, 20))
        )
""")
_HOLD_BACK = text("""
    update email_send_history as h
    set retry_at = s.retry_at
    from email_stop as s
    where
        s.tenant_id = :t and h.tenant_id = :t and h.status = 'planned'
        and (h.retry_at is null or h.retry_at < s.retry_at)
        and (h.leased_until is null or h.leased_until < clock_timestamp())
""")
_END = text("delete from email_stop where tenant_id = :t")
_REFUSED = text("""
    select distinct on (h.recipient) h.message_id, h.server_answer
    from email_send_history as h
    where
        h.tenant_id = :t and h.recipient <> :email and h.server_code = :code
        and h.status in ('planned', 'failed')
        and h.changed_at > now() - interval '1 day'
        and h.changed_at > coalesce(
            (select max(x.sent_at) from email_send_history as x where x.tenant_id = :t),
            '-infinity'
        )
    order by h.recipient, h.changed_at desc, h.message_id
""")
_UNSUPPRESS = text("""
    delete from email_suppression as s
    using email_send_history as h
    where
        h.tenant_id = :t and h.message_id = any(:ids) and h.status = 'failed'
        and s.tenant_id = :t and s.email = h.recipient and s.reason = 'refused'
        and s.since > now() - interval '1 day'
""")
_PLAN_AGAIN = text("""
    update email_send_history
    set status = 'planned', reason = :reason, retry_at = null
    where tenant_id = :t and message_id = any(:ids) and status = 'failed'
""")
_SERVED = text("""
    select exists (
        select from email_send_history as h
        where
            h.tenant_id = :t and h.status = 'sent' and h.sent_at > now() - interval '1 day'
            and h.recipient <> :email and split_part(h.recipient, '@', 2) = :domain
    )
""")
_SENT_SINCE = text("""
    select exists (
        select
        from email_send_history as h
        inner join email_send_history as own
            on own.tenant_id = h.tenant_id and own.message_id = :id
        where
            h.tenant_id = :t and h.status = 'sent' and h.sent_at > own.created_at
    )
""")
