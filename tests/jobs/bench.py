"""What the tests of jobs do again and again."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from app.database.engine import tenant_transaction
from app.jobs import Run, cancel, enqueue, publish, run_job
from app.jobs.work import _claim
from tests.jobs.handlers import Days

LIMIT_S = 60.0


class Bench:
    """Starts, steers and looks at jobs of one tenant."""

    def __init__(self, tenant_id: UUID, superuser: psycopg.Connection[Any], folder: Path) -> None:
        self.tenant_id = tenant_id
        self.superuser = superuser
        self.folder = folder

    def clear(self) -> None:
        """No jobs and no trace of any."""
        self.superuser.execute("truncate processing_jobs, load_record, periodic_tick cascade")

    def enqueue(self, kind: str, request: object | None = None, **values: Any) -> UUID:
        """A committed, unpublished job."""
        values = {"started_by": "schedule"} | values
        with tenant_transaction(self.tenant_id) as conn:
            return enqueue(conn, self.tenant_id, kind, request, **values)

    def start(self, kind: str, request: object | None = None, **values: Any) -> UUID:
        """A committed, published job."""
        job_id = self.enqueue(kind, request, **values)
        assert publish(job_id)
        return job_id

    def split(self, start: str, end: str, kind: str = "split") -> UUID:
        """A job over a range of days."""
        days = Days(date.fromisoformat(start), date.fromisoformat(end))
        return self.enqueue(kind, days)

    def run(self, job_id: UUID) -> None:
        """Run the job in this process, as a worker would."""
        run_job(str(job_id))

    def claim(self, job_id: UUID) -> Run:
        """Claim the job and do nothing with it: a run that is alive as long as its lease."""
        run = _claim(self.tenant_id, job_id)
        assert run is not None
        return run

    def cancel(self, job_id: UUID) -> None:
        """As the page does."""
        with tenant_transaction(self.tenant_id) as conn:
            cancel(conn, self.tenant_id, job_id)

    def change(self, job_id: UUID, assignments: str) -> None:
        """Make the row as if time had passed or something had happened."""
        self.superuser.execute(
            f"update processing_jobs set {assignments} where job_id = %s",
            (job_id,),  # type: ignore[arg-type]
        )

    def row(self, job_id: UUID, columns: str = "status, message") -> tuple[Any, ...]:
        """Columns of the job."""
        found = self.superuser.execute(
            f"select {columns} from processing_jobs where job_id = %s",
            (job_id,),  # type: ignore[arg-type]
        ).fetchone()
        assert found is not None
        return found

    def status(self, job_id: UUID) -> str:
        """The job's status."""
        return str(self.row(job_id)[0])

    def message(self, job_id: UUID) -> str:
        """What people read about the job."""
        return str(self.row(job_id)[1])

    def children(self, job_id: UUID) -> list[UUID]:
        """The ids of a parent's children, by day."""
        rows = self.superuser.execute(
            "select job_id from processing_jobs where parent_job_id = %s order by start_date",
            (job_id,),
        ).fetchall()
        return [row[0] for row in rows]

    def steps(self, job_id: UUID) -> list[tuple[Any, ...]]:
        """Name, status and rows of the job's steps, in order."""
        return self.superuser.execute(
            "select step, status, row_count from job_step where job_id = %s order by position",
            (job_id,),
        ).fetchall()

    def stored(self, job_id: UUID) -> int:
        """How often the job's work was stored."""
        found = self.superuser.execute(
            "select count(*) from load_record where job_id = %s", (job_id,)
        ).fetchone()
        assert found is not None
        return int(found[0])

    def allow(self, job_id: UUID, word: str = "go") -> None:
        """Let a handler that waits go on."""
        (self.folder / f"{word}-{job_id}").touch()

    def wait_said(self, word: str, job_id: UUID, fence: int = 1) -> int:
        """Wait until the attempt of that fence is this far; answers the process it runs in."""
        path = self.folder / f"{word}-{job_id}-{fence}"
        wait_until(path.exists, lambda: f"{word} of fence {fence}: {self.row(job_id)}")
        return int(path.read_text())

    def wait_status(self, job_id: UUID, *statuses: str) -> str:
        """Wait until the job has one of the statuses."""
        wait_until(
            lambda: self.status(job_id) in statuses, lambda: f"{statuses}, not {self.row(job_id)}"
        )
        return self.status(job_id)


def wait_until(
    is_so: Callable[[], bool], what: Callable[[], str], limit_s: float = LIMIT_S
) -> None:
    """Wait, and fail with `what` when it never becomes so."""
    give_up_at = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < give_up_at, f"never came: {what()}"
        time.sleep(0.03)
