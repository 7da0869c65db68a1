"""Export files for the BigQuery emulator, and Google's client to ask it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google

from dev.bigquery import BigQuery, LoadReport

PROJECT = "acme-shop"
SESSION = "(select p.value.int_value from unnest(event_params) as p where p.key = 'ga_session_id')"


def event(name: str, number: int, **more: Any) -> dict[str, Any]:
    """A row as `bq extract` writes it."""
    return {
        "event_date": "20261101",
        "event_timestamp": str(1_793_500_000_000_000 + number),
        "event_name": name,
        "event_params": [{"key": "ga_session_id", "value": {"int_value": str(number)}}],
        **more,
    }


def write(directory: Path, table: str, rows: list[dict[str, Any]]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with gzip.open(directory / f"{table}.json.gz", "wt") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def client(server: BigQuery) -> google.Client:
    return google.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options=ClientOptions(api_endpoint=server.endpoint),
    )


def ask(server: BigQuery, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    settings = google.QueryJobConfig(query_parameters=list(parameters))
    return [row.values() for row in client(server).query(query, job_config=settings).result()]


def load(server: BigQuery, directory: Path, **more: bool) -> LoadReport:
    """Load into a dataset named after the test's directory."""
    return server.load_directory(PROJECT, dataset(directory), directory / "export", **more)


def dataset(directory: Path) -> str:
    return directory.name.replace("-", "_")
