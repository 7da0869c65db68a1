"""worker.py with failpoints, and with short waits where the environment says so."""

from __future__ import annotations

import os

import worker
from app.jobs import outcomes
from tests.campaign.arming import BACKOFF, arm_this_process

if __name__ == "__main__":
    if BACKOFF in os.environ:
        worker._RESTART_MOST_S = 1.0
        outcomes.BACKOFF_FIRST_S = float(os.environ[BACKOFF])
    arm_this_process()
    raise SystemExit(worker.main())
