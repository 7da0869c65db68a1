"""Which table holds a day, what reading it costs, and what is no export."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.errors import Invalid, Upstream
from app.ingest.bigquery import source as bigquery
from app.ingest.bigquery.source import BigQuerySettings
from tests.ingest.bigquery_server import SCHEMA, FakeBigQuery, FakeTable
from tests.ingest.reading import DAY, NEXT, limits, read


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["events_20250401", "events_intraday_20250401", "events_fresh_20250401"], "daily"),
        (["events_fresh_20250401", "events_intraday_20250401"], "intraday"),
        (["events_fresh_20250401", "events_intraday_20250402"], "fresh"),
    ],
)
def test_a_day_has_one_source(
    server: FakeBigQuery, settings: BigQuerySettings, names: list[str], chosen: str
) -> None:
    server.tables.clear()
    server.tables.update({name: FakeTable() for name in [*names, "pseudonymous_users"]})
    connection = bigquery.open_bigquery(settings, limits())

    sources = bigquery.list_sources(connection, settings, [DAY], limits())

    assert [(day, source.kind) for day, source in sources.items()] == [(DAY, chosen)]
    assert sources[DAY].modified_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_a_day_without_a_table_is_absent(settings: BigQuerySettings) -> None:
    connection = bigquery.open_bigquery(settings, limits())

    assert bigquery.list_sources(connection, settings, [NEXT], limits()) == {}


def test_the_estimate_adds_the_seven_dry_runs(settings: BigQuerySettings) -> None:
    connection = bigquery.open_bigquery(settings, limits())
    sources = bigquery.list_sources(connection, settings, [DAY], limits())

    assert bigquery.estimate(connection, settings, sources, limits()) == 7 * 7


@pytest.mark.parametrize("project", ["", "a`b", "x; drop", "project one"])
def test_an_identifier_that_is_none_is_refused(settings: BigQuerySettings, project: str) -> None:
    with pytest.raises(Invalid, match="is not a Google Cloud project id"):
        BigQuerySettings(**{**vars(settings), "project_id": project})


def test_a_table_that_is_no_export_names_what_it_lacks(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.tables["events_20250401"].schema = SCHEMA[:2]

    with pytest.raises(Upstream, match="has no column event_name, event_params") as caught:
        read(settings, tmp_path)

    assert caught.value.permanent
