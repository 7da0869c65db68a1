"""Tests a connection step by step, with each step's result, time and fix."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from app.crypto import CredentialError
from app.database.engine import tenant_transaction
from app.errors import Invalid, Upstream
from app.jobs import Run

CHECKED = ("bigquery", "sftp", "smtp")
LONGEST_S = 120.0
STEPS: dict[str, dict[str, str]] = {
    "bigquery": {
        "key": "The stored key can be read",
        "token": "Google gives a token",
        "project": "The project answers",
        "job": "Queries may be run (bigquery.jobs.create)",
        "dataset": "The dataset is there, in its location",
        "tables": "Tables of the GA4 export",
        "dry_run": "A dry run of one day",
        "sample": "The properties are in the events",
        "zone": "The property’s time zone fits",
    },
    "sftp": {
        "dns": "The host’s name is known",
        "port": "The port answers",
        "host_key": "The host key is the accepted one",
        "login": "Sign-in",
        "users": "Customer file",
        "locations": "Branch file",
        "headers": "Their columns are understood",
    },
    "smtp": {
        "dns": "The host’s name is known",
        "port": "The port answers",
        "tls": "Encrypted, certificate verified",
        "login": "Sign-in",
        "sender": "Mail from the sender’s address is taken",
    },
}
Work = Callable[[], str | None]


@dataclass(frozen=True)
class CheckStep:
    """One line of a test; `took_ms` is None before its end."""

    name: str
    label: str
    status: str
    message: str | None
    took_ms: int | None


@dataclass(frozen=True)
class Check:
    """The last test of a connection. `is_good` is None while it runs, or if it never ended."""

    section: str
    job_id: UUID
    is_good: bool | None
    message: str | None
    checked_at: datetime
    shown_host_key: str | None
    status: str | None
    job_message: str | None
    steps: tuple[CheckStep, ...]

    @property
    def is_running(self) -> bool:
        """Whether its job is queued or running."""
        return self.status in ("queued", "processing")


def find_check(conn: Connection, tenant_id: UUID, section: str) -> Check | None:
    """The last test of that section's connection, or None."""
    values = {"t": tenant_id, "section": section}
    row = conn.execute(_FIND, values).one_or_none()
    if row is None:
        return None
    labels = STEPS[section]
    steps = tuple(
        CheckStep(
            step.step, labels.get(step.step, step.step), step.status, step.message, step.took_ms
        )
        for step in conn.execute(_STEPS, {"t": tenant_id, "job_id": row.job_id})
    )
    return Check(**row._mapping, steps=steps)


def note_check(conn: Connection, tenant_id: UUID, section: str, job_id: UUID) -> None:
    """Record that this job does the requested test; deletes the last result."""
    conn.execute(_NOTE, {"t": tenant_id, "section": section, "job_id": job_id})


def run_steps(run: Run, section: str, steps: Sequence[tuple[str, Work]]) -> None:
    """Run the steps in order until one fails, and end the run with the result.

    A connection that does not work is a result, not a failed job: the job ends with a warning.
    """
    fault: str | None = None
    for position, (name, _) in enumerate(steps):
        run.step(name, position, "pending")
    for position, (name, work) in enumerate(steps):
        run.check()
        if fault is not None:
            run.step(name, position, "skipped")
            continue
        fault = _take(run, name, position, work)
    with tenant_transaction(run.tenant_id) as conn:
        conn.execute(
            _END,
            {
                "t": run.tenant_id,
                "section": section,
                "job_id": run.job_id,
                "is_good": fault is None,
                "message": fault,
            },
        )
        if fault is None:
            run.finish(conn, "completed", "The connection works.")
        else:
            run.finish(conn, "completed_with_warnings", fault)


def keep_host_key(run: Run, line: str) -> None:
    """Store the key that the SFTP server presented, for an admin to compare and accept."""
    with tenant_transaction(run.tenant_id) as conn:
        conn.execute(_SHOWN, {"t": run.tenant_id, "job_id": run.job_id, "line": line})


def _take(run: Run, name: str, position: int, work: Work) -> str | None:
    run.step(name, position, "running")
    began = time.monotonic()
    fault: str | None = None
    message: str | None = None
    try:
        message = work()
    except (Invalid, Upstream) as error:
        fault = error.message
    except CredentialError:
        fault = "The stored secret cannot be opened with this deployment’s keys. Enter it again."
    took_ms = round((time.monotonic() - began) * 1000)
    status = "done" if fault is None else "failed"
    run.step(name, position, status, message=fault or message, took_ms=took_ms)  # type: ignore[arg-type] # one of two
    return fault


_FIND = text("""
    select
        c.section, c.job_id, c.is_good, c.message, c.checked_at, c.shown_host_key,
        j.status, j.message as job_message
    from connection_check as c
    left join processing_jobs as j on j.tenant_id = c.tenant_id and j.job_id = c.job_id
    where c.tenant_id = :t and c.section = :section
""")
_STEPS = text("""
    select step, status, message, took_ms
    from job_step
    where tenant_id = :t and job_id = :job_id
    order by position
""")
_NOTE = text("""
    insert into connection_check (tenant_id, section, job_id)
    values (:t, :section, :job_id)
    on conflict (tenant_id, section) do update set
        job_id = excluded.job_id, is_good = null, message = null, checked_at = now(),
        shown_host_key = null
""")
_END = text("""
    update connection_check set is_good = :is_good, message = :message, checked_at = now()
    where tenant_id = :t and section = :section and job_id = :job_id
""")
_SHOWN = text("""
    update connection_check set shown_host_key = :line
    where tenant_id = :t and section = 'sftp' and job_id = :job_id
""")
