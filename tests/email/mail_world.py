"""A tenant with branches, recipients, tasks and a mail server, and the jobs that send."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from app import crypto, jobs
from app.config import Config
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.dates import DateRange, utc_now
from app.email.sending.jobs import start_tenant
from app.email.sending.planning import start_planning
from tests.customers.world import World, ago
from tests.email.mail_server import PASSWORD, USER, MailServer
from tests.sql.comparing import make_tenant

Superuser = psycopg.Connection[Any]
FINAL = {"sent", "failed", "skipped", "unknown"}
QUICK = {
    "mail_retry_s": 0.01,
    "mail_answer_s": 1.0,
    "mail_lease_s": 30.0,
    "job_lease_s": 5.0,
    "job_heartbeat_s": 1.0,
}


def yesterday() -> date:
    """The last day that is over, in UTC."""
    return utc_now().date() - timedelta(days=1)


def last_day() -> DateRange:
    """Yesterday alone."""
    return DateRange(yesterday(), yesterday())


class MailWorld(World):
    """A world whose mail goes to a scripted server."""

    server: MailServer
    config: Config

    def recipient(self, branch_id: str, email: str, name: str = "") -> None:
        """Somebody gets the report of a branch."""
        self.insert("branch_email_mappings", branch_id=branch_id, email=email, name=name)

    def cart(self, company: str, branch: str = "D01", **more: Any) -> UUID:
        """A task about an abandoned cart of yesterday."""
        hours = more.pop("hours", 20)
        return self.task(
            "cart",
            ago(hours=hours),
            company=company,
            branch=branch,
            name=more.pop("name", f"Company {company}"),
            **more,
        )

    def close(self, task_id: UUID, reason: str = "recovered") -> None:
        """The task closes by itself."""
        self.superuser.execute(
            "update task set closed_at = now(), closed_reason = %s where task_id = %s",
            (reason, task_id),
        )

    def plan(
        self,
        kind: str = "report",
        key: str = "manual",
        period: DateRange | None = None,
        **more: Any,
    ) -> UUID:
        """Plan mail as a job does, about yesterday or about `period`."""
        started_by = more.pop("started_by", "schedule")
        with tenant_transaction(self.tenant_id) as conn:
            job_id = start_planning(
                conn,
                self.tenant_id,
                kind,
                key,
                period or last_day(),
                started_by,
                **({"location_ids": None} | more),
            )
        jobs.run_job(str(job_id))
        status, message, detail = self.job(job_id)
        assert status == "completed", (message, detail)
        return job_id

    def run_as_worker(self, config: Config, ca_file: str) -> None:
        """Remember how jobs are run beside a site that runs in this process."""
        self.config = config.model_copy(update={**QUICK, "smtp_ca_file": ca_file})

    @contextmanager
    def as_worker(self) -> Iterator[None]:
        """In here this process is a worker."""
        before = jobs.settings.settings()
        db.configure(self.config, role="worker")
        jobs.configure(self.config)
        crypto.configure(self.config.credential_keys)
        try:
            yield
        finally:
            db.configure(before)
            jobs.configure(before)

    def run_queued(self, kind: str) -> None:
        """Run every queued job of this kind."""
        rows = self.superuser.execute(
            "select job_id from processing_jobs where kind = %s and status = 'queued'", (kind,)
        ).fetchall()
        for (job_id,) in rows:
            jobs.run_job(str(job_id))

    def job(self, job_id: UUID) -> tuple[Any, ...]:
        row = self.superuser.execute(
            "select status, message, detail from processing_jobs where job_id = %s", (job_id,)
        ).fetchone()
        assert row is not None
        return row

    def send(self) -> UUID | None:
        """Run one sending job."""
        self.superuser.execute(
            "update processing_jobs set status = 'cancelled', finished_at = now()"
            " where kind = 'send_mail' and status in ('queued', 'processing')"
        )
        job_id = start_tenant(self.tenant_id)
        if job_id is not None:
            jobs.run_job(str(job_id))
        return job_id

    def plan_and_send(self, key: str) -> None:
        """One more planning, and its mail, beside a running site."""
        with self.as_worker():
            self.plan(key=key)
            self.send()

    def hurry(self) -> None:
        """Nothing waits for its next try."""
        self.superuser.execute("update email_send_history set retry_at = null")

    def messages(self, columns: str = "recipient, status, reason") -> list[tuple[Any, ...]]:
        """What the ledger holds, by time."""
        return self.superuser.execute(
            f"select {columns} from email_send_history where tenant_id = %s"
            " order by created_at, recipient",
            (self.tenant_id,),
        ).fetchall()

    def statuses(self) -> dict[str, str]:
        """The state of each recipient's latest message."""
        return {row[0]: row[1] for row in self.messages()}


def switch_on(superuser: Superuser, tenant_id: UUID) -> None:
    """Confirm that mail may leave this database."""
    superuser.execute(
        """
        insert into email_switch (tenant_id, system_identifier, database_oid, confirmed_by)
        select %s, c.system_identifier, d.oid, 'test'
        from pg_control_system() as c
        inner join pg_database as d on d.datname = current_database()
        on conflict (tenant_id) do nothing
        """,
        (tenant_id,),
    )


def set_up_mail(superuser: Superuser, tenant_id: UUID, server: MailServer) -> None:
    """Let the tenant's mail go to this server."""
    password = crypto.encrypt(tenant_id, "smtp", PASSWORD)
    superuser.execute(
        """
        update tenant_config
        set
            smtp = jsonb_build_object(
                'host', '127.0.0.1', 'port', %s::integer, 'security', 'starttls',
                'username', %s::text, 'from_address', 'reports@acme.example',
                'from_name', 'Acme, "Reports"'
            ),
            smtp_credentials = %s
        where tenant_id = %s
        """,
        (server.port, USER, password, tenant_id),
    )


@contextmanager
def running(
    config: Config, superuser: Superuser, folder: Path, **settings: Any
) -> Iterator[MailWorld]:
    """A fresh tenant with two branches and a mail server."""
    with MailServer(folder) as server:
        made = config.model_copy(update={**QUICK, "smtp_ca_file": str(server.ca_file), **settings})
        db.configure(made, role="worker")
        jobs.configure(made)
        crypto.configure(made.credential_keys)
        tenant_id = make_tenant(superuser, "UTC", "USD")
        world = MailWorld(superuser, tenant_id)
        world.server, world.config = server, made
        set_up_mail(superuser, tenant_id, server)
        switch_on(superuser, tenant_id)
        world.branch("D01", "Harbour")
        world.branch("D02", "Uptown")
        world.loaded()
        yield world
        db.configure(config)
