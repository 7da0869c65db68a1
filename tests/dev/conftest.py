"""What the tests of the local stack share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dev import bigquery


@pytest.fixture(scope="session")
def bigquery_venv() -> Path:
    """The emulator's environment, kept inside the one the tests run in."""
    venv = Path(sys.prefix) / "bigquery-emulator"
    bigquery.install(venv)
    return venv
