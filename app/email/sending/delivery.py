"""One tenant's messages on their way to its mail server, and what each answer means."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import Connection

from app.config import Config
from app.database.engine import tenant_transaction
from app.email.links.placeholders import fill_marks, link_address, unsubscribe_address
from app.email.message.mime import write_mail
from app.email.sending import outbox, outcomes, stops
from app.email.sending.obstacles import find_obstacle
from app.email.sending.outbox import Claimed, Links
from app.email.sending.outcomes import MOST_ATTEMPTS
from app.email.sending.stops import Stop
from app.email.sending.verdicts import REPEATED, Verdict, judge, without_addresses
from app.errors import AppError, Upstream
from app.ingest import sources
from app.jobs import Run
from app.jobs.failpoints import reached
from app.jobs.settings import settings as job_settings
from app.log import logger
from app.settings.checks.smtp import read_smtp
from app.smtp import Refused, SmtpLink, SmtpSettings, Unanswered

LONGEST_TALK_S = 60.0
_SPARE_S = 60.0
_MOST_FAULTS = 5
_ADDRESS_CODES = (550, 551, 553)


@dataclass(frozen=True)
class _Fate:
    """What became of one try: a word to count, and whether the server can go on.

    `is_stopped`: the server refuses everybody, and nothing more is tried.
    """

    word: str
    is_server_well: bool = True
    is_stopped: bool = False


class Post:
    """One tenant's messages over as few conversations with its mail server as possible.

    `stop` is why sending stands still, if it does.
    """

    def __init__(self, run: Run) -> None:
        self._run, self._tenant_id = run, run.tenant_id
        self._config: Config = job_settings()
        self._tenant = sources.read_settings(run.tenant_id)
        self._link: SmtpLink | None = None
        self._settings: SmtpSettings | None = None
        with tenant_transaction(run.tenant_id) as conn:
            self.stop: Stop | None = stops.find_stop(conn, run.tenant_id)

    def __enter__(self) -> Post:
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
                    outcomes.note_skipped(conn, self._tenant_id, message, reason)
            if message is None:
                return
            reached("mail.claimed")
            fate = _Fate("skipped") if reason else self._send(message)
            counts[fate.word] += 1
            logger.info("mail.tried", message_id=str(message.message_id), fate=fate.word)
            if fate.is_stopped:
                return
            faults = 0 if fate.is_server_well else faults + 1
        if faults:
            with tenant_transaction(self._tenant_id) as conn:
                outbox.hold_back(conn, self._tenant_id, self._config.mail_retry_s)

    def _is_late(self) -> bool:
        left_s = self._run.seconds_left
        return left_s is not None and left_s < min(_SPARE_S, self._config.job_deadline_s / 2)

    def _send(self, message: Claimed) -> _Fate:
        try:
            link = self._connected()
        except AppError as fault:
            return self._unreachable(message, fault)
        try:
            link.offer(message.recipient)
        except Refused as refusal:
            return self._refused(message, refusal, "this recipient")
        except Upstream as fault:
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
            return self._refused(message, refusal, "the message")
        except Upstream as fault:
            return self._broken(message, fault)
        except Unanswered:
            self._hang_up()
            with tenant_transaction(self._tenant_id) as conn:
                outcomes.note_unknown(conn, self._tenant_id, message)
            return _Fate("unknown", is_server_well=False)
        reached("mail.delivered")
        with tenant_transaction(self._tenant_id) as conn:
            is_noted = outcomes.note_sent(conn, self._tenant_id, message, code, words)
            self._go_on(conn)
        reached("mail.noted")
        return _Fate("sent" if is_noted else "unknown")

    def _write(self, message: Claimed, links: Links) -> bytes:
        stored = self._tenant.smtp
        base = self._config.base_url.rstrip("/")
        sender = (stored.get("from_name") or "", stored["from_address"])
        way_out = unsubscribe_address(base, links.unsubscribe.letters)
        here = link_address(base, links.report.letters)
        return write_mail(
            sender=sender,
            recipient=message.recipient,
            subject=message.subject,
            html=fill_marks(message.html_body, base, here, way_out),
            text=fill_marks(message.text_body, base, here, way_out),
            message_header=message.message_header,
            unsubscribe_address=way_out if message.kind in ("report", "digest") else None,
        )

    def _refused(self, message: Claimed, refusal: Refused, what: str) -> _Fate:
        with tenant_transaction(self._tenant_id) as conn:
            if not refusal.is_permanent:
                reason = f"The mail server refused it for now ({refusal.code})."
                outcomes.note_postponed(
                    conn,
                    self._tenant_id,
                    message,
                    reason,
                    self._config.mail_retry_s,
                    refusal.code,
                    refusal.words,
                )
                return _Fate("put off")
            verdict = judge(refusal.code, refusal.words)
            if verdict.fault == "server":
                return self._stopped(conn, message, verdict.advice, refusal)
            if not verdict.is_certain and self._is_repeated(conn, message, refusal):
                return self._stopped(conn, message, REPEATED, refusal)
            reason = f"The mail server permanently refused {what} ({refusal.code})."
            outcomes.note_failed(
                conn, self._tenant_id, message, reason, refusal.code, refusal.words
            )
            if message.kind != "test" and self._is_about_address(conn, message, refusal, verdict):
                outcomes.suppress_refused(conn, self._tenant_id, message.recipient)
        return _Fate("failed")

    def _is_about_address(
        self, conn: Connection, message: Claimed, refusal: Refused, verdict: Verdict
    ) -> bool:
        """Whether the refusal means this address for ever, not this mail or moment."""
        if verdict.fault != "unclear":
            return verdict.fault == "address"
        is_code = refusal.code in _ADDRESS_CODES
        return is_code and stops.is_domain_served(conn, self._tenant_id, message.recipient)

    def _is_repeated(self, conn: Connection, message: Claimed, refusal: Refused) -> bool:
        """Whether others were refused in a row with the same words; those are taken back."""
        alike = stops.list_alike(conn, self._tenant_id, message, refusal)
        if len(alike) < stops.ALIKE:
            return False
        stops.take_back(conn, self._tenant_id, alike, f"Sending has stopped. {REPEATED}")
        return True

    def _stopped(
        self, conn: Connection, message: Claimed, advice: str, refusal: Refused | None
    ) -> _Fate:
        """The server refuses whoever it is for: all wait until it is mended."""
        said = f" It said: {refusal.code} {without_addresses(refusal.words)}" if refusal else ""
        reason = f"Sending has stopped. {advice}{said}"
        code, words = (refusal.code, refusal.words) if refusal else (None, None)
        has_sent = stops.has_sent_since(conn, self._tenant_id, message)
        if has_sent and message.attempts >= MOST_ATTEMPTS:
            outcomes.note_failed(conn, self._tenant_id, message, reason, code, words or "")
            return _Fate("failed")
        outcomes.note_stopped(
            conn, self._tenant_id, message, reason, code, words, is_counted=has_sent
        )
        stops.stop(conn, self._tenant_id, reason, refusal, self._config.mail_retry_s)
        self.stop = stops.find_stop(conn, self._tenant_id)
        logger.error("mail.stopped", code=code)
        return _Fate("put off", is_server_well=False, is_stopped=True)

    def _go_on(self, conn: Connection) -> None:
        """The server took a mail: a stop is over."""
        if self.stop is not None:
            stops.end_stop(conn, self._tenant_id)
            self.stop = None
            logger.info("mail.resumed")

    def _unreachable(self, message: Claimed, fault: AppError) -> _Fate:
        """There is no way to the server, or it does not let this user in."""
        self._hang_up()
        with tenant_transaction(self._tenant_id) as conn:
            return self._stopped(conn, message, fault.message, None)

    def _broken(self, message: Claimed, fault: Upstream) -> _Fate:
        """The conversation broke off, or the server takes nothing from this sender."""
        if fault.permanent:
            return self._unreachable(message, fault)
        self._hang_up()
        with tenant_transaction(self._tenant_id) as conn:
            outcomes.note_postponed(
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
        link.configure_host()
        return link

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.__exit__()
        self._link = None

    @property
    def _lease_s(self) -> float:
        """How long a message is this worker's: longer than a conversation about it can last."""
        return self._config.mail_lease_s
