"""worker.py with the tests' handlers, or those of JOBS_TEST_HANDLERS, and short waits."""

from __future__ import annotations

import os

import worker
from app.jobs import lease, outcomes

if __name__ == "__main__":
    worker.HANDLER_MODULES[:] = [os.environ.get("JOBS_TEST_HANDLERS", "tests.jobs.handlers")]
    outcomes.BACKOFF_FIRST_S = 0.2
    lease.STOP_GRACE_S = 1.0
    raise SystemExit(worker.main())
