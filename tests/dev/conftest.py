"""What the tests of the local stack share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import bigquery, oidc
from dev.bigquery import BigQuery
from dev.oidc import Oidc
from tests.dev.oidc_peer import ADA, BO, CLIENT


@pytest.fixture(scope="session")
def bigquery_venv() -> Path:
    """The emulator's environment, kept inside the one the tests run in."""
    venv = Path(sys.prefix) / "bigquery-emulator"
    bigquery.install(venv)
    return venv


@pytest.fixture(scope="session")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oidc]:
    """A sign-in provider with two members."""
    with oidc.start(tmp_path_factory.mktemp("oidc"), [ADA, BO], CLIENT) as running:
        yield running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, bigquery_venv: Path) -> Iterator[BigQuery]:
    """A BigQuery emulator; each test loads a dataset of its own."""
    with bigquery.start(tmp_path_factory.mktemp("bigquery"), venv=bigquery_venv) as running:
        yield running
