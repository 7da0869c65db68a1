"""What became of a claimed message: sent, refused, to be tried again, unknown or skipped.

Each note is written only while the claim lasts.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Connection, text

from app.email.sending.outbox import Claimed, key_of

MOST_ATTEMPTS = 16
_LONGEST_WAIT_S = 3600


def note_sent(conn: Connection, tenant_id: UUID, message: Claimed, code: int, words: str) -> bool:
    """The server took it. False when the lease ran out before: it stays unknown."""
    values = key_of(tenant_id, message) | {"code": code, "words": words}
    return conn.execute(_SENT, values).rowcount == 1


def note_failed(
    conn: Connection, tenant_id: UUID, message: Claimed, reason: str, code: int | None, words: str
) -> None:
    """It was permanently refused."""
    values = key_of(tenant_id, message) | {"reason": reason, "code": code, "words": words}
    conn.execute(_FAILED, values)


def note_postponed(
    conn: Connection,
    tenant_id: UUID,
    message: Claimed,
    reason: str,
    retry_s: float,
    code: int | None = None,
    words: str | None = None,
) -> None:
    """It did not go out, and goes out later; after MOST_ATTEMPTS tries it has failed."""
    if message.attempts >= MOST_ATTEMPTS:
        said = f"It was tried {message.attempts} times. {reason}"
        note_failed(conn, tenant_id, message, said, code, words or "")
        return
    wait_s = min(_LONGEST_WAIT_S, retry_s * 2.0 ** (message.attempts - 1))
    values = {"reason": reason, "wait_s": wait_s, "code": code, "words": words}
    conn.execute(_POSTPONED, key_of(tenant_id, message) | values)


def note_stopped(
    conn: Connection,
    tenant_id: UUID,
    message: Claimed,
    reason: str,
    code: int | None,
    words: str | None,
    *,
    is_counted: bool,
) -> None:
    """It waits until the mail server is mended.

    Without `is_counted` its tries are forgotten but for half: they say nothing about it, and
    those that were tried less often still go first.
    """
    most = message.attempts if is_counted else MOST_ATTEMPTS // 2
    values = {"reason": reason, "code": code, "words": words, "most": most}
    conn.execute(_STOPPED, key_of(tenant_id, message) | values)


def note_unknown(conn: Connection, tenant_id: UUID, message: Claimed) -> None:
    """The mail left, and no answer came."""
    conn.execute(_UNKNOWN, key_of(tenant_id, message) | {"reason": NO_ANSWER})


def note_skipped(conn: Connection, tenant_id: UUID, message: Claimed, reason: str) -> None:
    """It is not to go out any more."""
    conn.execute(_SKIPPED, key_of(tenant_id, message) | {"reason": reason})


def suppress_refused(conn: Connection, tenant_id: UUID, email: str) -> None:
    """Send nothing to this address again until an admin says otherwise."""
    statement = text("""
        insert into email_suppression (tenant_id, email, reason) values (:t, :email, 'refused')
        on conflict (tenant_id, email) do nothing
    """)
    conn.execute(statement, {"t": tenant_id, "email": email})


NO_ANSWER = (
    "The mail server did not say whether it took the message. It may have arrived, and is not "
    "sent again automatically."
)
_SENT = text("""
    update email_send_history
    set
        status = 'sent', sent_at = clock_timestamp(), reason = null, server_code = :code,
        server_answer = :words, lease_id = null, leased_until = null
    where tenant_id = :t and message_id = :id and status = 'sending' and lease_id = :lease_id
""")
_FAILED = text("""
    update email_send_history
    set
        status = 'failed', reason = :reason, server_code = :code, server_answer = :words,
        retry_at = null, lease_id = null, leased_until = null
    where
        tenant_id = :t and message_id = :id and status in ('planned', 'sending')
        and lease_id = :lease_id
""")
_POSTPONED = text("""
    update email_send_history
    set
        status = 'planned', reason = :reason, server_code = :code, server_answer = :words,
        retry_at = clock_timestamp() + make_interval(secs => :wait_s),
        lease_id = null, leased_until = null
    where
        tenant_id = :t and message_id = :id and status in ('planned', 'sending')
        and lease_id = :lease_id
""")
_STOPPED = text("""
    update email_send_history
    set
        status = 'planned', reason = :reason, server_code = :code, server_answer = :words,
        attempts = least(attempts, :most), lease_id = null, leased_until = null
    where
        tenant_id = :t and message_id = :id and status in ('planned', 'sending')
        and lease_id = :lease_id
""")
_UNKNOWN = text("""
    update email_send_history
    set status = 'unknown', reason = :reason, lease_id = null, leased_until = null
    where tenant_id = :t and message_id = :id and status = 'sending' and lease_id = :lease_id
""")
_SKIPPED = text("""
    update email_send_history
    set
        status = 'skipped', reason = :reason, retry_at = null, lease_id = null,
        leased_until = null
    where tenant_id = :t and message_id = :id and status = 'planned' and lease_id = :lease_id
""")
