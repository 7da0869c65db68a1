"""Messages that wait to be sent: claiming one, beginning to send it, holding all of them back.

A claim is a lease. `begin_sending()` is committed before the first byte of the mail; from then on
a message whose lease runs out is `unknown`, and nothing sends it again automatically.
`outcomes.py` notes what became of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from app.email.links.tokens import LinkToken, make_token


@dataclass(frozen=True)
class Claimed:
    """A message that is this worker's for as long as its lease lasts.

    `linked_id` is the message its links lead to: itself, or the one whose link is renewed.
    """

    message_id: UUID
    kind: str
    recipient: str
    branch_ids: tuple[str, ...]
    subject: str
    html_body: str
    text_body: str
    message_header: str
    attempts: int
    linked_id: UUID
    lease_id: UUID


@dataclass(frozen=True)
class Links:
    """The tokens of one message's links; only their hashes are stored."""

    report: LinkToken
    unsubscribe: LinkToken


def claim(conn: Connection, tenant_id: UUID, lease_s: float) -> Claimed | None:
    """The next message that is due, tried ones last; None when there is none."""
    lease_id = uuid4()
    values = {"t": tenant_id, "lease_id": lease_id, "lease_s": lease_s}
    row = conn.execute(_CLAIM, values).one_or_none()
    if row is None:
        return None
    found = {**row._mapping, "branch_ids": tuple(row.branch_ids), "lease_id": lease_id}
    return Claimed(**found)


def begin_sending(
    conn: Connection, tenant_id: UUID, message: Claimed, lease_s: float
) -> Links | None:
    """Note that the mail is about to leave, with the links it carries; commit before it does.

    None: the claim was lost, or sending was switched off; then nothing may leave.
    """
    values = key_of(tenant_id, message) | {"lease_s": lease_s}
    if conn.execute(_BEGIN, values).rowcount != 1:
        return None
    links = Links(make_token(tenant_id), make_token(tenant_id))
    conn.execute(
        _LINK,
        [
            {
                "t": tenant_id,
                "hash": links.report.token_hash,
                "id": message.linked_id,
                "purpose": "report",
                "days": 14,
            },
            {
                "t": tenant_id,
                "hash": links.unsubscribe.token_hash,
                "id": message.message_id,
                "purpose": "unsubscribe",
                "days": 365,
            },
        ],
    )
    return links


def hold_back(conn: Connection, tenant_id: UUID, wait_s: float) -> None:
    """Let everything that is due wait: the mail server is not well."""
    conn.execute(_HOLD_BACK, {"t": tenant_id, "wait_s": wait_s})


def end_dead_sendings(conn: Connection, tenant_id: UUID) -> int:
    """Messages whose worker died after they may have left become unknown; answers how many."""
    return conn.execute(_DEAD, {"t": tenant_id, "reason": WORKER_DIED}).rowcount


def supersede(
    conn: Connection,
    tenant_id: UUID,
    message_id: UUID,
    recipient: str,
    branch_ids: Sequence[str],
) -> None:
    """An older report that still waits to be sent is not needed beside the one just planned."""
    values = {"t": tenant_id, "id": message_id, "email": recipient, "branches": list(branch_ids)}
    conn.execute(_SUPERSEDE, values)


def key_of(tenant_id: UUID, message: Claimed) -> dict[str, object]:
    """What finds the message for as long as this worker's claim of it lasts."""
    return {"t": tenant_id, "id": message.message_id, "lease_id": message.lease_id}


WORKER_DIED = (
    "The worker stopped while the message was on its way. It may have arrived, and is not sent "
    "again automatically."
)
_CLAIM = text("""
    with next as (
        select h.message_id
        from email_send_history as h
        where
            h.tenant_id = :t and h.status = 'planned'
            and (h.retry_at is null or h.retry_at <= clock_timestamp())
            and (h.leased_until is null or h.leased_until < clock_timestamp())
        order by h.attempts, h.created_at, h.message_id
        limit 1
        for update skip locked
    )
    update email_send_history as h
    set
        attempts = h.attempts + 1, lease_id = :lease_id,
        leased_until = clock_timestamp() + make_interval(secs => :lease_s)
    from next as n, email_sending_jobs as j
    where
        h.tenant_id = :t and h.message_id = n.message_id
        and j.tenant_id = h.tenant_id and j.job_id = h.job_id
    returning
        h.message_id, j.kind, h.recipient, h.branch_ids, h.subject, h.html_body, h.text_body,
        h.message_header, h.attempts, coalesce(j.renews_message_id, h.message_id) as linked_id
""")
_BEGIN = text("""
    update email_send_history
    set
        status = 'sending', reason = null, retry_at = null,
        leased_until = clock_timestamp() + make_interval(secs => :lease_s)
    where
        tenant_id = :t and message_id = :id and status = 'planned' and lease_id = :lease_id
        and leased_until > clock_timestamp() and _is_sending_confirmed(:t)
""")
_LINK = text("""
    insert into email_link (tenant_id, token_hash, message_id, purpose, expires_at)
    values (:t, :hash, :id, :purpose, now() + make_interval(days => :days))
""")
_HOLD_BACK = text("""
    update email_send_history
    set retry_at = clock_timestamp() + make_interval(secs => :wait_s)
    where
        tenant_id = :t and status = 'planned'
        and (retry_at is null or retry_at <= clock_timestamp())
        and (leased_until is null or leased_until < clock_timestamp())
""")
_DEAD = text("""
    update email_send_history
    set status = 'unknown', reason = :reason, lease_id = null, leased_until = null
    where tenant_id = :t and status = 'sending' and leased_until < clock_timestamp()
""")
_SUPERSEDE = text("""
    update email_send_history as h
    set
        status = 'skipped', reason = 'A newer report took its place before it could be sent.',
        retry_at = null, lease_id = null, leased_until = null
    from email_sending_jobs as j
    where
        h.tenant_id = :t and h.message_id <> :id and h.recipient = :email
        and h.status = 'planned' and h.branch_ids <@ cast(:branches as text [])
        and (h.leased_until is null or h.leased_until < clock_timestamp())
        and j.tenant_id = h.tenant_id and j.job_id = h.job_id and j.kind = 'report'
""")
