"""Sending what was planned: a job of the tenant, and the tick that starts it where mail waits."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from app.config import Config
from app.db import admin_transaction, tenant_transaction
from app.email import outbox
from app.email.marks import fill_marks, link_address, unsubscribe_address
from app.email.mime import write_mail
from app.email.obstacles import find_obstacle
from app.email.outbox import Claimed, Links
from app.errors import AppError, Upstream
from app.failpoints import reached
from app.ingest import sources
from app.jobs import Run, enqueue, job, publish
from app.jobs.settings import settings as job_settings
from app.log import logger
from app.settings.check_smtp import read_smtp
from app.smtp import Refused, SmtpLink, SmtpSettings, Unanswered

LONGEST_TALK_S = 60.0
_SPARE_S = 60.0
_MOST_FAULTS = 5
_OF_THE_ADDRESS = re.compile(r"5\.1\.\d+")
_ENHANCED = re.compile(r"5\.\d+\.\d+")
_ADDRESS_CODES = (550, 551, 553)
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
        if not outbox.is_sending_confirmed(conn, tenant_id):
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
        is_on = outbox.is_sending_confirmed(conn, run.tenant_id)
    if not is_on:
        run.warn(OFF)
    counts: Counter[str] = Counter()
    if is_on:
        with _Post(run) as post:
            post.send_all(counts)
    said = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
    with tenant_transaction(run.tenant_id) as conn:
        run.finish(conn, "completed", f"{said.capitalize()}." if said else "Nothing was due.")


@dataclass(frozen=True)
class _Fate:
    """What became of one try: a word to count, and whether the server can go on."""

    word: str
    is_server_well: bool = True


class _Post:
    """One tenant's messages over as few conversations with its mail server as possible."""

    def __init__(self, run: Run) -> None:
        self._run, self._tenant_id = run, run.tenant_id
        self._config: Config = job_settings()
        self._tenant = sources.read_settings(run.tenant_id)
        self._link: SmtpLink | None = None
        self._settings: SmtpSettings | None = None

    def __enter__(self) -> _Post:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def send_all(self, counts: Counter[str]) -> None:
        """Go on until nothing is due, time is short, or the server is not well."""
        faults = 0
        while faults < _MOST_FAULTS and not self._is_late():
            self._run.check()
            with tenant_transaction(self._tenant_id) as conn:
                message = outbox.claim(conn, self._tenant_id, self._lease_s)
                reason = message and find_obstacle(conn, self._tenant_id, message)
                if message is not None and reason:
                    outbox.note_skipped(conn, self._tenant_id, message, reason)
            if message is None:
                return
            reached("mail.claimed")
            fate = _Fate("skipped") if reason else self._send(message)
            counts[fate.word] += 1
            faults = 0 if fate.is_server_well else faults + 1
            logger.info("mail.tried", message_id=str(message.message_id), fate=fate.word)
        if faults:
            with tenant_transaction(self._tenant_id) as conn:
                outbox.hold_back(conn, self._tenant_id, self._config.mail_retry_s)

    def _is_late(self) -> bool:
        left_s = self._run.seconds_left
        return left_s is not None and left_s < min(_SPARE_S, self._config.job_deadline_s / 2)

    def _send(self, message: Claimed) -> _Fate:
        try:
            link = self._connected()
            link.offer(message.recipient)
        except Refused as refusal:
            return self._refused(message, refusal, by_recipient=True)
        except AppError as fault:
            return self._broken(message, fault)
        reached("mail.offered")
        with tenant_transaction(self._tenant_id) as conn:
            self._run.fence_check(conn)
            links = outbox.begin_sending(conn, self._tenant_id, message, self._lease_s)
        if links is None:
            return _Fate("left to another")
        reached("mail.sending")
        return self._deliver(link, message, self._write(message, links))

    def _deliver(self, link: SmtpLink, message: Claimed, content: bytes) -> _Fate:
        """From here on the mail may have left: whatever cannot be told is unknown."""
        link.extend(self._config.mail_answer_s + LONGEST_TALK_S / 2)
        try:
            code, words = link.deliver(content, self._config.mail_answer_s)
        except Refused as refusal:
            return self._refused(message, refusal, by_recipient=False)
        except Upstream as fault:
            return self._broken(message, fault)
        except Unanswered:
            self._hang_up()
            with tenant_transaction(self._tenant_id) as conn:
                outbox.note_unknown(conn, self._tenant_id, message)
            return _Fate("unknown", is_server_well=False)
        reached("mail.delivered")
        with tenant_transaction(self._tenant_id) as conn:
            is_noted = outbox.note_sent(conn, self._tenant_id, message, code, words)
        reached("mail.noted")
        return _Fate("sent" if is_noted else "unknown")

    def _write(self, message: Claimed, links: Links) -> bytes:
        stored = self._tenant.smtp
        base = self._config.base_url.rstrip("/")
        sender = (stored.get("from_name") or "", stored["from_address"])
        way_out = unsubscribe_address(base, links.unsubscribe.letters)
        here = link_address(base, links.report.letters)
        return write_mail(
            sender=sender, recipient=message.recipient, subject=message.subject,
            html=fill_marks(message.html_body, base, here, way_out),
            text=fill_marks(message.text_body, base, here, way_out),
            message_header=message.message_header,
            unsubscribe_address=way_out if message.kind in ("report", "digest") else None,
        )  # fmt: skip

    def _refused(self, message: Claimed, refusal: Refused, *, by_recipient: bool) -> _Fate:
        with tenant_transaction(self._tenant_id) as conn:
            if not refusal.is_permanent:
                reason = f"The mail server refused it for now ({refusal.code})."
                outbox.note_postponed(
                    conn, self._tenant_id, message, reason, self._config.mail_retry_s,
                    refusal.code, refusal.words,
                )  # fmt: skip
                return _Fate("put off")
            what = "this recipient" if by_recipient else "the message"
            reason = f"The mail server refused {what} for good ({refusal.code})."
            outbox.note_failed(
                conn, self._tenant_id, message, reason, refusal.code, refusal.words
            )
            if by_recipient and message.kind != "test" and _is_about_address(refusal):
                outbox.suppress_refused(conn, self._tenant_id, message.recipient)
        return _Fate("failed")

    def _broken(self, message: Claimed, fault: AppError) -> _Fate:
        """The server is away, or does not want us: the message waits, and so do the others."""
        self._hang_up()
        with tenant_transaction(self._tenant_id) as conn:
            outbox.note_postponed(
                conn, self._tenant_id, message, fault.message, self._config.mail_retry_s
            )
        return _Fate("put off", is_server_well=False)

    def _connected(self) -> SmtpLink:
        if self._link is not None:
            self._link.extend(LONGEST_TALK_S)
            return self._link
        if self._settings is None:
            self._settings = read_smtp(self._tenant, self._config)
        link = SmtpLink(self._settings, sources.net_policy(self._config), LONGEST_TALK_S)
        self._link = link.__enter__()
        link.connect()
        link.secure()
        link.sign_in()
        return link

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.__exit__()
        self._link = None

    @property
    def _lease_s(self) -> float:
        """How long a message is this worker's: longer than a conversation about it can last."""
        return self._config.mail_lease_s


def _is_about_address(refusal: Refused) -> bool:
    """Whether the refusal means this address for ever, not this mail, sender or moment."""
    if found := _ENHANCED.search(refusal.words):
        return bool(_OF_THE_ADDRESS.fullmatch(found[0]))
    return refusal.code in _ADDRESS_CODES


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
