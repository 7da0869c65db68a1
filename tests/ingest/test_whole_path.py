"""From export files and an SFTP server to figures, by real jobs; and what each fault leaves."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from app import crypto, jobs
from app.config import Config
from app.dashboard.queries import get_dashboard_overview_stats
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.jobs import IngestRequest, start_ingestion
from app.ingest.queries import Job, find_job, get_data_availability_combined
from app.settings import provision
from dev import bigquery, oidc, sftp
from dev.generate import tiny, write_tenant
from tests.conftest import Cast
from tests.ingest.files import read_branches, read_contacts
from tests.oracle import Oracle, OracleSettings
from tests.sql.comparing import OVERVIEW, assert_equal, derived_rows, shown

LAST = date(2025, 4, 6)
FIRST = LAST - timedelta(days=5)
PROJECT = "demo-tiny-shop"


@dataclass
class Site:
    """Acme with a shop of its own: an export, an SFTP server, a sign-in at Google's."""

    tenant_id: UUID
    folder: Path
    bigquery: bigquery.BigQuery
    google: oidc.Oidc
    sftp: sftp.Sftp

    def publish(self) -> None:
        """Put what stands in the export's folder into BigQuery."""
        self.bigquery.load_directory(PROJECT, "analytics_1", self.folder / "ga4", prune=True)

    def load(self, first: date = FIRST, last: date = LAST, **more: Any) -> Job:
        """Run an ingestion as a worker does, and answer the finished job."""
        with tenant_transaction(self.tenant_id) as conn:
            request = IngestRequest(first, last, **more)
            job_id = start_ingestion(conn, self.tenant_id, request, "schedule")
        jobs.run_job(str(job_id))
        with tenant_transaction(self.tenant_id) as conn:
            job = find_job(conn, self.tenant_id, job_id)
        assert job is not None
        return job

    def sessions(self) -> int:
        with tenant_transaction(self.tenant_id) as conn:
            period = DateRange(FIRST, LAST)
            return get_dashboard_overview_stats(conn, self.tenant_id, period).sessions


@pytest.fixture(scope="module")
def site(config: Config, cast: Cast, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    state = tmp_path_factory.mktemp("site")
    profile = tiny(7, days=6, zone="UTC", currency="USD")
    write_tenant(state / "shop", profile, LAST + timedelta(days=1), 7, days=6, intraday_hour=None)
    venv = Path(sys.prefix) / "bigquery-emulator"
    client = oidc.Client("app", "s" * 32, ("http://127.0.0.1:1/auth/callback",))
    account = sftp.Account("acme", "right-password", state / "shop" / "sftp")
    with (
        bigquery.start(state, venv=venv) as big,
        oidc.start(state, [], client) as google,
        sftp.start(state, [account]) as files,
    ):
        live = config.model_copy(
            update={
                "bigquery_endpoint": big.endpoint,
                "bigquery_storage_endpoint": big.storage_endpoint,
                "google_token_uri": google.google_token_uri,
            }
        )
        db.configure(live, role="worker")
        jobs.configure(live)
        crypto.configure(live.credential_keys)
        made = Site(cast.acme, state / "shop", big, google, files)
        made.publish()
        yield made
    db.configure(config)


@pytest.fixture(autouse=True)
def _set_up(site: Site) -> None:
    """Right credentials and the right host key before every test."""
    key = json.dumps(site.google.service_account(PROJECT))
    provision.set_bigquery(site.tenant_id, PROJECT, "analytics_1", "US", key)
    set_sftp(site)


def set_sftp(site: Site, password: str = "right-password", host_key: str | None = None) -> None:
    suffix = next((site.folder / "sftp").glob("users.*")).suffix
    provision.set_sftp(
        site.tenant_id,
        site.sftp.host,
        site.sftp.port,
        "acme",
        password,
        host_key or site.sftp.host_key,
        f"/users{suffix}",
        f"/locations{suffix}",
    )


@pytest.fixture
def loaded(site: Site) -> Iterator[int]:
    """Everything is loaded and right; the test must leave as many sessions as there are."""
    assert site.load().status in ("completed", "completed_with_warnings")
    before = site.sessions()
    assert before > 0
    yield before
    assert site.sessions() == before


def test_figures_of_a_real_load_equal_the_oracle(site: Site, loaded: int) -> None:
    folder = site.folder / "sftp"
    contacts = [asdict(c) for c in read_contacts(next(folder.glob("users.*"))).rows]
    branches = [asdict(b) for b in read_branches(next(folder.glob("locations.*"))).rows]
    oracle = Oracle(site.folder / "ga4", None, contacts, branches, OracleSettings("UTC", "USD"))
    with tenant_transaction(site.tenant_id) as conn:
        ours = get_dashboard_overview_stats(conn, site.tenant_id, DateRange(FIRST, LAST))
    assert_equal(shown(ours), oracle.overview(FIRST, LAST), OVERVIEW)


def test_loading_twice_changes_nothing_and_changed_only_reads_nothing(
    site: Site, loaded: int, superuser: psycopg.Connection[Any]
) -> None:
    before = derived_rows(superuser, site.tenant_id)
    assert site.load().status in ("completed", "completed_with_warnings")
    assert derived_rows(superuser, site.tenant_id) == before
    again = site.load(data_types=("events",), changed_only=True)
    assert (again.status, again.message) == (
        "completed",
        "Nothing to load: no day has changed or is exported yet.",
    )


def test_wrong_google_credentials_fail_in_plain_words(site: Site, loaded: int) -> None:
    other = site.google.service_account(PROJECT, "forgotten")
    site.google.remove_service_account(other["client_email"])
    provision.set_bigquery(site.tenant_id, PROJECT, "analytics_1", "US", json.dumps(other))
    job = site.load(data_types=("events",))
    assert job.status == "failed"
    assert "service account" in str(job.message)
    assert other["client_email"] in str(job.message)


def test_a_changed_host_key_keeps_the_old_customers_and_loads_the_events(
    site: Site, loaded: int, tmp_path: Path
) -> None:
    with sftp.start(tmp_path, [sftp.Account("x", "y", tmp_path / "z")]) as other:
        set_sftp(site, host_key=other.host_key)
    job = site.load()
    assert job.status == "completed_with_warnings"
    told = " ".join(job.warnings)
    assert "host key" in told
    assert "SHA256:" in told
    with tenant_transaction(site.tenant_id) as conn:
        assert (get_data_availability_combined(conn, site.tenant_id).users_rows or 0) > 0


def test_a_wrong_sftp_password_names_the_fix(site: Site, loaded: int) -> None:
    set_sftp(site, password="wrong-password")
    job = site.load(data_types=("users", "locations"))
    assert job.status == "failed"
    assert "password" in str(job.message)
    assert {step.status for step in job.steps if step.name.startswith("sftp:")} == {"failed"}


def test_a_missing_day_is_named_and_keeps_its_old_rows(site: Site, loaded: int) -> None:
    gone = site.folder / "ga4" / f"events_{FIRST + timedelta(days=2):%Y%m%d}.json.gz"
    kept = gone.with_suffix(".kept")
    shutil.move(gone, kept)
    try:
        site.publish()
        job = site.load(data_types=("events",))
    finally:
        shutil.move(kept, gone)
        site.publish()
    assert job.status == "completed_with_warnings"
    assert str(FIRST + timedelta(days=2)) in " ".join(job.warnings)


def test_a_file_that_lost_most_of_its_rows_is_held_back(site: Site, loaded: int) -> None:
    folder = site.folder / "sftp"
    full = next(folder.glob("locations.*"))
    kept = folder / "kept"
    shutil.move(full, kept)
    try:
        full.with_suffix(".csv").write_text("Branch ID,Branch Name\nD01,Downtown\n")
        suffix = next(folder.glob("users.*")).suffix
        provision.set_sftp(
            site.tenant_id,
            site.sftp.host,
            site.sftp.port,
            "acme",
            "right-password",
            site.sftp.host_key,
            f"/users{suffix}",
            "/locations.csv",
        )
        job = site.load(data_types=("locations",))
    finally:
        full.with_suffix(".csv").unlink()
        shutil.move(kept, full)
    assert job.status == "failed"
    assert "held back" in str(job.message)


def test_a_tenant_that_was_never_set_up_is_told_what_is_missing(
    site: Site, cast: Cast, config: Config
) -> None:
    stranger = Site(cast.globex, site.folder, site.bigquery, site.google, site.sftp)
    job = stranger.load()
    assert job.status == "failed"
    assert "BigQuery is not set up" in str(job.message)
    with tenant_transaction(cast.globex) as conn:
        empty = get_dashboard_overview_stats(conn, cast.globex, DateRange(FIRST, LAST))
        assert (empty.sessions, empty.conversion_rate, empty.revenue) == (0, None, 0)
        assert get_data_availability_combined(conn, cast.globex).earliest_date is None
