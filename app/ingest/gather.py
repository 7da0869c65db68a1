"""Fetching: events from BigQuery and customer files by SFTP, each failing by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from app.config import Config
from app.database.engine import tenant_transaction
from app.dates import DateRange, today
from app.errors import AppError, Invalid, Upstream
from app.ingest import sources
from app.ingest.attempts import Limits
from app.ingest.files import sftp
from app.ingest.files.customer_file import Parsed, parse_locations, parse_users
from app.ingest.files.held_files import judge
from app.ingest.files.judging import WORDS, get_known_ids
from app.ingest.progress import Progress
from app.ingest.refusals import keep
from app.ingest.store.day_source import DaySource
from app.ingest.store.event_tables import EVENT_TABLES
from app.ingest.store.harvest import CustomerFile, Harvest
from app.ingest.store.spool import Extraction
from app.jobs import Run
from app.jobs.failpoints import reached
from app.tenant_settings import TenantSettings
from app.words_for_nothing import get_nothing_words

Samples = list[dict[str, str | None]]

MAX_FILE_BYTES = 200 * 1024**2
_LISTED_DAYS = 7


@dataclass
class Gathering:
    """What one run fetches, and what went wrong on the way.

    `found` are the days that are exported, `wanted` by event type those of them to be read.
    `failures` are by what could not be had: events, an event type, contacts or branches.
    """

    run: Run
    settings: TenantSettings
    config: Config
    folder: Path
    progress: Progress
    found: Mapping[date, DaySource] = field(default_factory=dict)
    wanted: Mapping[str, Mapping[date, DaySource]] = field(default_factory=dict)
    extractions: dict[str, Extraction] = field(default_factory=dict)
    files: list[CustomerFile] = field(default_factory=list)
    failures: dict[str, AppError] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def harvest(self) -> Harvest:
        """Everything that succeeded."""
        sources = {name: self.wanted[name] for name in self.extractions}
        return Harvest(sources, self.extractions, self.files)

    @property
    def limits(self) -> Limits:
        """What is left of the job's time, and whether it has to stop."""
        return Limits(time.monotonic() + (self.run.seconds_left or 0), self._must_stop)

    def _must_stop(self) -> bool:
        self.run.check()
        return False


def gather_events(gathering: Gathering, period: DateRange, *, changed_only: bool) -> None:
    """Extract the six event types of `period`; a type that fails is noted and left out.

    If Google replaces a day's table meanwhile, all of it is read once more from the tables
    there are then, so that the types of a day do not come from different ones.
    """
    results = _read(gathering, period, changed_only)
    if any(_has_lost_a_table(result) for result in results.values()):
        results = _read(gathering, period, changed_only)
    _note_missing_days(gathering, period)
    for name, result in results.items():
        _keep_result(gathering, name, result)


def _read(
    gathering: Gathering, period: DateRange, changed_only: bool
) -> dict[str, Extraction | Upstream]:
    """What became of each event type that has something to read, from the tables as they are."""
    try:
        source = sources.open_source(gathering.settings, gathering.config, gathering.limits)
        gathering.progress.start("sources")
        gathering.found = source.list_days(list(period.days), gathering.limits)
        reached("sources.listed")
        gathering.wanted = _wanted(gathering, changed_only)
        days = set().union(*gathering.wanted.values())
        message = _days_message(period, len(gathering.found), len(days))
        gathering.progress.done("sources", len(days), message)
    except AppError as error:
        gathering.progress.fail("sources", error)
        gathering.failures["events"] = error
        return {}
    _show_types(gathering)
    return source.extract_all(
        gathering.wanted,
        gathering.folder,
        job_key=str(gathering.run.job_id),
        limits=gathering.limits,
        progress=lambda name, done, _: gathering.progress.advance(f"extract:{name}", done),
    )


def _show_types(gathering: Gathering) -> None:
    for name in EVENT_TABLES if gathering.found else ():
        if name in gathering.wanted:
            gathering.progress.start(f"extract:{name}")
        else:
            gathering.progress.skip(f"extract:{name}", "No day has changed")


def _has_lost_a_table(result: Extraction | Upstream) -> bool:
    return isinstance(result, Upstream) and result.extra.get("kind") == "not_yet"


def _keep_result(gathering: Gathering, name: str, result: Extraction | Upstream) -> None:
    if isinstance(result, Upstream):
        gathering.progress.fail(f"extract:{name}", result)
        gathering.failures[name] = _about(name, result)
        return
    gathering.extractions[name] = result
    gathering.progress.done(f"extract:{name}", result.rows)
    reached("extract.done")
    _keep_refusals(gathering, name, result.refused, result.samples)
    gathering.notes += [
        f"{name}: {count:,} texts of {column} were longer than is stored and were cut."
        for column, count in sorted(result.cut.items())
    ]


def _about(name: str, error: Upstream) -> Upstream:
    return Upstream(f"{name}: {error.message}", permanent=error.permanent, **error.extra)


def _note_missing_days(gathering: Gathering, period: DateRange) -> None:
    """Days before today without any table; today's may simply not have begun."""
    first_open = today(gathering.settings.property_time_zone)
    missing = [day for day in period.days if day not in gathering.found and day < first_open]
    if gathering.failures or not missing:
        return
    listed = ", ".join(str(day) for day in missing[:_LISTED_DAYS])
    more = f" and {len(missing) - _LISTED_DAYS} more" if len(missing) > _LISTED_DAYS else ""
    gathering.notes.append(
        f"Google Analytics has no export for {len(missing)} of {period.length} days: "
        f"{listed}{more}. What was loaded for them before stays."
    )


def _wanted(gathering: Gathering, changed_only: bool) -> dict[str, dict[date, DaySource]]:
    """By event type the days to read: all that are exported, or those whose source changed.

    A source has changed unless it is the very one that this type of the day was loaded from.
    """
    found = gathering.found
    loaded = _loaded(gathering) if changed_only else {}
    by_type = {
        name: {
            day: source
            for day, source in found.items()
            if loaded.get((name, day)) != (source.table, source.modified_at)
        }
        for name in EVENT_TABLES
    }
    return {name: days for name, days in by_type.items() if days}


def _loaded(gathering: Gathering) -> dict[tuple[str, date], tuple[str, datetime]]:
    """From which table, as of when, each type of each day was loaded last."""
    statement = text("""
        select event_type, event_date, source_table, source_modified_at
        from day_load
        where tenant_id = :t and event_date = any(:days)
    """)
    values = {"t": gathering.run.tenant_id, "days": list(gathering.found)}
    with tenant_transaction(gathering.run.tenant_id) as conn:
        return {(row[0], row[1]): (row[2], row[3]) for row in conn.execute(statement, values)}


def _days_message(period: DateRange, found: int, wanted: int) -> str:
    message = f"{found} of {period.length} days exported"
    return f"{message}, {found - wanted} unchanged" if found > wanted else message


def gather_file(gathering: Gathering, file_type: str) -> None:
    """Fetch and parse the users or locations file; a failure is noted and left out."""
    step = f"sftp:{file_type}"
    if not sources.has_sftp(gathering.settings):
        gathering.progress.skip(step, "SFTP is not set up")
        return
    gathering.progress.start(step)
    path = str(gathering.settings.sftp[f"{file_type}_path"])
    try:
        file, approved_by = _fetch_file(gathering, file_type, path)
    except AppError as error:
        gathering.progress.fail(step, error)
        gathering.failures[WORDS[file_type]] = _about_file(path, error)
        return
    gathering.files.append(file)
    message = f"Held back before; {approved_by} loaded it anyway" if approved_by else None
    gathering.progress.done(step, len(file.rows), message)


def _about_file(path: str, error: AppError) -> AppError:
    """The error with the file's name in it, so that it can stand among others."""
    name = Path(path).name
    if name in error.message or not isinstance(error, Upstream | Invalid):
        return error
    if isinstance(error, Upstream):
        return _about(name, error)
    return Invalid(f"{name}: {error.message}", **error.extra)


def _fetch_file(gathering: Gathering, file_type: str, path: str) -> tuple[CustomerFile, str | None]:
    """The parsed file, and who had it loaded although it was held back."""
    local = gathering.folder / (file_type + Path(path).suffix.lower())
    sftp.fetch(
        sources.sftp_settings(gathering.settings),
        path,
        local,
        policy=sources.net_policy(gathering.config),
        limits=gathering.limits,
        max_bytes=MAX_FILE_BYTES,
        progress=lambda done, total: None,
    )
    reached("file.fetched")
    parsed = _parse_file(gathering, file_type, local)
    reached("file.parsed")
    gathering.notes += [f"{Path(path).name}: {warning}" for warning in parsed.warnings]
    _keep_refusals(gathering, file_type, parsed.refused, parsed.samples)
    approved_by = judge(gathering.run, file_type, path, local, parsed)
    modified_at = datetime.fromtimestamp(local.stat().st_mtime, UTC)
    return CustomerFile(file_type, path, modified_at, parsed.rows), approved_by


def _parse_file(gathering: Gathering, file_type: str, local: Path) -> Parsed[Any]:
    """The file's rows. A branch that this job or an earlier one loaded is never nothing."""
    tenant_id = gathering.run.tenant_id
    with tenant_transaction(tenant_id) as conn:
        words = get_nothing_words(conn, tenant_id)
        branch_ids = get_known_ids(conn, tenant_id, "locations")
    if file_type == "locations":
        return parse_locations(local, words)
    loaded = (file.rows for file in gathering.files if file.file_type == "locations")
    branch_ids = next((frozenset(row.location_id for row in rows) for rows in loaded), branch_ids)
    return parse_users(local, words, branch_ids)


def _keep_refusals(
    gathering: Gathering, source: str, refused: Mapping[str, int], samples: Mapping[str, Samples]
) -> None:
    """Show refused rows on the job, by reason, with samples; and warn about them."""
    if not refused:
        return
    total = sum(refused.values())
    name = WORDS.get(source, source)
    gathering.notes.append(f"{total:,} rows of {name} were refused; the reasons are listed below.")
    keep(gathering.run, source, refused, samples)
