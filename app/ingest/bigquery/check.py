"""The steps that test a tenant's BigQuery export. None is billed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from google.api_core import exceptions as api
from google.cloud import bigquery

from app.config import Config
from app.dates import zone
from app.errors import Upstream
from app.format import plural
from app.ingest import sources
from app.ingest.attempts import Limits
from app.ingest.bigquery.client import ONCE, BigQueryConnection, BigQuerySettings
from app.ingest.bigquery.day_tables import list_sources
from app.ingest.bigquery.errors import translated
from app.ingest.bigquery.source import estimate, open_bigquery
from app.tenant_settings import TenantSettings

_EVENTS = re.compile(r"events_(intraday_|fresh_)?(\d{8})")
_SAMPLE = 500
_SAMPLED = ("event_date", "event_timestamp", "event_params", "user_properties")
_CALL_S = 20.0

Work = Callable[[], str | None]


class BigQueryCheck:
    """One test. Each step needs the earlier ones."""

    def __init__(self, tenant: TenantSettings, config: Config, limits: Limits) -> None:
        self._tenant, self._config, self._limits = tenant, config, limits
        self._table = ""
        self._rows: list[Any] = []

    def steps(self) -> list[tuple[str, Work]]:
        return [
            ("key", self._read_key),
            ("token", self._get_token),
            ("project", self._reach_project),
            ("job", self._create_job),
            ("dataset", self._find_dataset),
            ("tables", self._list_tables),
            ("dry_run", self._dry_run),
            ("sample", self._sample),
            ("zone", self._compare_days),
        ]

    @cached_property
    def _settings(self) -> BigQuerySettings:
        return sources.bigquery_settings(self._tenant, self._config)

    @cached_property
    def _connection(self) -> BigQueryConnection:
        return open_bigquery(self._settings, self._limits)

    @property
    def _options(self) -> dict[str, Any]:
        return {"retry": ONCE, "timeout": self._limits.within(_CALL_S)}

    @property
    def _dataset(self) -> str:
        return f"{self._settings.project_id}.{self._settings.dataset_id}"

    def _read_key(self) -> str:
        _ = self._connection
        return self._settings.account

    def _get_token(self) -> None:
        session = self._connection.rest._http
        with translated(self._settings.account):
            session.credentials.refresh(session._auth_request)

    def _reach_project(self) -> str:
        with translated(self._settings.account):
            next(iter(self._connection.rest.list_datasets(max_results=1, **self._options)), None)
        return self._settings.project_id

    def _create_job(self) -> None:
        config = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
        with translated(self._settings.account):
            self._connection.rest.query(
                "select 1 as one", job_config=config, job_retry=None, **self._options
            )

    def _find_dataset(self) -> str:
        with translated(self._settings.account):
            dataset = self._connection.rest.get_dataset(self._dataset, **self._options)
        found, entered = str(dataset.location or ""), str(self._settings.location or "")
        if found.lower() != entered.lower():
            raise _fault(f"The dataset is in {found}, not in {entered}. Enter {found} above.")
        return found

    def _list_tables(self) -> str:
        with translated(self._settings.account):
            listing = self._connection.rest.list_tables(
                self._dataset, page_size=1000, **self._options
            )
            names = [table.table_id for table in listing]
        found = [match for name in names if (match := _EVENTS.fullmatch(name))]
        if not found:
            raise _fault(
                "The dataset holds no table events_YYYYMMDD. Link the GA4 property with BigQuery "
                "(daily export) and wait a day, or enter the dataset of the property."
            )
        self._table = max(found, key=lambda match: (match[2], match[1] is None))[0]
        kinds = {"daily": None, "intraday": "intraday_", "fresh": "fresh_"}
        counts = {kind: sum(m[1] == mark for m in found) for kind, mark in kinds.items()}
        listed = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        return f"{listed}; the newest is {self._table}"

    def _dry_run(self) -> str:
        day = datetime.strptime(self._table[-8:], "%Y%m%d").replace(tzinfo=UTC).date()
        found = list_sources(self._connection, self._settings, [day], self._limits)
        size = estimate(self._connection, self._settings, found, self._limits)
        return f"{size:,} bytes for {day}"

    def _sample(self) -> str:
        with translated(self._settings.account):
            try:
                table = self._connection.rest.get_table(
                    f"{self._dataset}.{self._table}", **self._options
                )
                wanted = [field for field in table.schema if field.name in _SAMPLED]
                self._rows = list(
                    self._connection.rest.list_rows(
                        table, selected_fields=wanted, max_results=_SAMPLE, **self._options
                    )
                )
            except api.NotFound as error:
                raise _fault("The newest table has just been replaced. Test again.") from error
        names = {pair["key"] for row in self._rows for pair in _pairs(row)}
        settings = self._tenant
        needed = (
            settings.contact_property,
            settings.company_property,
            settings.branch_property,
            "ga_session_id",
        )
        missing = [name for name in needed if name not in names]
        if missing:
            raise _fault(_missing_words(missing, len(self._rows), names))
        return f"All of {', '.join(needed)} in {len(self._rows)} events"

    def _compare_days(self) -> str:
        place = zone(self._tenant.property_time_zone)
        dated = [(row.get("event_date"), row.get("event_timestamp")) for row in self._rows]
        known = [(day, int(micros)) for day, micros in dated if day and micros]
        odd = sum(
            datetime.fromtimestamp(micros / 1e6, UTC).astimezone(place).strftime("%Y%m%d") != day
            for day, micros in known
        )
        if odd:
            raise _fault(
                f"{odd} of {len(known)} sampled events lie on another day in {place.key} than "
                "Google says. Enter the time zone of the GA4 property under Time & money."
            )
        return f"{len(known)} {plural(len(known), 'event')} on their day in {place.key}"


def _pairs(row: Any) -> list[Any]:  # noqa: ANN401 - a row of Google's library
    return [*(row.get("event_params") or ()), *(row.get("user_properties") or ())]


def _missing_words(missing: list[str], count: int, names: set[str]) -> str:
    found = ", ".join(sorted(name[:40] for name in names)[:30]) or "none"
    return (
        f"None of {count} sampled events has {', '.join(missing)}. Correct the names under "
        f"Property names, or send them from the shop. Found were: {found}."
    )


def _fault(text: str) -> Upstream:
    return Upstream(text, permanent=True, kind="permanent")
