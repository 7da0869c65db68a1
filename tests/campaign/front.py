"""People and mail beside a campaign: somebody who asks through nginx, and reports on their way."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import requests
from sqlalchemy.exc import DBAPIError

from app import jobs
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.email.sending.planning import start_planning
from app.errors import AppError
from app.settings import provision
from tests.campaign.judge import Verdict
from tests.campaign.source import FIRST, LAST
from tests.campaign.stack import SHORT, Stack, run
from tests.deploy import stack as deployment
from tests.email.mail_server import MailServer
from tests.email.mail_world import FINAL, MailWorld, set_up_mail, switch_on
from tests.running import ADA
from tests.sql.comparing import make_tenant

# What mail runs with in a campaign.
MAIL_WAITS = {
    "MAIL_TICK_S": "0.5",
    "MAIL_RETRY_S": "0.2",
    "MAIL_ANSWER_S": "2",
    "MAIL_LEASE_S": "8",
}
PARTS = ("stats", "stats/chart", "stats/locations")
_PAUSE_S = 0.1
_RECIPIENTS = 5
_SETTLED_LIMIT_S = 90.0
_FATES = """
    select told.header, told.status
    from (
        select tenant_id, message_header as header, status
        from email_send_history
        union all
        select tenant_id, job_id::text, 'still to write, ' || status
        from processing_jobs
        where kind = 'plan_mail' and status <> 'completed'
    ) as told
    where told.tenant_id = %s
"""


@dataclass(frozen=True)
class Seen:
    """One answer: which part of the figures, its status, and a hash of what it shows."""

    part: str
    status: int
    shown: str


class Front:
    """nginx and the three services in front of a campaign's stack, and one tenant's mail."""

    def __init__(self, front: deployment.Stack, stack: Stack, mail: MailServer, post: UUID) -> None:
        self.deployment, self.stack, self.mail, self._post = front, stack, mail, post
        self._known: dict[str, set[str]] = {part: set() for part in PARTS}
        self._joined: set[UUID] = set()
        self._plans = self._told = 0
        self._token = front.provider.token_for(ADA.email)

    def learn(self, controls: Iterable[UUID]) -> None:
        """What every version shows where nothing ever went wrong."""
        with self.deployment.session() as client:
            for tenant_id in controls:
                self.join(tenant_id)
                for part in PARTS:
                    seen = self._ask(client, tenant_id, part)
                    assert seen.status == 200, seen
                    self._known[part].add(seen.shown)

    def join(self, tenant_id: UUID) -> None:
        """Ada works there from now on: an invitation is taken up by signing in."""
        if tenant_id in self._joined:
            return
        provision.add_member(tenant_id, ADA.email, "admin")
        with self.deployment.session() as client:
            self.deployment.sign_in(client, ADA.email)
        self._joined.add(tenant_id)

    def plan_mail(self) -> None:
        """Ask for one more round of reports, about a new task; without PostgreSQL there is none."""
        self._plans += 1
        with psycopg.connect(self.stack.urls.superuser, autocommit=True) as superuser:
            MailWorld(superuser, self._post).cart(f"K{self._plans}")
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        try:
            with tenant_transaction(self._post) as conn:
                job_id = start_planning(
                    conn,
                    self._post,
                    "report",
                    f"round {self._plans}",
                    DateRange(yesterday, yesterday),
                    "schedule",
                    location_ids=None,
                )
        except (DBAPIError, AppError):
            return
        jobs.publish(job_id)

    @contextmanager
    def asking(self, tenant_id: UUID, verdict: Verdict) -> Iterator[None]:
        """Somebody asks for the tenant's figures for the block; then all of it is judged."""
        self.join(tenant_id)
        seen: list[Seen] = []
        is_over = threading.Event()
        thread = threading.Thread(target=self._ask_on, args=(tenant_id, seen, is_over))
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
        self._judge_pages(seen, verdict)
        self._judge_mail(verdict)

    def _ask_on(self, tenant_id: UUID, seen: list[Seen], is_over: threading.Event) -> None:
        with self.deployment.session() as client:
            while not is_over.wait(_PAUSE_S):
                seen.append(self._ask(client, tenant_id, PARTS[len(seen) % len(PARTS)]))
            seen.extend(self._ask(client, tenant_id, part) for part in PARTS)  # at rest by now

    def _ask(self, client: requests.Session, tenant_id: UUID, part: str) -> Seen:
        try:
            answer = client.get(
                f"{self.deployment.base_url}/analytics/api/v1/{part}",
                params={"start_date": str(FIRST), "end_date": str(LAST)},
                headers={"Authorization": f"Bearer {self._token}", "X-Tenant-Id": str(tenant_id)},
                timeout=60,
            )
        except requests.RequestException as error:
            return Seen(part, 0, type(error).__name__)
        return Seen(part, answer.status_code, hashlib.sha256(answer.content).hexdigest())

    def _judge_pages(self, seen: list[Seen], verdict: Verdict) -> None:
        """Old or new, or a plain 503 while something is away; at the end all of it is there."""
        verdict.pages += len(seen)
        for one in seen:
            if one.status == 200 and one.shown not in self._known[one.part]:
                verdict.note("wrong_pages", f"{one.part} shows no version")
            if one.status not in (200, 503):
                verdict.note("wrong_pages", f"{one.part} answered {one.status} {one.shown}")
        if any(one.status != 200 for one in seen[-len(PARTS) :]):
            verdict.note("wrong_pages", "no answer although all is at rest")

    def _judge_mail(self, verdict: Verdict) -> None:
        """Every message gets its end, and says truly what became of it."""
        rows = self._settled()
        delivered = Counter(self.mail.delivered)
        verdict.mails, self._told = len(rows) - self._told, len(rows)
        for header, status in rows:
            times = delivered[header]
            right = {"sent": times == 1, "unknown": times <= 1}.get(status, times == 0)
            if status not in FINAL or not right:
                verdict.note("wrong_mails", f"a message is {status}, delivered {times} times")
        if set(delivered) - {row[0] for row in rows}:
            verdict.note("wrong_mails", "a message was delivered that nobody planned")

    def _settled(self) -> list[tuple[str, str]]:
        """Every message's header and status, once all that was asked for is written and ended."""
        give_up_at = time.monotonic() + _SETTLED_LIMIT_S
        while True:
            try:
                rows = [(row[0], row[1]) for row in self.stack.query(_FATES, self._post)]
            except psycopg.OperationalError:
                rows = [("", "planned")]
            if all(status in FINAL for _, status in rows) or time.monotonic() > give_up_at:
                return rows
            time.sleep(0.2)


@contextmanager
def run_behind_nginx(folder: Path, waits: Mapping[str, float] = SHORT) -> Iterator[Front]:
    """A campaign's stack with nginx and the services, and a tenant whose mail is on its way."""
    for name in ("mail", "front"):
        (folder / name).mkdir()
    with ExitStack() as ending:
        mail = ending.enter_context(MailServer(folder / "mail"))
        told = MAIL_WAITS | {"SMTP_CA_FILE": str(mail.ca_file)}
        stack = ending.enter_context(run(folder, waits, told=told))
        superuser = ending.enter_context(psycopg.connect(stack.urls.superuser, autocommit=True))
        post = make_tenant(superuser, "UTC", "USD")
        set_up_mail(superuser, post, mail)
        switch_on(superuser, post)
        world = MailWorld(superuser, post)
        world.branch("D01", "Harbour")
        for number in range(_RECIPIENTS):
            world.recipient("D01", f"r{number}@acme.example")
        world.loaded()
        front = ending.enter_context(deployment.running(stack.config, folder / "front"))
        yield Front(front, stack, mail, post)
