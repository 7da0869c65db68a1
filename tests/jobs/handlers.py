"""Jobs the tests run, in this process and in real workers. Files steer what a worker does."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from app.database.engine import tenant_transaction
from app.errors import Invalid, Upstream
from app.jobs import Run, enqueue_children, job

SECRET = "hunter2-of-bob@example.com"


def signals() -> Path:
    """The folder through which tests and handlers talk."""
    return Path(os.environ["JOBS_TEST_SIGNALS"])


def say(run: Run, word: str) -> None:
    """Let the test know how far this attempt is, and which process runs it."""
    path = signals() / f"{word}-{run.job_id}-{run.fence}"
    path.with_suffix(".new").write_text(str(os.getpid()))
    path.with_suffix(".new").rename(path)


def wait_for(word: str, run: Run, *, is_checking: bool) -> None:
    """Wait until the test allows to go on."""
    while not (signals() / f"{word}-{run.job_id}").exists():
        if is_checking:
            run.check()
        time.sleep(0.02)


def store(conn: Connection, run: Run) -> None:
    """The work of a job: one row a successful attempt, to be counted."""
    statement = text("insert into load_record (tenant_id, job_id) values (:tenant_id, :job_id)")
    conn.execute(statement, {"tenant_id": run.tenant_id, "job_id": run.job_id})


def store_and_finish(run: Run) -> None:
    """What every well-behaved handler does last."""
    with tenant_transaction(run.tenant_id) as conn:
        run.fence_check(conn)
        store(conn, run)
        run.finish(conn, "completed")


@job("plain", queue="quick")
def plain(run: Run) -> None:
    """Succeeds at once."""
    run.step("store", 1, "running", rows=3)
    store_and_finish(run)


@job("guarded", roles=("admin",))
def guarded(run: Run) -> None:
    """For admins only."""
    store_and_finish(run)


@job("hold")
def hold(run: Run) -> None:
    """Works, checking, until the test lets it go."""
    run.step("work", 1, "running")
    say(run, "working")
    wait_for("go", run, is_checking=True)
    store_and_finish(run)


@job("deaf")
def deaf(run: Run) -> None:
    """Works and never checks."""
    say(run, "working")
    wait_for("go", run, is_checking=False)
    store_and_finish(run)


@job("swap")
def swap(run: Run) -> None:
    """Waits inside its transaction, holding a lock every run needs."""
    with tenant_transaction(run.tenant_id) as conn:
        run.fence_check(conn)
        conn.execute(text("select pg_advisory_xact_lock(4711)"))
        store(conn, run)
        say(run, "swapping")
        if run.fence == 1:
            wait_for("go", run, is_checking=False)
        run.finish(conn, "completed")


@job("forgets")
def forgets(run: Run) -> None:
    """Returns without finishing."""
    run.step("store", 1, "running")


@job("breaks")
def breaks(run: Run) -> None:
    """A defect of ours, with something private in its message."""
    run.step("store", 1, "running")
    run.step("later", 2, "pending")
    raise RuntimeError(SECRET)


@job("refuses")
def refuses(run: Run) -> None:
    """Something the tenant has to put right."""
    raise Invalid("The SFTP password is wrong. Enter it again under Settings.")


@dataclass(frozen=True)
class Failures:
    """What comes before the first success: "permanent" is none at all."""

    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Days:
    """Days to split into, both included."""

    start_date: date
    end_date: date


@job("upstream")
def upstream(run: Run, request: Failures) -> None:
    """The outside fails as often as there are words; "permanent" fails for good."""
    if "permanent" in request.words:
        raise Upstream("BigQuery refuses the project.", permanent=True)
    if run.attempt <= len(request.words):
        raise Upstream("BigQuery does not answer.")
    store_and_finish(run)


@job("warns")
def warns(run: Run) -> None:
    """Succeeds with something to say."""
    run.warn("12 rows were refused.")
    store_and_finish(run)


@job("split")
def split(run: Run, request: Days) -> None:
    """Splits into days; a day that is a Sunday fails, a Saturday warns."""
    length = (request.end_date - request.start_date).days + 1
    if length > 1:
        days = [request.start_date + timedelta(days=n) for n in range(length)]
        enqueue_children(run, [Days(day, day) for day in days])
        return
    if request.start_date.isoweekday() == 7:
        raise Invalid("There is no table for this day.")
    if request.start_date.isoweekday() == 6:
        run.warn("Only the intraday table exists.")
    store_and_finish(run)
