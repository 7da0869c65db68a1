"""A tenant whose events and customer files come from scripted servers, loaded by real jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from app import crypto, jobs
from app.config import Config
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.ingest.jobs import IngestRequest, start_ingestion
from app.ingest.queries import Job, find_job
from app.jobs.rows import MAX_ATTEMPTS
from app.settings import provision
from tests.ingest import bigquery_server, sftp_server
from tests.ingest.bad_files import workbook
from tests.ingest.bigquery_server import FakeBigQuery, FakeTable
from tests.ingest.reading import DAY, page_view
from tests.ingest.sftp_server import PASSWORD, FakeSftp

BRANCHES = b"Branch ID,Branch Name\n" + b"".join(b"D%d,Branch %d\n" % (n, n) for n in range(4))
Rows = list[tuple[Any, ...]]


@dataclass
class World:
    """The tenant and its two servers. A test changes what it wants; `restore()` mends it."""

    tenant_id: UUID
    bigquery: FakeBigQuery
    sftp: FakeSftp
    superuser: psycopg.Connection[Any]
    account: str
    config: Config

    def restore(self) -> None:
        """Good files, good settings, an obliging server."""
        for path in self.sftp.directory.iterdir():
            path.unlink() if path.is_file() else path.rmdir()
        self.put("users.xlsx", workbook())
        self.put("locations.csv", BRANCHES)
        self.sftp.on_read = lambda offset: ""
        self.sftp.closes_at_sign_in = False
        self.sftp.methods = ("password", "publickey")
        self.bigquery.restore()
        self.configure()

    def put(self, name: str, content: bytes) -> None:
        """A file on the SFTP server."""
        (self.sftp.directory / name).write_bytes(content)

    def configure(self, **changes: Any) -> None:
        """The tenant's settings, with `changes` in place of the right ones."""
        fields: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.sftp.port,
            "username": "acme",
            "password": PASSWORD,
            "host_key": self.sftp.host_key,
            "users_path": "/users.xlsx",
            "locations_path": "/locations.csv",
        }
        provision.set_sftp(self.tenant_id, **(fields | changes))
        provision.set_bigquery(self.tenant_id, "project-one", "analytics_1", "EU", self.account)

    def add_event(self) -> int:
        """One more page view in the export; answers how many there are."""
        rows = self.bigquery.tables["events_20250401"].rows
        rows.append(page_view(len(rows)))
        return len(rows)

    def queue(self, *data_types: str, started_by: str = "schedule") -> UUID:
        """A committed job for the day of the export."""
        request = IngestRequest(DAY, DAY, data_types or ("events", "users", "locations"))
        with tenant_transaction(self.tenant_id) as conn:
            return start_ingestion(conn, self.tenant_id, request, started_by)

    def run(self, job_id: UUID) -> Job:
        """What a worker makes of the job."""
        jobs.run_job(str(job_id))
        return self.job(job_id)

    def job(self, job_id: UUID) -> Job:
        """The job as it stands."""
        with tenant_transaction(self.tenant_id) as conn:
            job = find_job(conn, self.tenant_id, job_id)
        assert job is not None
        return job

    def load(self, *data_types: str) -> Job:
        """Queue and run."""
        return self.run(self.queue(*data_types))

    def attempts(self, job_id: UUID) -> tuple[int, bool]:
        """How often the job was tried, and whether its next try lies ahead, before its deadline."""
        statement = """
            select attempt, coalesce(available_at between now() and deadline_at, false)
            from processing_jobs where job_id = %s
        """
        found = self.superuser.execute(statement, (job_id,)).fetchone()
        assert found is not None
        return found[0], found[1]

    def load_at_last_try(self) -> Job:
        """Queue, and run as if all tries but the last had been in vain."""
        job_id = self.queue()
        self._update(job_id, f"attempt = {MAX_ATTEMPTS - 1}")
        return self.run(job_id)

    def make_due(self, job_id: UUID) -> None:
        """The job's next try is now."""
        self._update(job_id, "available_at = now()")

    def end_within(self, job_id: UUID, seconds: float, tries: int = 0) -> None:
        """The job's deadline is that near, after so many tries."""
        deadline = f"now() + interval '{seconds} s'"
        self._update(job_id, f"deadline_at = {deadline}, attempt = {tries}")

    def _update(self, job_id: UUID, change: str) -> None:
        statement = f"update processing_jobs set {change} where job_id = %s"
        self.superuser.execute(statement, (job_id,))

    def customers(self) -> tuple[Rows, Rows]:
        """The stored contacts and branches, row for row."""
        return self.rows("users", "user_id"), self.rows("locations", "location_id")

    def rows(self, table: str, order: str) -> Rows:
        """All of a table, of this tenant."""
        statement = f"select * from {table} where tenant_id = %s order by {order}"
        return self.superuser.execute(statement, (self.tenant_id,)).fetchall()

    def events(self) -> int:
        """How many page views are stored, copies of a row included."""
        statement = "select coalesce(sum(copies), 0) from page_view where tenant_id = %s"
        row = self.superuser.execute(statement, (self.tenant_id,)).fetchone()
        assert row is not None
        return int(row[0])


def key_file(private_key: str) -> str:
    """The key file of a service account, as JSON."""
    account = {
        "type": "service_account",
        "project_id": "project-one",
        "private_key_id": "k1",
        "client_email": "reader@project-one.iam",
        "private_key": private_key,
    }
    return json.dumps(account)


@contextmanager
def running(
    config: Config,
    tenant_id: UUID,
    superuser: psycopg.Connection[Any],
    private_key: str,
    folder: Path,
) -> Iterator[World]:
    """The world over `folder`, with this process as its worker."""
    folder.mkdir(exist_ok=True)
    with bigquery_server.running() as big, sftp_server.running(folder) as files:
        big.tables["events_20250401"] = FakeTable(rows=[page_view(n) for n in range(5)])
        live = config.model_copy(
            update={
                "bigquery_endpoint": big.endpoint,
                "google_token_uri": big.token_uri,
            }
        )
        db.configure(live, role="worker")
        jobs.configure(live)
        crypto.configure(live.credential_keys)
        yield World(tenant_id, big, files, superuser, key_file(private_key), live)
    db.configure(config)
