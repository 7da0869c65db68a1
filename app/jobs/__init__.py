"""Background work. PostgreSQL is the queue of record; RQ only carries ids to idle workers.

A feature registers what it can do and asks for it:

    @job("ingest", roles=("admin", "manager"))
    def ingest(run: Run, request: IngestRequest) -> None:
        run.step("extract", 1, "running")
        ...
        with tenant_transaction(run.tenant_id) as conn:
            run.fence_check(conn)
            ...
            run.finish(conn, "completed")

    with tenant_transaction(tenant_id) as conn:
        job_id = enqueue(conn, tenant_id, "ingest", request, started_by=member.email)
    publish(job_id)

What holds at every moment:

- A job is run by whoever turned its row from `queued` to `processing`; each claim raises the
  fence. Ids may stand in Redis twice or not at all: a second claim finds nothing to do, and the
  sweeper publishes again whatever is queued and due.
- A run owns its job while the row carries its fence and `processing`. `finish()` proves it in
  the very transaction that stores the work, so a run that lost its job stores nothing.
- Leases, deadlines and waiting times are compared by the database's clock alone.
- Only `ending.end()` writes a final status, and settles the parent in the same transaction.
  Locks are taken parent first, then child.
- A frozen process cannot keep a job: short transactions end by themselves when idle, and the
  long one of a run is cut off, by its mark, before its job is given to another run.
"""

from app.jobs.children import enqueue_children
from app.jobs.commands import cancel, enqueue
from app.jobs.interruptions import (
    JobCancelled,
    JobInterrupted,
    JobLost,
    JobStopped,
    JobTimeout,
)
from app.jobs.kinds import job
from app.jobs.queue import publish
from app.jobs.run import Run
from app.jobs.settings import configure
from app.jobs.sweeper import sweep
from app.jobs.work import run_job

__all__ = [
    "JobCancelled",
    "JobInterrupted",
    "JobLost",
    "JobStopped",
    "JobTimeout",
    "Run",
    "cancel",
    "configure",
    "enqueue",
    "enqueue_children",
    "job",
    "publish",
    "run_job",
    "sweep",
]
