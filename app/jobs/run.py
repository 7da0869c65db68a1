"""One attempt at a job, as its handler sees it."""

from __future__ import annotations

import threading
import time
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from app.jobs import rows
from app.jobs.doors import short_transaction
from app.jobs.ending import FinalStatus, end
from app.jobs.failpoints import reached
from app.jobs.interruptions import JobCancelled, JobInterrupted, JobLost, JobTimeout
from app.jobs.rows import JobRow
from app.jobs.settings import settings

StepStatus = Literal["pending", "running", "done", "failed", "skipped"]
SuccessStatus = Literal["completed", "completed_with_warnings"]


class Run:
    """A claimed job. Safe to use from several threads of the handler."""

    def __init__(self, row: JobRow) -> None:
        self.tenant_id = row.tenant_id
        self.job_id = row.job_id
        self.parent_job_id = row.parent_job_id
        self.kind = row.kind
        self.started_by = row.started_by
        self.fence = row.fence
        self.attempt = row.attempt
        self.request_id = row.request_id
        self.params = row.params
        self._deadline = None if row.seconds_left is None else time.monotonic() + row.seconds_left
        self._interruption: JobInterrupted | None = None
        self._lock = threading.Lock()
        self._is_over = False

    @property
    def interruption(self) -> JobInterrupted | None:
        """Why the run has to stop; None while it may continue."""
        return self._interruption

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the deadline, negative after it; None without one."""
        return None if self._deadline is None else self._deadline - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether the handler has finished the job or handed it over."""
        return self._is_over

    def interrupt(self, reason: JobInterrupted) -> None:
        """Ask the handler to stop at its next check; the first reason counts."""
        with self._lock:
            self._interruption = self._interruption or reason

    def cancelled(self) -> bool:
        """Whether the run has to stop, for any reason. Costs nothing."""
        return self._interruption is not None

    def check(self) -> None:
        """Stop the handler unless the run still owns the job. Costs nothing; call it often.

        Raises:
            JobInterrupted: lost, cancelled, past its deadline, or the worker stops.
        """
        if self._interruption is not None:
            raise self._interruption

    def step(
        self,
        name: str,
        position: int,
        status: StepStatus,
        rows: int | None = None,
        message: str | None = None,
        took_ms: int | None = None,
    ) -> None:
        """Show progress at once: one row per name.

        Raises:
            JobInterrupted: the run no longer owns the job.
        """
        statement = text("""
            insert into job_step (
                tenant_id, job_id, step, position, status, row_count, message, took_ms
            )
            values (
                :tenant_id, :job_id, :step, :position, :status, :row_count, :message, :took_ms
            )
            on conflict (tenant_id, job_id, step) do update set
                position = excluded.position, status = excluded.status,
                row_count = excluded.row_count, message = excluded.message,
                took_ms = excluded.took_ms,
                updated_at = clock_timestamp()
        """)
        values = {"position": position, "status": status, "row_count": rows, "message": message}
        values["took_ms"] = took_ms
        self._write(statement.bindparams(step=name, **values))

    def warn(self, warning: str, doubtful_word: str | None = None) -> None:
        """Add a warning that people see; a job with warnings never ends plainly `completed`.

        `doubtful_word` is the value that the warning is about and that may be a word for nothing.

        Raises:
            JobInterrupted: the run no longer owns the job.
        """
        statement = text("""
            update processing_jobs set
                warnings = array_append(warnings, :warning),
                doubtful_words = doubtful_words || array_remove(
                    array[cast(:word as text)], null
                )
            where tenant_id = :tenant_id and job_id = :job_id
        """)
        self._write(statement.bindparams(warning=warning, word=doubtful_word))

    def fence_check(self, conn: Connection) -> None:
        """Check in the database that the run still owns the job; locks nothing.

        Call it first in a long transaction. It also marks the connection, so that the next run can
        terminate the transaction of a frozen one.

        Raises:
            JobInterrupted: it does not.
        """
        _mark(conn, self)
        self._verify(rows.find(conn, self.tenant_id, self.job_id))

    def lock(self, conn: Connection) -> JobRow:
        """Do `fence_check()` and lock the job until the transaction ends."""
        _mark(conn, self)
        return self._verify(rows.lock(conn, self.tenant_id, self.job_id))

    def finish(
        self, conn: Connection, status: SuccessStatus, message: str | None = None
    ) -> FinalStatus:
        """End the job successfully, as the last act of the transaction that stores its work.

        The row stays locked until the commit, so nothing can happen in between. A job with warnings
        ends `completed_with_warnings`. To fail a job, raise instead.

        Raises:
            JobInterrupted: the run no longer owns the job; the transaction must be rolled back.
        """
        row = self.lock(conn)
        written = end(conn, row, status, message)
        reached("finish.written")
        self._is_over = True
        return written

    def hand_over(self) -> None:
        """Leave the job to its children, which end it."""
        self._is_over = True

    def _write(self, statement: TextClause) -> None:
        if self._is_over:
            raise RuntimeError("steps and warnings come before the end of the job")
        with short_transaction(self.tenant_id) as conn:
            self.fence_check(conn)
            conn.execute(statement, {"tenant_id": self.tenant_id, "job_id": self.job_id})
            reached("step.writing")

    def _verify(self, row: JobRow | None) -> JobRow:
        """The row, if it has this run's fence and may still be worked on."""
        if row is None or row.fence != self.fence or row.status != "processing":
            raise JobLost
        if row.is_cancel_requested:
            raise JobCancelled
        if row.is_overdue:
            raise JobTimeout(settings().job_deadline_s)
        return row


def connection_mark(job_id: UUID, fence: int) -> str:
    """The application_name of connections that store this run's work."""
    return f"job {job_id} {fence}"


def _mark(conn: Connection, run: Run) -> None:
    name = connection_mark(run.job_id, run.fence)
    conn.execute(text("select set_config('application_name', :name, true)"), {"name": name})


def cut_off(conn: Connection, job_id: UUID, fence: int) -> int:
    """Terminate the transactions that a dead or frozen run left open; returns how many.

    Works only for the role that opened them. They hold locks that the next run needs.
    """
    statement = text("""
        select count(*) filter (where pg_terminate_backend(pid, 2000))
        from pg_stat_activity
        where application_name = :name and usename = current_user and pid <> pg_backend_pid()
    """)
    ended: int = conn.execute(statement, {"name": connection_mark(job_id, fence)}).scalar_one()
    return ended
