"""worker.py with the tests' handlers and short waits."""

from __future__ import annotations

import worker
from app.jobs import lease, outcomes

if __name__ == "__main__":
    worker.HANDLER_MODULES[:] = ["tests.jobs.handlers"]
    outcomes.BACKOFF_FIRST_S = 0.2
    lease.STOP_GRACE_S = 1.0
    raise SystemExit(worker.main())
