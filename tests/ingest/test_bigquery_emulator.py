"""The extraction's SQL against a real engine: by REST and by the Storage Read API."""

from __future__ import annotations

import gzip
import io
import json
import sys
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery as google

from app.ingest.attempts import Limits
from app.ingest.bigquery import source as bigquery
from app.ingest.bigquery.source import BigQuerySettings, ServiceAccount
from app.ingest.store.event_tables import EVENT_TABLES
from app.ingest.store.spool import open_spool
from dev import bigquery as emulator
from dev.bigquery import BigQuery
from tests.ingest.bigquery_server import running

PROJECT = "project-one"
DAY, NEXT, THIRD = date(2025, 4, 1), date(2025, 4, 2), date(2025, 4, 3)
NOON = 1_743_508_800_000_000
ITEMS = [
    {
        "item_id": "A",
        "item_name": "Bolt",
        "item_category": "(not set)",
        "price": 2.5,
        "quantity": "3",
    },
    {"item_id": "", "item_name": "Nut", "price": "NaN"},
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BigQuery]:
    venv = Path(sys.prefix) / "bigquery-emulator"
    emulator.install(venv)
    state = tmp_path_factory.mktemp("bigquery")
    with emulator.start(state, venv=venv) as started:
        export = state / "export"
        _write(export, "events_20250401", [_event(n, **more) for n, more in enumerate(DAY_ROWS)])
        _write(export, "events_intraday_20250401", [_event(1)])
        _write(export, "events_intraday_20250402", [_event(1, event_date="20250402")])
        started.load_directory(PROJECT, "analytics_1", export)
        yield started


@pytest.fixture(params=["rest", "storage"])
def settings(
    server: BigQuery,
    private_key: str,
    request: pytest.FixtureRequest,
) -> Iterator[BigQuerySettings]:
    account = ServiceAccount(PROJECT, "reader@project-one.iam", "k1", private_key)
    with running() as tokens:
        yield BigQuerySettings(
            PROJECT,
            "analytics_1",
            account,
            endpoint=server.endpoint,
            token_uri=tokens.token_uri,
            storage_endpoint=server.storage_endpoint if request.param == "storage" else None,
        )


def _event(number: int, name: str = "page_view", params: Any = (), **more: Any) -> dict[str, Any]:
    """A row as `bq extract` writes it, on 1 April 2025."""
    listed = [{"key": key, "value": value} for key, value in params]
    return {
        "event_date": "20250401",
        "event_timestamp": str(NOON + number),
        "event_name": name,
        "user_pseudo_id": "1.2",
        "event_params": listed,
        **more,
    }


def _param(key: str, **value: Any) -> tuple[str, dict[str, Any]]:
    return key, value


DAY_ROWS: list[dict[str, Any]] = [
    {
        "params": [
            _param("ga_session_id", int_value="100"),
            _param("session_engaged", string_value="1"),
            _param("page_location", string_value="https://shop.example/ü"),
            _param("page_title", string_value="Home"),
        ],
        "user_properties": [
            {"key": "WebUserId", "value": {"string_value": "U1"}},
            {"key": "WebCustomerId", "value": {"int_value": "4711"}},
        ],
        "device": {"category": "desktop"},
        "geo": {"city": "Bonn", "country": "Germany"},
        "traffic_source": {"source": "google", "medium": "organic"},
        "batch_page_id": "5",
        "batch_ordering_id": "2",
        "batch_event_index": "1",
    },
    {
        "name": "add_to_cart",
        "params": [
            _param("ga_session_id", string_value="100"),
            _param("session_engaged", int_value="1"),
            _param("value", int_value="7"),
            _param("currency", string_value="EUR"),
            _param("currency", string_value="AUD"),
        ],
        "items": ITEMS,
    },
    {
        "name": "purchase",
        "params": [_param("value", double_value=99.5)],
        "ecommerce": {"purchase_revenue": 19.2, "transaction_id": "T1"},
        "items": ITEMS[:1],
    },
    {
        "name": "purchase",
        "params": [_param("value", string_value="99.5"), _param("transaction_id", int_value="77")],
        "ecommerce": {"purchase_revenue": "NaN"},
    },
    {"name": "refund", "ecommerce": {"refund_value": 4.5, "transaction_id": "T1"}},
    {
        "name": "view_search_results_no_results",
        "params": [_param("search_term", string_value="M8")],
    },
    {"name": "scroll"},
]


def _write(directory: Path, table: str, rows: list[dict[str, Any]]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with gzip.open(directory / f"{table}.json.gz", "wt") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def _limits() -> Limits:
    return Limits(time.monotonic() + 600, lambda: False)


def read(settings: BigQuerySettings, table: str, folder: Path, *days: date) -> list[dict[str, Any]]:
    """The filled cells of every spooled row of these days, in time order."""
    connection = bigquery.open_bigquery(settings, _limits())
    sources = bigquery.list_sources(connection, settings, days, _limits())
    extraction = bigquery.extract(
        connection,
        settings,
        table,
        sources,
        folder / "spool.arrow",
        job_key="job-1",
        progress=lambda done, total: None,
        limits=_limits(),
    )
    assert not extraction.refused
    rows = [row for batch in open_spool(extraction.spool_path) for row in batch.to_pylist()]
    rows.sort(key=lambda row: row["event_ts"])
    assert all(isinstance(row["content_hash"], int) for row in rows)
    common = (
        "event_date",
        "event_ts",
        "event_name",
        "user_pseudo_id",
        "source_table",
        "content_hash",
    )
    kept = [{k: v for k, v in row.items() if v is not None and k not in common} for row in rows]
    return [{"event_name": row["event_name"], **k} for row, k in zip(rows, kept, strict=True)]


def test_a_page_view(settings: BigQuerySettings, tmp_path: Path) -> None:
    assert read(settings, "page_view", tmp_path, DAY) == [
        {
            "event_name": "page_view",
            "ga_session_id": 100,
            "user_id": "U1",
            "company_id": "4711",
            "is_engaged": True,
            "batch_page_id": 5,
            "batch_ordering_id": 2,
            "batch_event_index": 1,
            "page_url": "https://shop.example/ü",
            "page_title": "Home",
            "device_category": "desktop",
            "city": "Bonn",
            "country": "Germany",
            "traffic_source": "google",
            "traffic_medium": "organic",
        }
    ]


def test_a_cart_event_has_its_first_item_and_all_of_them(
    settings: BigQuerySettings, tmp_path: Path
) -> None:
    (row,) = read(settings, "add_to_cart", tmp_path, DAY)

    assert json.loads(row.pop("items_json")) == [
        {
            "item_id": "A",
            "item_name": "Bolt",
            "item_category": "(not set)",
            "price": 2.5,
            "quantity": 3,
        },
        {
            "item_id": None,
            "item_name": "Nut",
            "item_category": None,
            "price": None,
            "quantity": None,
        },
    ]
    assert row == {
        "event_name": "add_to_cart",
        "ga_session_id": 100,
        "is_engaged": True,
        "currency": "EUR",
        "value": Decimal(7),
        "item_id": "A",
        "item_name": "Bolt",
        "item_price": Decimal("2.5"),
        "quantity": Decimal(3),
    }


def test_purchases_and_refunds_find_their_amount_and_id(
    settings: BigQuerySettings, tmp_path: Path
) -> None:
    rows = read(settings, "purchase", tmp_path, DAY)

    found = [(row["event_name"], row.get("transaction_id"), row.get("revenue")) for row in rows]
    assert found == [
        ("purchase", "T1", Decimal("19.2")),
        ("purchase", "77", Decimal("99.5")),
        ("refund", "T1", Decimal("4.5")),
    ]
    assert "items_json" not in rows[1]


def test_both_names_of_a_failed_search_are_taken(
    settings: BigQuerySettings, tmp_path: Path
) -> None:
    assert read(settings, "no_search_results", tmp_path, DAY) == [
        {"event_name": "view_search_results_no_results", "search_term": "M8", "term": "m8"}
    ]


def test_the_daily_table_wins_and_a_day_without_one_is_intraday(
    settings: BigQuerySettings, tmp_path: Path
) -> None:
    rows = read(settings, "page_view", tmp_path, DAY, NEXT)

    assert [row.get("ga_session_id") for row in rows] == [100, None]


VALUE = [google.SchemaField(name, "STRING") for name in ("string_value", "int_value")]
PARAM = [google.SchemaField("key", "STRING"), google.SchemaField("value", "RECORD", fields=VALUE)]
OTHER_SCHEMA = [
    google.SchemaField("event_date", "DATE"),
    google.SchemaField("event_timestamp", "TIMESTAMP"),
    google.SchemaField("event_name", "STRING"),
    google.SchemaField("event_params", "RECORD", mode="REPEATED", fields=PARAM),
    google.SchemaField("batch_page_id", "STRING"),
    google.SchemaField("brand_new", "STRING"),
]


@pytest.mark.parametrize("table", [name for name in EVENT_TABLES if name != "session_part"])
def test_missing_new_and_retyped_columns_are_read_as_far_as_they_go(
    settings: BigQuerySettings, tmp_path: Path, table: str
) -> None:
    name = EVENT_TABLES[table].event_names[0]
    row = {
        "event_date": "2025-04-03",
        "event_timestamp": "2025-04-03T12:00:00Z",
        "event_name": name,
        "event_params": [{"key": "ga_session_id", "value": {"int_value": "100"}}],
        "batch_page_id": "5",
        "brand_new": "x",
    }
    loading = google.LoadJobConfig(
        schema=OTHER_SCHEMA,
        source_format="NEWLINE_DELIMITED_JSON",
        write_disposition="WRITE_TRUNCATE",
    )
    bigquery.open_bigquery(settings, _limits()).rest.load_table_from_file(
        io.BytesIO(json.dumps(row).encode()),
        f"{PROJECT}.analytics_1.events_20250403",
        job_config=loading,
    ).result()

    assert read(settings, table, tmp_path, THIRD) == [
        {"event_name": name, "ga_session_id": 100, "batch_page_id": 5}
    ]


def test_the_content_hash_tells_rows_apart_by_any_parameter(
    settings: BigQuerySettings, tmp_path: Path
) -> None:
    listed = [
        [
            {"key": "ga_session_id", "value": {"int_value": "100"}},
            {"key": "engagement_time_msec", "value": {"int_value": msec}},
        ]
        for msec in ("5", "5", "6")
    ]
    rows = [
        {
            "event_date": "2025-04-04",
            "event_timestamp": "2025-04-04T12:00:00Z",
            "event_name": "page_view",
            "event_params": params,
        }
        for params in listed
    ]
    loading = google.LoadJobConfig(
        schema=OTHER_SCHEMA,
        source_format="NEWLINE_DELIMITED_JSON",
        write_disposition="WRITE_TRUNCATE",
    )
    connection = bigquery.open_bigquery(settings, _limits())
    connection.rest.load_table_from_file(
        io.BytesIO("\n".join(map(json.dumps, rows)).encode()),
        f"{PROJECT}.analytics_1.events_20250404",
        job_config=loading,
    ).result()
    sources = bigquery.list_sources(connection, settings, [date(2025, 4, 4)], _limits())
    extraction = bigquery.extract(
        connection,
        settings,
        "page_view",
        sources,
        tmp_path / "spool.arrow",
        job_key="job-2",
        progress=lambda done, total: None,
        limits=_limits(),
    )
    hashes = [
        row["content_hash"] for b in open_spool(extraction.spool_path) for row in b.to_pylist()
    ]
    assert sorted(hashes.count(value) for value in set(hashes)) == [1, 2]


def test_the_estimate_is_more_than_nothing(settings: BigQuerySettings) -> None:
    connection = bigquery.open_bigquery(settings, _limits())
    sources = bigquery.list_sources(connection, settings, [DAY, NEXT], _limits())

    assert bigquery.estimate(connection, settings, sources, _limits()) > 0
