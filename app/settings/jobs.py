"""The background work of the settings: testing connections, on request and once a day."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from uuid import UUID

from sqlalchemy import Connection

from app.database.engine import tenant_transaction
from app.database.tenants import list_active_tenants
from app.ingest import sources
from app.ingest.attempts import Limits
from app.ingest.bigquery.check import BigQueryCheck
from app.jobs import Run, enqueue, job, publish
from app.jobs.settings import settings as job_settings
from app.settings.checks.sftp import SftpCheck
from app.settings.checks.smtp import SmtpCheck
from app.settings.checks.steps import (
    CHECKED,
    LONGEST_S,
    find_check,
    keep_host_key,
    note_check,
    run_steps,
)
from app.tenant_settings import get_tenant_settings


def start_check(conn: Connection, tenant_id: UUID, section: str, started_by: str) -> UUID:
    """Queue a test of that section's connection; `publish()` its id after the commit.

    While one waits or runs, that one's id is the answer: nobody's clicks pile up.
    """
    check = find_check(conn, tenant_id, section)
    if check is not None and check.is_running:
        return check.job_id
    job_id = enqueue(conn, tenant_id, f"check_{section}", started_by=started_by)
    note_check(conn, tenant_id, section, job_id)
    return job_id


def list_set_up(conn: Connection, tenant_id: UUID) -> Sequence[str]:
    """The sections whose connection is filled in."""
    settings = get_tenant_settings(conn, tenant_id)
    return [section for section in CHECKED if getattr(settings, section)]


def check_all_tenants() -> int:
    """Queue a test of everything every tenant has set up; returns how many tests."""
    started = []
    for tenant_id in list_active_tenants():
        with tenant_transaction(tenant_id) as conn:
            sections = list_set_up(conn, tenant_id)
            started += [start_check(conn, tenant_id, name, "schedule") for name in sections]
    for job_id in started:
        publish(job_id)
    return len(started)


@job("check_bigquery", queue="quick", roles=("admin",))
def check_bigquery(run: Run) -> None:
    """Try the tenant's export, without reading more than a sample."""
    tenant = sources.read_settings(run.tenant_id)
    check = BigQueryCheck(tenant, job_settings(), _limits(run))
    run_steps(run, "bigquery", check.steps())


@job("check_sftp", queue="quick", roles=("admin",))
def check_sftp(run: Run) -> None:
    """Try the tenant's SFTP server and read both files, storing nothing of them."""
    tenant = sources.read_settings(run.tenant_id)
    with tempfile.TemporaryDirectory() as name:
        check = SftpCheck(
            tenant, job_settings(), _limits(run), lambda line: keep_host_key(run, line), name
        )
        run_steps(run, "sftp", check.steps())


@job("check_smtp", queue="quick", roles=("admin",))
def check_mail_server(run: Run) -> None:
    """Try the tenant's mail server, up to the point before a mail."""
    tenant, config = sources.read_settings(run.tenant_id), job_settings()
    with ExitStack() as ending:
        run_steps(run, "smtp", SmtpCheck(tenant, config, ending).steps())


def _limits(run: Run) -> Limits:
    left_s = LONGEST_S if run.seconds_left is None else min(LONGEST_S, run.seconds_left)
    return Limits(time.monotonic() + left_s, run.cancelled)
