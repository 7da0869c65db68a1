"""Ends jobs: the only writer of final statuses. A parent ends with its last child."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text

from app.jobs import rows
from app.jobs.failpoints import reached
from app.jobs.interruptions import JobCancelled
from app.jobs.rows import JobRow

FinalStatus = Literal["completed", "completed_with_warnings", "failed", "cancelled"]
_SUCCESSES = ("completed", "completed_with_warnings")


@dataclass(frozen=True)
class _Part:
    status: str
    start_date: date | None
    end_date: date | None
    message: str | None

    @property
    def label(self) -> str:
        return f"{self.start_date} to {self.end_date}"

    @property
    def has_succeeded(self) -> bool:
        return self.status in _SUCCESSES


def end(
    conn: Connection,
    row: JobRow,
    status: FinalStatus,
    message: str | None = None,
    detail: str | None = None,
) -> FinalStatus:
    """Set the final status of a job locked by `rows.lock()`, and of its parent after the last
    child.

    A job with warnings never ends plainly `completed`. Returns the status written.
    """
    if row.status == "processing" and row.has_lease:
        _end_steps(conn, row, status)
    statement = text("""
        update processing_jobs set
            status = case
                when :status = 'completed' and warnings <> '{}' then 'completed_with_warnings'
                else :status
            end,
            message = :message, detail = :detail,
            leased_until = null, finished_at = clock_timestamp()
        where tenant_id = :tenant_id and job_id = :job_id
        returning status
    """)
    values = {"status": status, "message": message, "detail": detail} | _key(row)
    written: FinalStatus = conn.execute(statement, values).scalar_one()
    reached("end.written")
    if row.parent_job_id is not None:
        settle_parent(conn, row.tenant_id, row.parent_job_id)
    return written


def settle_parent(conn: Connection, tenant_id: UUID, parent_job_id: UUID) -> None:
    """End a locked parent if it waits for its children and all of them have ended."""
    parent = rows.find(conn, tenant_id, parent_job_id)
    if parent is None or not parent.is_waiting_for_children:
        return
    parts = _parts(conn, parent)
    if any(part.status in ("queued", "processing") for part in parts):
        return
    notes = [f"{p.label}: {p.message or p.status}" for p in parts if p.status != "completed"]
    _keep_warnings(conn, parent, notes)
    end(conn, parent, *_verdict(parent, parts))
    reached("parent.ended")


def _verdict(parent: JobRow, parts: list[_Part]) -> tuple[FinalStatus, str | None]:
    """The parent's status and message, from its children's statuses."""
    succeeded = [part for part in parts if part.has_succeeded]
    cancelled = [part for part in parts if part.status == "cancelled"]
    if cancelled and (parent.is_cancel_requested or len(cancelled) == len(parts)):
        done = f"{len(succeeded)} of {len(parts)} parts were done."
        return "cancelled", f"{JobCancelled.__doc__} {done}"
    if not succeeded:
        reason = next((part.message for part in parts if part.message), "")
        return "failed", f"None of the {len(parts)} parts succeeded. {reason}".strip()
    if all(part.status == "completed" for part in parts):
        return "completed", None
    missing = [part.label for part in parts if not part.has_succeeded]
    if not missing:
        warned = ", ".join(part.label for part in parts if part.status != "completed")
        message = f"All {len(parts)} parts are loaded. Warnings in {warned}."
        return "completed_with_warnings", message
    listed = ", ".join(missing)
    return "completed_with_warnings", f"{len(missing)} of {len(parts)} parts are missing: {listed}."


def _parts(conn: Connection, parent: JobRow) -> list[_Part]:
    statement = text("""
        select status, start_date, end_date, message
        from processing_jobs
        where tenant_id = :tenant_id and parent_job_id = :job_id
        order by start_date, job_id
    """)
    return [_Part(*found) for found in conn.execute(statement, _key(parent))]


def _keep_warnings(conn: Connection, row: JobRow, warnings: list[str]) -> None:
    """The children's warnings, after those the parent itself gave when it was split."""
    statement = text("""
        update processing_jobs set
            warnings = array(
                select w.warning from unnest(warnings) with ordinality as w (warning, place)
                where w.warning <> all(cast(:warnings as text [])) order by w.place
            ) || cast(:warnings as text [])
        where tenant_id = :tenant_id and job_id = :job_id
    """)
    conn.execute(statement, {"warnings": warnings} | _key(row))


def _end_steps(conn: Connection, row: JobRow, status: FinalStatus) -> None:
    """End `running` steps with their job: done if it succeeded, else failed."""
    statement = text("""
        update job_step set
            status = case when status = 'running' then :running else 'skipped' end,
            updated_at = clock_timestamp()
        where tenant_id = :tenant_id and job_id = :job_id and status in ('pending', 'running')
    """)
    conn.execute(statement, {"running": "done" if status in _SUCCESSES else "failed"} | _key(row))


def _key(row: JobRow) -> dict[str, object]:
    return {"tenant_id": row.tenant_id, "job_id": row.job_id}
