"""Ends a load: stores what was fetched and reports what is missing."""

from __future__ import annotations

from sqlalchemy import text

from app.database.engine import tenant_transaction
from app.database.partitions import ensure_partitions
from app.dates import DateRange
from app.errors import AppError, Upstream
from app.format import plural
from app.ingest.files.judging import WORDS
from app.ingest.gather import Gathering
from app.ingest.store.event_tables import SESSION_PART
from app.ingest.store.load import store
from app.jobs.failpoints import reached
from app.jobs.outcomes import has_another_try


def store_gathered(gathering: Gathering, period: DateRange) -> None:
    """Store what succeeded, warn of what failed, and finish the job.

    Raises:
        AppError: nothing succeeded, or what failed may succeed when the job runs again.
        JobInterrupted: the job is no longer this run's; nothing was changed.
    """
    run, harvest = gathering.run, gathering.harvest
    failures = list(gathering.failures.values())
    passing = next(filter(_is_passing, failures), None)
    if passing is not None and (harvest.is_empty or has_another_try(run)):
        raise passing  # All of it again after a pause; queries that went well are found, not paid.
    if failures and harvest.is_empty:
        raise failures[0]
    for failure in gathering.failures.values():
        hint = " Try again later." if _is_passing(failure) else ""
        run.warn(f"{failure.message}{hint} The old rows stay.")
    for note in gathering.notes:
        run.warn(note)
    if harvest.extractions:
        ensure_partitions(period)
        reached("partitions.made")
    gathering.progress.start("store")
    store(run, harvest, _message(gathering))
    reached("store.committed")


def _is_passing(failure: AppError) -> bool:
    """Whether a later attempt may succeed without any change."""
    return isinstance(failure, Upstream) and not failure.permanent


def _message(gathering: Gathering) -> str:
    """What was loaded, which event types no longer have rows, and what failed to load."""
    events = sum(
        found.rows for name, found in gathering.extractions.items() if name != SESSION_PART.name
    )
    days = len(gathering.harvest.days)
    parts = []
    if gathering.extractions:
        parts.append(f"{events:,} {plural(events, 'event')} of {days} {plural(days, 'day')}")
    parts += [f"{len(file.rows):,} {WORDS[file.file_type]}" for file in gathering.files]
    if not parts:
        return "Nothing to load: no day has changed or is exported yet."
    sentences = [f"Loaded {', '.join(parts)}."]
    if emptied := _list_emptied(gathering):
        sentences.append(f"No longer any {', '.join(emptied)}.")
    if gathering.failures:
        sentences.append(f"Not loaded: {', '.join(gathering.failures)}.")
    return " ".join(sentences)


def _list_emptied(gathering: Gathering) -> list[str]:
    """The event types that had rows on the loaded days and now have none."""
    statement = text("""
        select event_type
        from day_load
        where tenant_id = :t and event_date = any(:days) and row_count > 0
    """)
    values = {"t": gathering.run.tenant_id, "days": gathering.harvest.days}
    with tenant_transaction(gathering.run.tenant_id) as conn:
        had_rows = set(conn.execute(statement, values).scalars())
    return [n for n, found in gathering.extractions.items() if n in had_rows and not found.rows]
