"""The background work of ingestion: loading a range, and estimating what it would cost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from app import jobs
from app.database.engine import tenant_transaction
from app.dates import MAX_DAYS, DateRange, today
from app.errors import Conflict, Invalid, NotFound
from app.ingest import sources
from app.ingest.attempts import Limits
from app.ingest.files.held_files import approve, lock_held, pass_on
from app.ingest.gather import Gathering, gather_events, gather_file
from app.ingest.progress import Progress
from app.ingest.queries import find_job
from app.ingest.scratch import job_folder
from app.ingest.store.kept_days import get_kept_days, refuse_outdated
from app.ingest.store_gathered import store_gathered
from app.jobs import Run, enqueue_children, job
from app.jobs.failpoints import reached
from app.jobs.settings import settings as job_settings
from app.tenant_settings import get_tenant_settings

DATA_TYPES = ("events", "users", "locations")
CHILD_DAYS = 31


@dataclass(frozen=True)
class IngestRequest:
    """What to load. Dates are the property's days, both included."""

    start_date: date
    end_date: date
    data_types: tuple[str, ...] = DATA_TYPES
    changed_only: bool = False

    @property
    def period(self) -> DateRange:
        """The days asked for."""
        return DateRange(self.start_date, self.end_date)

    def __post_init__(self) -> None:
        period = self.period
        if period.length > MAX_DAYS:
            raise Invalid(f"{period.length} days are too many at once. Load at most {MAX_DAYS}.")
        if self.start_date < date(2005, 1, 1):
            raise Invalid("The start date is before Google Analytics existed.")
        unknown = sorted(set(self.data_types) - set(DATA_TYPES))
        if unknown or not self.data_types:
            raise Invalid(f"data_types takes {', '.join(DATA_TYPES)}, at least one of them.")


def start_ingestion(
    conn: Connection, tenant_id: UUID, request: IngestRequest, started_by: str
) -> UUID:
    """Queue a load in the caller's transaction; call `jobs.publish()` with its id afterwards.

    Raises:
        Invalid: the range ends after today, in the property's zone, or it asks for events and
            all of it is older than the tenant keeps. Of a range that is partly older the rest
            is loaded, and the job says so.
    """
    _refuse_future(conn, tenant_id, request)
    if "events" in request.data_types:
        refuse_outdated(conn, tenant_id, request.period)
    return _enqueue(conn, tenant_id, "ingest", request, started_by)


def start_estimate(
    conn: Connection, tenant_id: UUID, request: IngestRequest, started_by: str
) -> UUID:
    """Queue a dry run, whose answer is the job's `bytes_estimate`; publish it as above.

    Raises:
        Invalid: all of the range is older than the tenant keeps.
    """
    refuse_outdated(conn, tenant_id, request.period)
    return _enqueue(conn, tenant_id, "estimate", request, started_by)


def cancel(conn: Connection, tenant_id: UUID, job_id: UUID) -> None:
    """Stop a job; what was loaded before stays.

    Raises:
        NotFound: this tenant has no such job.
        Conflict: it has ended already.
    """
    jobs.cancel(conn, tenant_id, job_id)


def retry(conn: Connection, tenant_id: UUID, job_id: UUID, started_by: str) -> UUID:
    """Queue the same load again; publish it as above.

    Raises:
        NotFound: this tenant has no such job.
        Conflict: it has not ended, or needs no second try.
    """
    old = find_job(conn, tenant_id, job_id)
    if old is None:
        raise NotFound("There is no such job.")
    if not old.can_retry or old.start_date is None or old.end_date is None:
        raise Conflict("This job does not need another try.")
    request = IngestRequest(old.start_date, old.end_date, old.data_types, old.changed_only)
    new_id = start_ingestion(conn, tenant_id, request, started_by)
    pass_on(conn, tenant_id, job_id, new_id)
    return new_id


def load_held_file(
    conn: Connection, tenant_id: UUID, job_id: UUID, file_type: str, started_by: str
) -> UUID:
    """Queue a load of the one file that this job held back; publish it as above.

    The new job takes exactly that file. If another one is there by then, it is judged again.

    Raises:
        NotFound: this tenant has no such job, or it held no such file back.
        Conflict: the job has not ended, or somebody had the file loaded already.
    """
    old = find_job(conn, tenant_id, job_id)
    if old is None:
        raise NotFound("There is no such job.")
    if old.is_open or old.start_date is None or old.end_date is None:
        raise Conflict("This job has not ended yet. Wait for its end.")
    lock_held(conn, tenant_id, job_id, file_type)
    request = IngestRequest(old.start_date, old.end_date, (file_type,))
    new_id = _enqueue(conn, tenant_id, "ingest", request, started_by)
    approve(conn, tenant_id, job_id, file_type, started_by, new_id)
    return new_id


@job("ingest", roles=("admin",))
def ingest(run: Run, request: IngestRequest) -> None:
    """Load what is asked for: fetch, then replace what succeeded in one transaction."""
    if request.period.length > CHILD_DAYS and run.parent_job_id is None:
        months = _months(_refuse_outdated(run, request))
        enqueue_children(
            run, [replace(request, start_date=first, end_date=last) for first, last in months]
        )
        return
    with job_folder() as folder:
        gathering = Gathering(
            run=run,
            settings=sources.read_settings(run.tenant_id),
            config=job_settings(),
            folder=folder,
            progress=Progress(run),
        )
        reached("settings.read")
        _gather(gathering, request)
        store_gathered(gathering, request.period)


@job("estimate", queue="quick", roles=("admin",))
def estimate(run: Run, request: IngestRequest) -> None:
    """How many bytes reading the range would scan, by dry runs that cost nothing."""
    config = job_settings()
    limits = Limits(time.monotonic() + (run.seconds_left or 0), run.cancelled)
    source = sources.open_source(sources.read_settings(run.tenant_id), config, limits)
    days = list(_refuse_outdated(run, request).days)
    found = source.list_days(days, limits)
    size = source.estimate(found, limits)
    statement = text("""
        update processing_jobs set bytes_estimate = :size
        where tenant_id = :t and job_id = :job_id
    """)
    with tenant_transaction(run.tenant_id) as conn:
        conn.execute(statement, {"t": run.tenant_id, "job_id": run.job_id, "size": size})
        run.finish(conn, "completed", f"{len(found)} of {len(days)} days are exported.")


def _enqueue(
    conn: Connection, tenant_id: UUID, kind: str, request: IngestRequest, started_by: str
) -> UUID:
    return jobs.enqueue(conn, tenant_id, kind, request, started_by=started_by)


def _refuse_future(conn: Connection, tenant_id: UUID, request: IngestRequest) -> None:
    zone_name = get_tenant_settings(conn, tenant_id).property_time_zone
    if request.end_date > today(zone_name):
        raise Invalid(f"The end date {request.end_date} is in the future. Load up to today.")


def _refuse_outdated(run: Run, request: IngestRequest) -> DateRange:
    """What is kept of the days, with a warning about the others; all of them for files.

    Raises:
        Invalid: all of them are older than the tenant keeps.
    """
    period = request.period
    if "events" not in request.data_types:
        return period
    with tenant_transaction(run.tenant_id) as conn:
        kept = get_kept_days(conn, run.tenant_id)
    refusal, within = kept.refusal(period), kept.within(period)
    if within is None:
        raise Invalid(refusal or "")
    if refusal:
        run.warn(refusal)
    return within


def _months(period: DateRange) -> Iterator[tuple[date, date]]:
    """The calendar months of the range, the first and last one cut to it."""
    start = period.start
    while start <= period.end:
        next_month = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
        yield start, min(next_month - timedelta(days=1), period.end)
        start = next_month


def _gather(gathering: Gathering, request: IngestRequest) -> None:
    if "events" in request.data_types:
        _gather_events(gathering, request)
    if not _brings_files(gathering.run, request):
        return
    for file_type in ("locations", "users"):  # which branches there are decides what contacts say
        if file_type in request.data_types:
            gather_file(gathering, file_type)


def _gather_events(gathering: Gathering, request: IngestRequest) -> None:
    """The kept days; when none is, that is noted as other failures are, and files still load."""
    run = gathering.run
    try:
        within = _refuse_outdated(run, request)
    except Invalid as error:
        gathering.failures["events"] = error
        return
    gather_events(gathering, within, changed_only=request.changed_only)


def _brings_files(run: Run, request: IngestRequest) -> bool:
    """Of the children of one job only the first loads the customer files."""
    if run.parent_job_id is None:
        return True
    statement = text("""
        select min(start_date) from processing_jobs
        where tenant_id = :t and parent_job_id = :parent
    """)
    with tenant_transaction(run.tenant_id) as conn:
        values = {"t": run.tenant_id, "parent": run.parent_job_id}
        return conn.execute(statement, values).scalar() == request.start_date
