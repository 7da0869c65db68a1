"""A scripted BigQuery and a tenant's settings for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.ingest.bigquery.source import BigQuerySettings, ServiceAccount
from tests.ingest.bigquery_server import FakeBigQuery, FakeTable, running
from tests.ingest.reading import page_view


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


@pytest.fixture
def server() -> Iterator[FakeBigQuery]:
    with running() as fake:
        fake.tables["events_20250401"] = FakeTable(rows=[page_view(n) for n in range(5)])
        yield fake


@pytest.fixture
def settings(server: FakeBigQuery, private_key: str) -> BigQuerySettings:
    account = ServiceAccount("project-one", "reader@project-one.iam", "k1", private_key)
    return BigQuerySettings(
        "project-one",
        "analytics_1",
        account,
        location="EU",
        endpoint=server.endpoint,
        token_uri=server.token_uri,
        call_timeout_s=5,
        first_pause_s=0.01,
    )
