"""A scripted BigQuery, this process as its worker, and a tenant for every test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest

from app import crypto, jobs
from app.config import Config
from app.database import engine as db
from app.ingest import attempts
from tests.ingest.file_world import key_file
from tests.ingest.replace import export_server
from tests.ingest.replace.export_server import Export
from tests.ingest.replace.world import World


@dataclass(frozen=True)
class Site:
    """The deployment: the export it reads, and its settings."""

    export: Export
    config: Config
    account: str


@pytest.fixture(scope="module")
def site(config: Config, private_key: str) -> Iterator[Site]:
    with export_server.running() as export:
        live = config.model_copy(
            update={
                "bigquery_endpoint": export.endpoint,
                "google_token_uri": f"{export.endpoint}/token",
            }
        )
        db.configure(live, role="worker")
        jobs.configure(live)
        crypto.configure(live.credential_keys)
        yield Site(export, live, key_file(private_key))
    db.configure(config)


@pytest.fixture
def world(
    site: Site, superuser: psycopg.Connection[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> World:
    """An obliging BigQuery without tables, and a tenant without rows; pauses are short."""
    monkeypatch.setattr(attempts, "_LONGEST_PAUSE_S", 0.02)
    site.export.reset()
    return World(site.export, superuser, site.account)
