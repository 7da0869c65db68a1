"""worker.py with failpoints and short waits."""

from __future__ import annotations

import worker
from app.jobs import outcomes
from tests.campaign.arming import arm_this_process

if __name__ == "__main__":
    worker._RESTART_MOST_S = 1.0
    outcomes.BACKOFF_FIRST_S = 0.5
    arm_this_process()
    raise SystemExit(worker.main())
