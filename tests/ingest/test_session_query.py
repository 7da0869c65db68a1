"""The query of sessions against a real engine and real rows, and plain Python beside it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.ingest.attempts import Limits
from app.ingest.bigquery import source as bigquery
from app.ingest.bigquery.source import BigQuerySettings, ServiceAccount
from app.ingest.store.event_tables import SESSION_PART, output_columns
from app.ingest.store.spool import open_spool
from app.ingest.store.transform import Refusals, raw_batch, transform
from dev import bigquery as emulator
from dev.bigquery import BigQuery
from dev.generator.export_files import read_table
from tests.ingest.bigquery_server import running
from tests.ingest.test_bigquery_emulator import _event, _param, _write
from tests.loading import answered

PROJECT = "project-one"
DAY, REAL = date(2025, 4, 1), date(2020, 12, 31)
NUMBER = _param("ga_session_id", int_value="100")
LAST_CLICK = "session_traffic_source_last_click"


def _contact(value: str) -> list[dict[str, Any]]:
    return [{"key": "WebUserId", "value": {"string_value": value}}]


ROWS = [
    # Google writes the number 1 on session_start whatever happens: no engagement.
    _event(0, "session_start", [NUMBER, _param("session_engaged", int_value="1")]),
    _event(1, "page_view", [NUMBER, _param("source", string_value="newsletter")]),
    _event(
        2,
        "scroll",
        [NUMBER, _param("engagement_time_msec", int_value="1500")],
        user_properties=_contact("U7"),
    ),
    _event(
        3,
        "user_engagement",
        [NUMBER, _param("engagement_time_msec", int_value="700")],
        user_properties=_contact("undefined"),
        collected_traffic_source={"manual_source": "google", "manual_medium": "cpc"},
    ),
    # Another session of the same device: engaged as text, and the last click wins.
    _event(
        4,
        "session_start",
        [_param("ga_session_id", int_value="101"), _param("session_engaged", string_value="1")],
        collected_traffic_source={"manual_source": "bing", "manual_medium": "organic"},
    ),
    _event(
        5,
        "scroll",
        [_param("ga_session_id", string_value="101")],
        **{
            LAST_CLICK: {
                "manual_campaign": {
                    "source": "mailing",
                    "medium": "email",
                    "campaign_name": "spring",
                }
            }
        },
    ),
    _event(6, "page_view", [_param("page_title", string_value="no session")]),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, ga4_directory: Path) -> Iterator[BigQuery]:
    venv = Path(sys.prefix) / "bigquery-emulator"
    emulator.install(venv)
    state = tmp_path_factory.mktemp("bigquery")
    with emulator.start(state, venv=venv) as started:
        export = state / "export"
        _write(export, "events_20250401", ROWS)
        _write(export, "events_20201231", _real(ga4_directory))
        started.load_directory(PROJECT, "analytics_1", export)
        yield started


def _real(directory: Path) -> list[dict[str, Any]]:
    return list(read_table(directory / "mini" / "events_20201231.json.gz"))


@pytest.fixture
def settings(server: BigQuery, private_key: str) -> Iterator[BigQuerySettings]:
    account = ServiceAccount(PROJECT, "reader@project-one.iam", "k1", private_key)
    with running() as tokens:
        yield BigQuerySettings(
            PROJECT,
            "analytics_1",
            account,
            endpoint=server.endpoint,
            token_uri=tokens.token_uri,
            nothing_words=("", "(not set)", "undefined"),
        )


def _read(settings: BigQuerySettings, folder: Path, day: date) -> list[dict[str, Any]]:
    limits = Limits(time.monotonic() + 600, lambda: False)
    connection = bigquery.open_bigquery(settings, limits)
    sources = bigquery.list_sources(connection, settings, [day], limits)
    extraction = bigquery.extract(
        connection,
        settings,
        "session_part",
        sources,
        folder / "spool.arrow",
        job_key="job-1",
        progress=lambda done, total: None,
        limits=limits,
    )
    assert not extraction.refused
    return [row for batch in open_spool(extraction.spool_path) for row in batch.to_pylist()]


def _in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: (row["user_pseudo_id"], row["ga_session_id"]))


def test_events_of_every_kind_make_sessions(settings: BigQuerySettings, tmp_path: Path) -> None:
    names = (
        "ga_session_id",
        "user_id",
        "is_engaged",
        "engagement_ms",
        "page_views",
        "source",
        "medium",
        "campaign",
    )
    found = _in_order(_read(settings, tmp_path, DAY))
    assert [tuple(row[name] for name in names) for row in found] == [
        (100, "U7", None, 2200, 1, "google", "cpc", None),
        (101, None, True, None, 0, "mailing", "email", "spring"),
    ]
    assert [(row["last_ts"] - row["event_ts"]).microseconds for row in found] == [3, 1]


def test_real_rows_give_the_sessions_that_plain_python_finds(
    settings: BigQuerySettings, tmp_path: Path, ga4_directory: Path
) -> None:
    cells = answered(SESSION_PART, "events_20201231", _real(ga4_directory))
    batch = transform(SESSION_PART, raw_batch(SESSION_PART, cells), Refusals())
    expected = _in_order(batch.to_pylist())
    found = _in_order(_read(settings, tmp_path, REAL))
    assert len(found) > 20
    assert json.dumps(found, default=str) == json.dumps(expected, default=str)
    assert set(output_columns(SESSION_PART)) == set(SESSION_PART.schema.names)
