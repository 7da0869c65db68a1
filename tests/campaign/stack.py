"""The whole product on loopback, with a relay in front of everything a worker talks to."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from app import crypto, jobs
from app.config import Config
from app.database import engine as db
from app.settings import provision
from dev import postgres, sftp, valkey
from dev.database import Urls, create_database, create_template
from dev.google_token import service_account
from dev.process import Service
from tests.campaign.arming import BACKOFF, FOLDER, Signals
from tests.campaign.judge import FINAL, SUCCESSES
from tests.campaign.source import FIRST, LAST, Source
from tests.campaign.starter import start
from tests.conftest import make_config
from tests.ingest.bigquery_server import FakeBigQuery, running
from tests.jobs.bench import wait_until
from tests.jobs.relay import Relay
from tests.jobs.workers import Workers, children, environment

# What `JOB_…_S` is in a campaign, and in a deployment that sets nothing.
SHORT = {"job_lease_s": 3.0, "job_heartbeat_s": 0.5, "job_sweep_s": 0.5, "job_deadline_s": 90.0}
SHIPPED: dict[str, float] = {}
LOAD_LIMIT_S = 180.0
_PASSWORD = "right-password"
_PORT_PARTS = ("worker_database_url", "maint_database_url", "redis_url", "bigquery_endpoint")


@dataclass
class Stack:
    """Services, relays and workers; what a campaign breaks and mends."""

    folder: Path
    config: Config
    urls: Urls
    signals: Signals
    source: Source
    bigquery: FakeBigQuery
    relays: dict[str, Relay]
    postgres: postgres.Postgres
    valkey: valkey.Valkey
    files: sftp.Sftp
    env: dict[str, str] = field(default_factory=dict)
    workers: Workers | None = None

    @property
    def temporary(self) -> Path:
        """Where workers keep what they fetch."""
        return self.folder / "tmp"

    def start_workers(self) -> Workers:
        """Three workers and a scheduler, as whoever runs the system starts them."""
        self.stop_workers()
        options = ("--workers", "3", "--scheduler")
        module = "tests.campaign.run_worker"
        self.workers = Workers(self.folder, self.env, options, module)
        return self.workers

    def stop_workers(self) -> None:
        """End them without their notice."""
        if self.workers is not None:
            self.workers.stop()

    @contextmanager
    def closed(self, part: str) -> Iterator[None]:
        """Every connection to that service is cut, and refused for the block."""
        relay = self.relays[part]
        relay.__exit__(None, None, None)
        try:
            yield
        finally:
            relay.__enter__()

    def kill_postgres(self) -> None:
        """SIGKILL the server; its guard ends what it leaves behind."""
        kill_service(self.postgres)

    def restart_postgres(self) -> None:
        """As a service manager does; the server recovers from its log."""
        self.postgres = postgres.start(self.folder, self.postgres.port)

    def kill_valkey(self) -> None:
        """SIGKILL the server; it kept nothing."""
        kill_service(self.valkey)

    def restart_valkey(self) -> None:
        """Empty."""
        self.valkey = valkey.start(self.folder, self.valkey.port, persist=False)

    def make_tenant(self, slug: str) -> UUID:
        """A tenant whose export and files are the campaign's."""
        made = provision.create_tenant(slug, slug.title())
        key_file, _ = service_account(self.folder / "accounts", "project-one", "reader")
        provision.set_bigquery(made, "project-one", "analytics_1", "EU", json.dumps(key_file))
        provision.set_sftp(
            made,
            self.files.host,
            self.relays["sftp"].port,
            "campaign",
            _PASSWORD,
            self.files.host_key,
            "/users.csv",
            "/locations.csv",
        )
        return made

    def load(self, tenant_id: UUID, state: str) -> None:
        """Load that version by a worker, undisturbed."""
        self.source.publish(state)
        job_id = start(tenant_id, FIRST, LAST)
        told = "select status, message from processing_jobs where job_id = %s"
        wait_until(
            lambda: self.query(told, job_id)[0][0] in FINAL,
            lambda: f"the load of {state}: {self.query(told, job_id)}",
            limit_s=LOAD_LIMIT_S,
        )
        if self.query(told, job_id)[0][0] not in SUCCESSES:
            raise AssertionError(f"loading {state}: {self.query(told, job_id)}")

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask past every fence."""
        with psycopg.connect(self.urls.superuser, autocommit=True) as connection:
            return connection.execute(statement, values).fetchall()


@contextmanager
def run(
    folder: Path,
    waits: Mapping[str, float] = SHORT,
    clock: Mapping[str, str] | None = None,
    told: Mapping[str, str] | None = None,
) -> Iterator[Stack]:
    """Everything started, the workers included; everything ended with the block.

    `clock` are the variables that give PostgreSQL a clock of its own, `told` what workers are
    told beside.
    """
    with ExitStack() as exits:
        database = postgres.start(folder, clock=clock)
        stack = _assemble(exits, folder, database, waits)
        stack.env |= told or {}
        exits.callback(lambda: stack.postgres.stop())
        exits.callback(lambda: stack.valkey.stop())
        db.configure(stack.config)
        jobs.configure(stack.config)
        crypto.configure(stack.config.credential_keys)
        exits.callback(db.dispose)
        exits.callback(stack.stop_workers)
        for relay in stack.relays.values():
            exits.enter_context(relay)
        stack.start_workers()
        yield stack


def _assemble(
    exits: ExitStack, folder: Path, database: postgres.Postgres, waits: Mapping[str, float]
) -> Stack:
    create_template(database.url)
    urls = create_database(database.url, "campaign")
    store = valkey.start(folder, persist=False)
    fake = exits.enter_context(running())
    shop = folder / "shop"
    source = Source(fake, shop)
    files = exits.enter_context(sftp.start(folder, [sftp.Account("campaign", _PASSWORD, shop)]))
    config = make_config(
        urls,
        store.url,
        folder / "logs",
        bigquery_endpoint=fake.endpoint,
        google_token_uri=fake.token_uri,
        **waits,
    )
    ports = {
        "postgres": database.port,
        "valkey": store.port,
        "bigquery": int(fake.endpoint.rpartition(":")[2]),
        "sftp": files.port,
    }
    relays = {name: Relay(port) for name, port in ports.items()}
    signals = Signals(folder / "signals")
    made = Stack(folder, config, urls, signals, source, fake, relays, database, store, files)
    made.env = _environment(config, ports, relays) | {FOLDER: str(signals.folder)}
    made.env["TMPDIR"] = str(made.temporary)
    made.temporary.mkdir()
    made.env |= {BACKOFF: "0.5"} if waits else {}
    return made


def _environment(config: Config, ports: dict[str, int], relays: dict[str, Relay]) -> dict[str, str]:
    """What workers are told: the same addresses, through the relays."""
    values = environment(config)
    for name in _PORT_PARTS:
        for service, port in ports.items():
            key = name.upper()
            values[key] = values[key].replace(f":{port}", f":{relays[service].port}")
    return values


def kill_service(service: Service) -> None:
    """SIGKILL what the guard of a service started, and wait until all of it is gone."""
    for pid in children(service.process.pid):
        os.kill(pid, signal.SIGKILL)
    service.stop()
