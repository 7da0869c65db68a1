"""Customer files that were held back, and their approval by admins."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.database.engine import tenant_transaction
from app.errors import Conflict, Invalid, NotFound
from app.ingest.files.customer_file import Parsed
from app.ingest.files.judging import count_last_rows, find_reasons
from app.jobs import Run


@dataclass(frozen=True)
class HeldFile:
    """A file that a job held back, and why.

    `job_id` is the job that fetched it, which may be a child of the requested job. Each of
    `reasons` continues a sentence that begins with the file's name.
    """

    job_id: UUID
    file_type: str
    source_name: str
    rows: int
    previous_rows: int
    approved_by: str | None
    approval_job_id: UUID | None
    reasons: list[str]

    @property
    def name(self) -> str:
        return PurePosixPath(self.source_name).name


def judge(run: Run, file_type: str, path: str, local: Path, parsed: Parsed[Any]) -> str | None:
    """Accept a file, or hold it back for an admin, with the reasons.

    A file with less than half of the previous content is more likely broken than true. It is
    accepted if this job was started to load it: same path, same content, same rows. Returns who
    approved it, if approval was needed.

    Raises:
        Invalid: it is held back and recorded for an admin's approval.
        JobInterrupted: the run no longer owns the job.
    """
    rows = len(parsed.rows)
    values = {
        "t": run.tenant_id,
        "job_id": run.job_id,
        "file_type": file_type,
        "path": path,
        "content_hash": _hash(local),
        "rows": rows,
    }
    with tenant_transaction(run.tenant_id) as conn:  # the slow part, before the job is locked
        reasons = find_reasons(conn, run.tenant_id, file_type, parsed)
        before = count_last_rows(conn, run.tenant_id, file_type)
    with tenant_transaction(run.tenant_id) as conn:
        run.lock(conn)
        conn.execute(_FORGET, values)
        if not reasons:
            return None
        approval = conn.execute(_APPROVAL, values).one_or_none()
        if approval is not None and approval.is_the_same:
            return str(approval.approved_by)
        conn.execute(_HOLD, values | {"before": before, "reasons": reasons})
    other = "It is not the file that was approved. " if approval is not None else ""
    also = "".join(f"It also {reason}. " for reason in reasons[1:])
    raise Invalid(
        f"{PurePosixPath(path).name} {reasons[0]}: it was held back and the old ones stay. {also}"
        f"{other}Check the export that writes it, then load again; if the file is right, an admin "
        "can load it anyway on the job's page."
    )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_FORGET = text("""
    delete from held_file where tenant_id = :t and job_id = :job_id and file_type = :file_type
""")
_APPROVAL = text("""
    select
        approved_by,
        source_name = :path and content_hash = :content_hash and row_count = :rows as is_the_same
    from held_file
    where tenant_id = :t and approval_job_id = :job_id and file_type = :file_type
""")
_HOLD = text("""
    insert into held_file (
        tenant_id, job_id, file_type, source_name, content_hash, row_count, previous_row_count,
        reasons
    )
    values (:t, :job_id, :file_type, :path, :content_hash, :rows, :before, :reasons)
""")


def list_held(
    conn: Connection, tenant_id: UUID, job_ids: Sequence[UUID]
) -> dict[UUID, tuple[HeldFile, ...]]:
    """The files that each of these jobs, or its children, held back."""
    statement = text("""
        select
            whole.job_id as whole_job_id, held.job_id, held.file_type, held.source_name,
            held.row_count as rows, held.previous_row_count as previous_rows, held.approved_by,
            held.approval_job_id, held.reasons
        from processing_jobs as job
        cross join unnest(array[job.job_id, job.parent_job_id]) as whole (job_id)
        inner join held_file as held
            on job.tenant_id = held.tenant_id and job.job_id = held.job_id
        where
            job.tenant_id = :t and (job.job_id = any(:ids) or job.parent_job_id = any(:ids))
            and whole.job_id = any(:ids)
        order by whole.job_id, held.file_type desc, held.job_id
    """)
    found: dict[UUID, tuple[HeldFile, ...]] = {}
    for row in conn.execute(statement, {"t": tenant_id, "ids": list(job_ids)}):
        fields: dict[str, Any] = dict(row._mapping)
        whole = fields.pop("whole_job_id")
        found[whole] = (*found.get(whole, ()), HeldFile(**fields))
    return found


def lock_held(conn: Connection, tenant_id: UUID, job_id: UUID, file_type: str) -> None:
    """Check that this file waits for approval, and lock it against others' approval until commit.

    Raises:
        NotFound: the job held no such file back.
        Conflict: somebody already approved it.
    """
    statement = text("""
        select approved_by from held_file
        where tenant_id = :t and job_id = :job_id and file_type = :file_type
        for update
    """)
    values = {"t": tenant_id, "job_id": job_id, "file_type": file_type}
    row = conn.execute(statement, values).one_or_none()
    if row is None:
        raise NotFound("This job held no such file back.")
    if row.approved_by is not None:
        raise Conflict(f"{row.approved_by} had this file loaded already.")


def approve(
    conn: Connection,
    tenant_id: UUID,
    job_id: UUID,
    file_type: str,
    approved_by: str,
    approval_job_id: UUID,
) -> None:
    """Record that `approval_job_id` may load the file that `job_id` held back."""
    statement = text("""
        update held_file set
            approved_by = :approved_by, approved_at = clock_timestamp(),
            approval_job_id = :approval_job_id
        where tenant_id = :t and job_id = :job_id and file_type = :file_type
    """)
    values = {
        "t": tenant_id,
        "job_id": job_id,
        "file_type": file_type,
        "approved_by": approved_by,
        "approval_job_id": approval_job_id,
    }
    conn.execute(statement, values)


def pass_on(conn: Connection, tenant_id: UUID, old_job_id: UUID, new_job_id: UUID) -> None:
    """Let a retried job load what the original was started to load."""
    statement = text("""
        update held_file set approval_job_id = :new
        where tenant_id = :t and approval_job_id = :old
    """)
    conn.execute(statement, {"t": tenant_id, "old": old_job_id, "new": new_job_id})
