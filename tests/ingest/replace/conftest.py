"""A scripted BigQuery, this process as its worker, and a tenant for every test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from app import crypto, db, jobs
from app.config import Config
from app.ingest import attempts
from tests.ingest import bigquery_server
from tests.ingest.bigquery_server import FakeBigQuery
from tests.ingest.replace.world import World


@dataclass(frozen=True)
class Site:
    """The deployment: its BigQuery and its settings."""

    bigquery: FakeBigQuery
    config: Config
    account: str


@pytest.fixture(scope="module")
def site(config: Config, private_key: str) -> Iterator[Site]:
    account = {
        "type": "service_account", "project_id": "project-one", "private_key_id": "k1",
        "client_email": "reader@project-one.iam", "private_key": private_key,
    }  # fmt: skip
    with bigquery_server.running() as big:
        live = config.model_copy(
            update={"bigquery_endpoint": big.endpoint, "google_token_uri": big.token_uri}
        )
        db.configure(live, role="worker")
        jobs.configure(live)
        crypto.configure(live.credential_keys)
        yield Site(big, live, json.dumps(account))
    db.configure(config)


@pytest.fixture
def world(
    site: Site, superuser: psycopg.Connection[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> World:
    """An obliging BigQuery without tables, and a tenant without rows; pauses are short."""
    monkeypatch.setattr(attempts, "_LONGEST_PAUSE_S", 0.02)
    site.bigquery.tables = {}
    site.bigquery.refused = {}
    site.bigquery.on_query = lambda event_type: None
    site.bigquery.calls.clear()
    return World(site.bigquery, superuser, site.account)
