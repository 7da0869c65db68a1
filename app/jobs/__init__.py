"""Background work. PostgreSQL is the queue of record; RQ only carries ids to idle workers.

A feature registers a kind of job and queues jobs of it:

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

Guarantees:

- Only the worker that changed a job's row from `queued` to `processing` runs it; each claim
  raises the fence. An id may be in Redis twice or not at all: a second claim finds nothing to
  do, and the sweeper publishes queued and due jobs again.
- A run owns its job while the row has its fence and `processing`. `finish()` checks this in the
  transaction that stores the work, so a run that lost its job stores nothing.
- Only the database's clock compares leases, deadlines and waiting times.
- Only `ending.end()` writes a final status, and settles the parent in the same transaction.
  Locks are taken parent first, then child.
- A frozen process cannot keep a job: short transactions end when idle, and a run's long
  transaction is terminated, by its mark, before another run gets the job.
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
