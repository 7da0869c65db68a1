"""What happens to a job whose run did not finish it."""

from __future__ import annotations

import errno
import secrets
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from app.errors import AppError, Upstream
from app.jobs import rows
from app.jobs.doors import short_transaction
from app.jobs.ending import FinalStatus, end
from app.jobs.failpoints import reached
from app.jobs.interruptions import (
    JobCancelled,
    JobLost,
    JobStopped,
    JobTimeout,
)
from app.jobs.queue import publish
from app.jobs.rows import MAX_ATTEMPTS, JobRow
from app.jobs.run import Run
from app.jobs.settings import settings
from app.log import logger

BACKOFF_FIRST_S = 5.0
BACKOFF_MOST_S = 300.0
_TRY_S = 300.0
UNEXPECTED = "Something went wrong on our side. The job's id helps us find out what."
DATABASE_AWAY = "The database was out of reach for a moment."
DISK_FULL = "A disk of ours is full."
NO_RESULT = "Something went wrong on our side: the job ended without a result."
_FRAMES = 6
_MOST_CAUSES = 8


def record(run: Run, error: BaseException) -> None:
    """Record this error's consequence for the job, if the run still owns it.

    A reason to stop takes precedence over the error it caused. While the database is down this
    waits, at most as long as a lease; after that the sweeper decides.
    """
    reached("outcome.begun")
    reason = run.interruption or error
    logger.info(
        "job.interrupted", reason=type(reason).__name__, attempt=run.attempt, places=_places(reason)
    )
    if isinstance(reason, JobLost):
        return
    if isinstance(reason, JobStopped):
        _patiently(lambda: _change(run, _give_back))
        publish(run.job_id)
        return
    passing = _passing_cause(reason)
    if passing is not None:
        _patiently(lambda: _change(run, lambda conn, row: _try_again(conn, row, passing, reason)))
        return
    status, message = _final(reason)
    if message == UNEXPECTED:
        logger.opt(exception=reason).error("job.failed")
    detail = None if isinstance(reason, JobCancelled) else describe(reason)
    _patiently(lambda: _change(run, lambda conn, row: _fail(conn, row, status, message, detail)))


def fail_without_result(run: Run) -> None:
    """Fail the job if its handler returned without finishing it."""

    def fail(conn: Connection, row: JobRow) -> None:
        if row.has_lease:
            end(conn, row, "failed", NO_RESULT)

    _patiently(lambda: _change(run, fail))


def describe(error: BaseException) -> str:
    """The types of an error and its causes, newest last, for the tenant's admin.

    Leaves out third parties' messages and places in the code: those are in the log.
    """
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < _MOST_CAUSES:
        state = getattr(getattr(cause, "orig", None), "sqlstate", None)
        lines.append(type(cause).__name__ + (f" (SQLSTATE {state})" if state else ""))
        cause = cause.__cause__ or cause.__context__
    return "\n".join(lines)


def _places(error: BaseException) -> list[str]:
    """The places in the code where it happened, last one last."""
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def _final(reason: BaseException) -> tuple[FinalStatus, str]:
    if isinstance(reason, JobCancelled):
        return "cancelled", reason.message
    if isinstance(reason, AppError | JobTimeout):
        return "failed", reason.message
    return "failed", UNEXPECTED


def _passing_cause(reason: BaseException) -> str | None:
    """A fault that may pass by waiting, in plain words; None for any other."""
    if isinstance(reason, Upstream) and not reason.permanent:
        return reason.message
    if _is_disk_full(reason):
        return DISK_FULL
    if isinstance(reason, OperationalError | InterfaceError | psycopg.OperationalError):
        return DATABASE_AWAY
    if isinstance(reason, DBAPIError) and reason.connection_invalidated:
        return DATABASE_AWAY
    return None


def _is_disk_full(reason: BaseException) -> bool:
    """Whether PostgreSQL or this machine ran out of disk space."""
    if isinstance(getattr(reason, "orig", reason), psycopg.errors.DiskFull):
        return True
    return isinstance(reason, OSError) and reason.errno in (errno.ENOSPC, errno.EDQUOT)


def _change(run: Run, change: Callable[[Connection, JobRow], None]) -> None:
    """Apply a change in a transaction that locks the job, if the run still owns it."""
    with short_transaction(run.tenant_id) as conn:
        row = rows.lock(conn, run.tenant_id, run.job_id)
        if row is not None and row.fence == run.fence and row.status == "processing":
            change(conn, row)
            reached("outcome.written")


def _fail(
    conn: Connection, row: JobRow, status: FinalStatus, message: str, detail: str | None
) -> None:
    if row.is_cancel_requested:
        status, message = "cancelled", str(JobCancelled())
    end(conn, row, status, message, detail)


def _give_back(conn: Connection, row: JobRow) -> None:
    if row.is_cancel_requested:
        end(conn, row, "cancelled", str(JobCancelled()))
        return
    rows.put_back(conn, row, delay_s=0, message=None, is_counted=False)


def _try_again(conn: Connection, row: JobRow, cause: str, error: BaseException) -> None:
    """Queue the job again with a growing, jittered delay while attempts and time are left."""
    delay_s = backoff_s(row.attempt)
    is_late = row.seconds_left is not None and delay_s > row.seconds_left
    if row.is_cancel_requested or row.attempt >= MAX_ATTEMPTS or is_late:
        message = f"{cause} It was tried {row.attempt} times." if row.attempt > 1 else cause
        _fail(conn, row, "failed", message, describe(error))
        return
    message = f"{cause} Trying again, attempt {row.attempt + 1} of {MAX_ATTEMPTS}."
    rows.put_back(conn, row, delay_s=delay_s, message=message, is_counted=True)


def has_another_try(run: Run) -> bool:
    """Whether the job would be tried again, in time, if this run failed with a passing fault."""
    longest_s = 1.25 * _delay_s(run.attempt)
    return run.attempt < MAX_ATTEMPTS and (run.seconds_left or 0) > longest_s + _TRY_S


def _delay_s(attempt: int) -> float:
    return min(BACKOFF_FIRST_S * 4.0 ** (attempt - 1), BACKOFF_MOST_S)


def backoff_s(attempt: int) -> float:
    """The delay after this many attempts: four times as long each, give or take a quarter.

    All attempts together outlast an outage of five minutes.
    """
    return _delay_s(attempt) * secrets.SystemRandom().uniform(0.75, 1.25)


def _patiently(write: Callable[[], None]) -> None:
    give_up_at = time.monotonic() + settings().job_lease_s
    while True:
        try:
            write()
        except (OperationalError, InterfaceError) as error:
            if time.monotonic() > give_up_at:
                logger.error("job.outcome.unwritten", error=type(error).__name__)
                return
            time.sleep(0.5)
        else:
            return
