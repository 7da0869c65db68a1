"""Starts one job as a web process does: with a parent, and with failpoints.

python -m tests.campaign.starter TENANT FIRST LAST
"""

from __future__ import annotations

import os
import sys
from datetime import date
from uuid import UUID

from app import jobs
from app.config import load_config
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.ingest.jobs import IngestRequest, start_ingestion
from tests.campaign.arming import arm_this_process


def main() -> None:
    """The child starts the job; the parent waits for it."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    config = load_config()
    db.configure(config)
    jobs.configure(config)
    arm_this_process()
    start(UUID(sys.argv[1]), date.fromisoformat(sys.argv[2]), date.fromisoformat(sys.argv[3]))


def start(tenant_id: UUID, first: date, last: date) -> UUID:
    """Commit a job, then wake a worker for it."""
    with tenant_transaction(tenant_id) as conn:
        job_id = start_ingestion(conn, tenant_id, IngestRequest(first, last), "schedule")
    jobs.publish(job_id)
    return job_id


if __name__ == "__main__":
    main()
