"""Which table of the GA4 export holds a day.

Works on the real service and on an emulator alike: days are found with tables.list and
tables.get, which need the role BigQuery Data Viewer and bill nothing, instead of a query on
__TABLES__.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Literal, cast

from google.api_core import exceptions as api
from google.cloud import bigquery

from app.ingest.attempts import Limits, retry
from app.ingest.bigquery.client import ONCE, BigQueryConnection, BigQuerySettings
from app.ingest.bigquery.errors import translated
from app.ingest.bigquery.export_columns import Columns

SourceKind = Literal["daily", "intraday", "fresh"]
_Candidate = tuple[str, SourceKind]  # a table's name and what kind of source it is

_EVENTS = re.compile(r"events_(intraday_|fresh_)?(\d{8})")
_RANK: tuple[SourceKind, ...] = ("daily", "intraday", "fresh")
_PARALLEL_LOOKUPS = 6
_LIST_PAGE = 1_000


@dataclass(frozen=True)
class DaySource:
    """The one table that holds a day.

    `modified_at` is BigQuery's, in UTC: a day whose source and instant are unchanged need not
    be read again. `rows` counts events of every kind, `bytes` is the table's logical size.
    """

    event_date: date
    table: str
    kind: SourceKind
    modified_at: datetime
    rows: int
    bytes: int
    columns: Columns


def list_sources(
    connection: BigQueryConnection,
    settings: BigQuerySettings,
    days: Collection[date],
    limits: Limits,
) -> dict[date, DaySource]:
    """The source of each of `days`: events_D, else events_intraday_D, else events_fresh_D.

    Days without a table are absent.

    Raises:
        Upstream: BigQuery refused or did not answer.
        Cancelled: the job was cancelled meanwhile.
    """
    tables = retry(
        lambda: _list_tables(connection, settings, limits),
        limits,
        first_pause_s=settings.first_pause_s,
    )
    chosen = _choose(tables, frozenset(days))
    with ThreadPoolExecutor(_PARALLEL_LOOKUPS) as pool:
        found = pool.map(
            lambda pick: _look_up(connection, settings, pick[0], pick[1], limits), chosen.items()
        )
        return {source.event_date: source for source in found if source is not None}


def _list_tables(
    connection: BigQueryConnection, settings: BigQuerySettings, limits: Limits
) -> list[str]:
    with translated(settings.account):
        listing = connection.rest.list_tables(
            f"{settings.project_id}.{settings.dataset_id}",
            page_size=_LIST_PAGE,
            retry=ONCE,
            timeout=limits.within(settings.call_timeout_s),
        )
        return [table.table_id for table in listing]


def _choose(tables: Sequence[str], days: frozenset[date]) -> dict[date, list[_Candidate]]:
    """The tables of each day, best first: one may vanish before it is looked at."""
    found: dict[date, list[_Candidate]] = {}
    for name in tables:
        match = _EVENTS.fullmatch(name)
        day = _parse_day(match.group(2)) if match else None
        if match and day and day in days:
            kind = cast(SourceKind, (match.group(1) or "daily_").rstrip("_"))
            found.setdefault(day, []).append((name, kind))
    for candidates in found.values():
        candidates.sort(key=lambda candidate: _RANK.index(candidate[1]))
    return dict(sorted(found.items()))


def _parse_day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _look_up(
    connection: BigQueryConnection,
    settings: BigQuerySettings,
    day: date,
    candidates: Sequence[_Candidate],
    limits: Limits,
) -> DaySource | None:
    for name, kind in candidates:
        table = retry(
            partial(_find_table, connection, settings, name, limits),
            limits,
            first_pause_s=settings.first_pause_s,
        )
        if table is not None:
            return DaySource(
                event_date=day,
                table=name,
                kind=kind,
                modified_at=table.modified,
                rows=table.num_rows or 0,
                bytes=table.num_bytes or 0,
                columns=_columns(table.schema),
            )
    return None


def _find_table(
    connection: BigQueryConnection, settings: BigQuerySettings, name: str, limits: Limits
) -> bigquery.Table | None:
    with translated(settings.account):
        try:
            return connection.rest.get_table(
                f"{settings.project_id}.{settings.dataset_id}.{name}",
                retry=ONCE,
                timeout=limits.within(settings.call_timeout_s),
            )
        except api.NotFound:
            return None


def _columns(fields: Sequence[bigquery.SchemaField], prefix: str = "") -> dict[str, str]:
    columns: dict[str, str] = {}
    for schema_field in fields:
        path = prefix + schema_field.name
        columns[path] = schema_field.field_type
        columns |= _columns(schema_field.fields, f"{path}.")
    return columns
