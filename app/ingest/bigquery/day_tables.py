"""The tables of the export in BigQuery, and which one has each day.

Works on the real service and on an emulator: days are found with tables.list and tables.get, which
need the role BigQuery Data Viewer and bill nothing, instead of a query on __TABLES__.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial

from google.api_core import exceptions as api
from google.cloud import bigquery

from app.ingest.attempts import Limits, retry
from app.ingest.bigquery.client import ONCE, BigQueryConnection, BigQuerySettings
from app.ingest.bigquery.errors import translated
from app.ingest.store.day_source import Candidate, DaySource, choose_tables

_PARALLEL_LOOKUPS = 6
_LIST_PAGE = 1_000


def list_sources(
    connection: BigQueryConnection,
    settings: BigQuerySettings,
    days: Collection[date],
    limits: Limits,
) -> dict[date, DaySource]:
    """The source of each of `days`: events_D, else events_intraday_D, else events_fresh_D.

    Days without a table are absent.

    Raises:
        Upstream: BigQuery refused or did not respond.
        Cancelled: the job was cancelled.
    """
    tables = retry(
        lambda: _list_tables(connection, settings, limits),
        limits,
        first_pause_s=settings.first_pause_s,
    )
    chosen = choose_tables(tables, frozenset(days))
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


def _look_up(
    connection: BigQueryConnection,
    settings: BigQuerySettings,
    day: date,
    candidates: Sequence[Candidate],
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
