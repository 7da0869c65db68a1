"""The demo's generated settings: secrets made once, addresses as the services give them."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from sqlalchemy.engine import make_url

from dev.bigquery import BigQuery
from dev.oidc import Client, Oidc
from dev.postgres import Postgres
from dev.private_files import write_private
from dev.process import HOST, Service
from dev.sftp import Sftp
from dev.smtp import Smtp
from dev.valkey import Valkey

S = TypeVar("S", bound=Service)

DATABASE = "demo"
ROLES = {
    "DATABASE_URL": "app_web",
    "WORKER_DATABASE_URL": "app_worker",
    "MAINT_DATABASE_URL": "app_maint",
}


@dataclass(frozen=True)
class Settings:
    """KEY → value as the application reads them, and some for the demo alone."""

    state: Path
    values: Mapping[str, str]
    services: Mapping[str, Service]

    @property
    def client(self) -> Client:
        """The application as the sign-in provider knows it."""
        return Client(
            self.values["OIDC_CLIENT_ID"],
            self.values["OIDC_CLIENT_SECRET"],
            (f"{self.values['BASE_URL']}/auth/callback",),
            (f"{self.values['BASE_URL']}/auth/signed-out",),
        )

    @property
    def oidc(self) -> Oidc:
        """The running sign-in provider."""
        return _of_kind(self.services["oidc"], Oidc)

    @property
    def bigquery(self) -> BigQuery:
        """The running emulator."""
        return _of_kind(self.services["bigquery"], BigQuery)

    @property
    def sftp(self) -> Sftp:
        """The running SFTP server."""
        return _of_kind(self.services["sftp"], Sftp)

    @property
    def smtp(self) -> Smtp:
        """The running mail server."""
        return _of_kind(self.services["smtp"], Smtp)

    @property
    def superuser_url(self) -> str:
        """PostgreSQL's superuser, on the database that is always there."""
        return _of_kind(self.services["postgres"], Postgres).url

    def environment(self) -> dict[str, str]:
        """What the application's processes are started with."""
        return dict(self.values)

    def with_services(self, services: Mapping[str, Service]) -> Settings:
        """The same, with the addresses of the running services."""
        running = replace(self, services=services)
        base = make_url(running.superuser_url).set(database=DATABASE)
        password = self.values["DATABASE_PASSWORD"]
        urls = {
            key: base.set(username=role, password=password).render_as_string(hide_password=False)
            for key, role in ROLES.items()
        }
        addresses = {
            "REDIS_URL": _of_kind(services["valkey"], Valkey).url,
            "OIDC_ISSUER": running.oidc.issuer,
            "GOOGLE_TOKEN_URI": running.oidc.google_token_uri,
            "BIGQUERY_ENDPOINT": running.bigquery.endpoint,
            "BIGQUERY_STORAGE_ENDPOINT": running.bigquery.storage_endpoint,
            "INBOX_URL": running.smtp.inbox_url,
            "SMTP_CA_FILE": str(running.smtp.ca_file),
        }
        return replace(running, values={**self.values, **urls, **addresses})


def _of_kind(service: Service, kind: type[S]) -> S:
    if not isinstance(service, kind):
        raise TypeError(f"{service} is no {kind.__name__}")
    return service


def load_settings(state: Path, port: int) -> Settings:
    """Secrets of an earlier start, or new ones; nothing runs yet."""
    memory = state / "secrets.json"
    if not memory.exists():
        state.mkdir(parents=True, exist_ok=True)
        write_private(memory, json.dumps(_new_secrets(), indent=1))
    values = {
        **json.loads(memory.read_text()),
        "APP_ENV": "development",
        "BASE_URL": f"http://{HOST}:{port}",
        "OIDC_CLIENT_ID": "demo",
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "ALLOWED_PORTS": "any",
        "LOG_DIR": str((state / "logs").resolve()),
    }
    return Settings(state.resolve(), values, {})


def _new_secrets() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "CREDENTIAL_KEYS": "demo1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "OIDC_CLIENT_SECRET": secrets.token_urlsafe(24),
        "DATABASE_PASSWORD": secrets.token_hex(16),
        "SFTP_PASSWORD": secrets.token_hex(12),
    }


def write_env(settings: Settings, extra: Mapping[str, str], *, is_ready: bool = False) -> None:
    """Write `.demo/env`, whole or not at all; DEMO_READY=1 is its last line when all is in."""
    lines = [f"{key}={value}" for key, value in {**settings.values, **extra}.items()]
    if is_ready:
        lines.append("DEMO_READY=1")
    write_private(settings.state / "env", "\n".join(lines) + "\n")
