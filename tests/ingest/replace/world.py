"""A tenant whose export is scripted, loaded by real jobs, and what must be stored for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import psycopg

from app import jobs
from app.database.engine import tenant_transaction
from app.ingest.jobs import IngestRequest, cancel, retry, start_ingestion
from app.ingest.queries import Job, find_job
from app.ingest.store.rederive import start_rederiving
from app.jobs.rows import MAX_ATTEMPTS
from app.settings import provision
from tests.ingest.replace.export_server import Cells, Export, Table
from tests.ingest.replace.rows import TYPES, Key, in_table, keys, of_type
from tests.loading import contact, load_days
from tests.sql.comparing import derived_rows, make_tenant

FIRST = date(2025, 4, 1)
_RANKS = ("events_", "events_intraday_", "events_fresh_")
_ticks = count(1_700_000_000_000, 60_000)


@dataclass
class World:
    """One tenant and its export. `expected` is what the jobs so far must have stored."""

    export: Export
    superuser: psycopg.Connection[Any]
    account: str
    tenant_id: UUID = field(init=False)
    expected: dict[tuple[str, date], list[Cells]] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.tenant_id = self.new_tenant()

    def new_tenant(self) -> UUID:
        """A tenant that may read the export and has nothing loaded."""
        made = make_tenant(self.superuser, "UTC", "USD")
        provision.set_bigquery(made, "project-one", "analytics_1", "EU", self.account)
        return made

    def publish(self, table: str, rows: Sequence[Cells], *, modified_ms: int | None = None) -> None:
        """(Re-)create a table of the export; the last one is the newest unless told otherwise."""
        modified = next(_ticks) if modified_ms is None else modified_ms
        self.export.tables[table] = Table(in_table(rows, table), modified)

    def queue(self, first: date, last: date, started_by: str = "schedule", **more: Any) -> UUID:
        """A committed job for those days' events."""
        request = IngestRequest(first, last, **({"data_types": ("events",)} | more))
        with tenant_transaction(self.tenant_id) as conn:
            return start_ingestion(conn, self.tenant_id, request, started_by)

    def run(self, job_id: UUID) -> Job:
        """What a worker makes of the job, and then of its children."""
        jobs.run_job(str(job_id))
        for child_id in self.children(job_id):
            jobs.run_job(str(child_id))
        return self.job(job_id)

    def load(self, first: date = FIRST, last: date | None = None, **more: Any) -> Job:
        """Queue and run; `last` is `first` unless given."""
        return self.run(self.queue(first, last or first, **more))

    def load_at_last_try(self, first: date, last: date) -> Job:
        """Queue, and run as if all tries but the last had been in vain."""
        job_id = self.queue(first, last)
        statement = "update processing_jobs set attempt = %s where job_id = %s"
        self.superuser.execute(statement, (MAX_ATTEMPTS - 1, job_id))
        return self.run(job_id)

    def retry(self, job_id: UUID) -> Job:
        """Press “try again” on the job, and run what that starts."""
        with tenant_transaction(self.tenant_id) as conn:
            again = retry(conn, self.tenant_id, job_id, "schedule")
        return self.run(again)

    def say_nothing(self, words: tuple[str, ...]) -> None:
        """Set the tenant's own words for nothing, and run what that starts."""
        self.words = words
        statement = "update tenant_config set nothing_words = %s where tenant_id = %s"
        self.superuser.execute(statement, (list(words), self.tenant_id))
        with tenant_transaction(self.tenant_id) as conn:
            job_id = start_rederiving(conn, self.tenant_id, "schedule")
        if job_id is not None:
            jobs.run_job(str(job_id))

    def bring_contacts(self, contacts: tuple[str, ...]) -> None:
        """Load a customer file of these contacts, each of a company of its own."""
        self.contacts = contacts
        load_days(self.tenant_id, {}, contacts=[contact(c, f"of {c}") for c in contacts])

    def job(self, job_id: UUID) -> Job:
        """The job as it stands."""
        with tenant_transaction(self.tenant_id) as conn:
            found = find_job(conn, self.tenant_id, job_id)
        assert found is not None
        return found

    def cancel(self, job_id: UUID) -> None:
        """Press “cancel” on the job."""
        with tenant_transaction(self.tenant_id) as conn:
            cancel(conn, self.tenant_id, job_id)

    def children(self, job_id: UUID) -> list[UUID]:
        """The parts of a job, by day."""
        statement = """
            select job_id from processing_jobs where parent_job_id = %s order by start_date
        """
        return [row[0] for row in self.superuser.execute(statement, (job_id,))]

    def table_of(self, day: date) -> str | None:
        """The name of the one table that holds the day."""
        names = (f"{rank}{day:%Y%m%d}" for rank in _RANKS)
        return next((name for name in names if name in self.export.tables), None)

    def source(self, day: date) -> list[Cells] | None:
        """The rows of that table; None when there is none."""
        name = self.table_of(day)
        return None if name is None else self.export.tables[name].rows

    def expect(
        self, first: date = FIRST, last: date | None = None, but: Sequence[str] = ()
    ) -> None:
        """From now on the days' rows must be the source's, for every type `but` those."""
        for day in days(first, last or first):
            rows = self.source(day)
            for event_type in TYPES if rows is not None else ():
                if event_type not in but:
                    self.expected[event_type, day] = of_type(rows or (), event_type)

    def check(self) -> None:
        """Exactly the expected rows are stored, with watermarks that say so."""
        wanted = {place: keys(rows) for place, rows in self.expected.items() if rows}
        assert stored(self.superuser, self.tenant_id) == wanted
        assert watermarks(self.superuser, self.tenant_id) == {
            place: len({tuple(row.items()) for row in rows})  # a copy is the same event
            for place, rows in self.expected.items()
        }

    def check_derived(self) -> None:
        """The derived rows are those of a tenant that loaded the expected rows once."""
        control = World(self.export, self.superuser, self.account)
        control.say_nothing(self.words)
        control.bring_contacts(self.contacts)
        with _other_export(self.export):
            for day, rows in self._whole_days().items():
                control.publish(f"events_{day:%Y%m%d}", rows)
            for month in sorted({day.replace(day=1) for _, day in self.expected}):
                assert control.load(month, month + timedelta(days=30)).status != "failed"
        theirs = derived_rows(self.superuser, control.tenant_id)
        assert derived_rows(self.superuser, self.tenant_id) == theirs
        assert any(theirs["branch_day"]) == any(self.expected.values())

    def _whole_days(self) -> dict[date, list[Cells]]:
        found: dict[date, list[Cells]] = {}
        for (_, day), rows in self.expected.items():
            found.setdefault(day, []).extend(rows)
        return found


@contextmanager
def _other_export(export: Export) -> Iterator[None]:
    """The server has an export without tables that refuses nothing, until the end of the block."""
    names = ("tables", "refused", "denied", "queries", "on_query", "on_rows")
    kept = {name: getattr(export, name) for name in names}
    export.reset()
    try:
        yield
    finally:
        vars(export).update(kept)


def days(first: date, last: date) -> list[date]:
    """Every day of the range, both ends included."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def stored(
    superuser: psycopg.Connection[Any], tenant_id: UUID
) -> dict[tuple[str, date], list[Key]]:
    """What identifies every row of the tenant, copies included, by event type and day."""
    found: dict[tuple[str, date], list[Key]] = {}
    for event_type in TYPES:
        statement = f"""
            select
                event_date, source_table, event_name, user_pseudo_id, ga_session_id::text,
                (extract(epoch from event_ts) * 1000000)::bigint::text
            from {event_type}, generate_series(1, copies) where tenant_id = %s
        """
        for day, *key in superuser.execute(statement, (tenant_id,)):
            found.setdefault((event_type, day), []).append(tuple(key))
    return {place: sorted(rows, key=repr) for place, rows in found.items()}


def watermarks(superuser: psycopg.Connection[Any], tenant_id: UUID) -> dict[tuple[str, date], int]:
    """How many rows are noted for every event type and day that was ever loaded."""
    statement = "select event_type, event_date, row_count from day_load where tenant_id = %s"
    return {(row[0], row[1]): row[2] for row in superuser.execute(statement, (tenant_id,))}
