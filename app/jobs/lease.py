"""The heartbeat: a thread that renews a run's lease and tells the run when to stop."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from app.jobs import rows
from app.jobs.doors import short_transaction
from app.jobs.failpoints import reached
from app.jobs.interruptions import (
    JobCancelled,
    JobInterrupted,
    JobLost,
    JobStopped,
    JobTimeout,
)
from app.jobs.run import Run
from app.jobs.settings import settings
from app.log import logger

POLL_S = 0.25
STOP_GRACE_S = 4.0
_DEAF = 70

_is_stop_requested = False


def request_stop(_signal: int = 0, _frame: FrameType | None = None) -> None:
    """Signal handler of a process that runs a job: give the job back and end soon."""
    global _is_stop_requested
    _is_stop_requested = True


class LeaseKeeper:
    """Keeps the lease of `run` during the block.

    If a handler hangs without `check()` beyond its grace period, the whole process is ended, after
    `last_word` has recorded why.
    """

    def __init__(self, run: Run, last_word: Callable[[JobInterrupted], None]) -> None:
        self._run = run
        self._last_word = last_word
        self._ended = threading.Event()
        self._next_beat = time.monotonic() + settings().job_heartbeat_s
        self._grace_until = 0.0
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=1)

    def _keep(self) -> None:
        poll_s = min(POLL_S, settings().job_heartbeat_s / 2)
        while not self._ended.wait(poll_s):
            if self._run.interruption is None:
                self._look()
            elif time.monotonic() > self._grace_until:
                self._end_process(self._run.interruption)

    def _look(self) -> None:
        if _is_stop_requested:
            self._interrupt(JobStopped(), STOP_GRACE_S)
        elif self._run.seconds_left is not None and self._run.seconds_left < 0:
            self._interrupt(JobTimeout(settings().job_deadline_s), settings().job_lease_s)
        elif time.monotonic() > self._next_beat:
            self._beat()

    def _beat(self) -> None:
        """Renew the lease. Retry soon if the database is unreachable: the job may still be ours."""
        run, lease_s = self._run, settings().job_lease_s
        try:
            with short_transaction(run.tenant_id) as conn:
                must_cancel = rows.renew(conn, run.tenant_id, run.job_id, run.fence, lease_s)
                reached("lease.renewing")
            reached("lease.renewed")
        except SQLAlchemyError as error:
            logger.warning("job.heartbeat.failed", job_id=run.job_id, error=type(error).__name__)
            self._next_beat = time.monotonic() + min(1.0, settings().job_heartbeat_s)
            return
        self._next_beat = time.monotonic() + settings().job_heartbeat_s
        if must_cancel is None:
            self._lose()
        elif must_cancel:
            self._interrupt(JobCancelled(), lease_s)

    def _lose(self) -> None:
        """The row is not ours: normal after the job's end, otherwise the run must stop."""
        if not self._run.is_over:
            self._interrupt(JobLost(), settings().job_lease_s)

    def _interrupt(self, reason: JobInterrupted, grace_s: float) -> None:
        self._grace_until = time.monotonic() + grace_s
        self._run.interrupt(reason)

    def _end_process(self, reason: JobInterrupted) -> None:
        """Record the outcome of a hanging handler's job, then end the process."""
        if self._run.is_over or self._ended.is_set():
            return
        logger.error("job.deaf", job_id=self._run.job_id, reason=type(reason).__name__)
        self._last_word(reason)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_DEAF)
