"""Settings, read once from the environment. Nothing else in app/ reads it."""

from __future__ import annotations

import base64
import binascii
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_PLACEHOLDERS = ("changeme", "change-me", "secret", "password", "default", "example")
_MAIL_TALK_S = 120  # the exchange with a mail server before and after the mail itself


class ConfigError(RuntimeError):
    """A setting is missing or wrong; the message names it."""


class Config(BaseSettings):
    """Every setting of a deployment; immutable once read."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    app_env: Literal["production", "development"] = "production"
    app_service: Literal["all", "auth", "data", "analytics"] = "all"
    base_url: str = "http://127.0.0.1:8000"
    database_url: str
    database_replica_url: str | None = None
    worker_database_url: str | None = None
    maint_database_url: str | None = None
    redis_url: str
    secret_key: str
    credential_keys: str
    oidc_issuer: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_scope: str = "openid email profile"
    oidc_email_trust: Literal["claim", "provider"] = "claim"
    oidc_authorization_endpoint: str = ""
    oidc_token_endpoint: str = ""
    oidc_userinfo_endpoint: str = ""
    oidc_jwks_uri: str = ""
    oidc_introspection_endpoint: str = ""
    oidc_revocation_endpoint: str = ""
    oidc_end_session_endpoint: str = ""
    session_idle_s: int = Field(default=7200, ge=60)
    tenant_calls_per_minute: int = Field(default=3000, gt=0)
    bigquery_endpoint: str | None = None
    bigquery_storage_endpoint: str | None = None
    google_token_uri: str | None = None
    smtp_ca_file: str | None = None
    allowed_networks: str = ""
    allowed_ports: str = ""
    trusted_proxies: str = ""
    log_dir: str = "logs"
    job_lease_s: float = Field(default=30, gt=0)
    job_heartbeat_s: float = Field(default=10, gt=0)
    job_sweep_s: float = Field(default=10, gt=0)
    job_schedule_s: float = Field(default=60, gt=0)
    job_deadline_s: float = Field(default=1800, gt=0)
    mail_tick_s: float = Field(default=15, gt=0)
    mail_retry_s: float = Field(default=60, gt=0)
    mail_answer_s: float = Field(default=240, gt=0)
    mail_lease_s: float = Field(default=420, gt=0)

    @field_validator("secret_key")
    @classmethod
    def _strong(cls, value: str) -> str:
        if len(value) < 32 or any(word in value.lower() for word in _PLACEHOLDERS):
            raise ValueError("needs at least 32 random characters, and no placeholder words")
        return value

    @field_validator("credential_keys")
    @classmethod
    def _key_ring(cls, value: str) -> str:
        for entry in value.split(","):
            name, colon, key = entry.strip().partition(":")
            if not (name and colon and _is_key(key)):
                raise ValueError("is a comma list of NAME:KEY, each KEY 32 bytes in base64")
        return value

    @field_validator("allowed_networks", "trusted_proxies")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        try:
            _networks(value)
        except ValueError:
            raise ValueError("is a comma list of networks, like 10.0.0.0/8,fd00::/8") from None
        return value

    @field_validator("allowed_ports")
    @classmethod
    def _are_ports(cls, value: str) -> str:
        entries = [] if value.strip().lower() == "any" else value.split(",")
        if any(e.strip() and not (e.strip().isdigit() and int(e) < 65_536) for e in entries):
            raise ValueError("is a comma list of ports, or the word any")
        return value

    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Private networks in which this deployment allows tenants' hosts."""
        return _networks(self.allowed_networks)

    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Proxies whose forwarded address and scheme are trusted; none by default."""
        return _networks(self.trusted_proxies)


def _networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except binascii.Error:
        return False


def load_config() -> Config:
    """The settings of this process.

    Raises:
        ConfigError: names each setting that is missing or wrong, never its value.
    """
    try:
        config = Config()  # type: ignore[call-arg]  # the fields come from the environment
    except ValidationError as error:
        lines = (f"{e['loc'][0]!s}".upper() + f": {e['msg']}" for e in error.errors())
        raise ConfigError("Settings are missing or wrong:\n  " + "\n  ".join(lines)) from None
    if config.app_env == "production":
        _refuse_local_address(config)
        _refuse_unencrypted(config)
        _refuse_short_lease(config)
    return config


def _refuse_local_address(config: Config) -> None:
    """Refuse a local or unencrypted BASE_URL, to which pages (web) and mail (workers) link."""
    address = urlsplit(config.base_url)
    if address.scheme != "https":
        raise ConfigError("BASE_URL: production needs an https address")
    host = address.hostname or ""
    if host in ("", "localhost", "::1") or host.endswith(".localhost") or host.startswith("127."):
        raise ConfigError("BASE_URL: production needs an address that people can reach")


def _refuse_unencrypted(config: Config) -> None:
    """Refuse a database on another machine without verified TLS."""
    for name in ("database", "database_replica", "worker_database", "maint_database"):
        url = getattr(config, f"{name}_url") or ""
        if url and not _is_local(url) and "sslmode=verify-full" not in url:
            raise ConfigError(f"{name.upper()}_URL: a remote database needs sslmode=verify-full")


def _refuse_short_lease(config: Config) -> None:
    """Refuse a lease so short that mail still in transit is taken for a dead worker's."""
    if config.mail_lease_s < config.mail_answer_s + _MAIL_TALK_S:
        raise ConfigError(
            f"MAIL_LEASE_S: must be {_MAIL_TALK_S} seconds longer than MAIL_ANSWER_S, "
            f"now at least {config.mail_answer_s + _MAIL_TALK_S:.0f}"
        )


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in ("", "localhost", "::1") or bool(re.fullmatch(r"127(\.\d+){3}", host))
