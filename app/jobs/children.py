"""Jobs split into children: the parent waits for them without a lease."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection, text

from app.jobs.commands import enqueue
from app.jobs.doors import short_transaction
from app.jobs.failpoints import reached
from app.jobs.kinds import get_kind
from app.jobs.queue import publish
from app.jobs.run import Run


def enqueue_children(run: Run, requests: Sequence[object]) -> None:
    """Split the run's job into one child per request, of the same kind, and end the run.

    Creating the children and setting the parent to wait is one transaction: a run that dies leaves
    both or neither. A request that already has a child gets no second one. The handler returns
    after this without finishing the job; its last child finishes it.

    Raises:
        ValueError: there are no requests, or the job is itself a child.
        JobInterrupted: the run no longer owns the job.
    """
    if not requests or run.parent_job_id is not None:
        raise ValueError("only a job that is no child can be split, and into at least one part")
    with short_transaction(run.tenant_id) as conn:
        run.lock(conn)
        existing = _requests_of_children(conn, run)
        made = [_enqueue_child(conn, run, part) for part in requests if part not in existing]
        _wait_for_children(conn, run)
        reached("children.written")
    reached("children.committed")
    run.hand_over()
    for job_id in made:
        publish(job_id)
    reached("children.published")


def _enqueue_child(conn: Connection, run: Run, request: object) -> UUID:
    return enqueue(
        conn,
        run.tenant_id,
        run.kind,
        request,
        started_by=run.started_by,
        parent_job_id=run.job_id,
    )


def _requests_of_children(conn: Connection, run: Run) -> list[object]:
    statement = text("""
        select params from processing_jobs
        where tenant_id = :tenant_id and parent_job_id = :job_id
    """)
    values = {"tenant_id": run.tenant_id, "job_id": run.job_id}
    kind = get_kind(run.kind)
    return [kind.read(params) for params in conn.execute(statement, values).scalars()]


def _wait_for_children(conn: Connection, run: Run) -> None:
    """Drop lease and deadline: each child has its own, and a waiting parent cannot die."""
    values = {"tenant_id": run.tenant_id, "job_id": run.job_id}
    conn.execute(
        text("""
            update job_step set status = 'done', updated_at = clock_timestamp()
            where tenant_id = :tenant_id and job_id = :job_id and status in ('pending', 'running')
        """),
        values,
    )
    conn.execute(
        text("""
            update processing_jobs set leased_until = null, deadline_at = null
            where tenant_id = :tenant_id and job_id = :job_id
        """),
        values,
    )
