"""Combines the settings of tenant and deployment into sources to fetch from."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from uuid import UUID

from app.config import Config
from app.database.engine import tenant_transaction
from app.errors import Invalid
from app.ingest.attempts import Limits
from app.ingest.bigquery.source import (
    BigQuerySettings,
    BigQuerySource,
    ServiceAccount,
    open_bigquery,
)
from app.ingest.files.sftp import SftpSettings
from app.ingest.store.source import Source
from app.net import NetPolicy, parse_ports
from app.tenant_settings import (
    TenantSettings,
    get_bigquery_credentials,
    get_sftp_credentials,
    get_tenant_settings,
)
from app.words_for_nothing import get_nothing_words

_PRIVATE_KEY = re.compile(r"\s*-----BEGIN [A-Z ]*PRIVATE KEY-----")


def read_settings(tenant_id: UUID) -> TenantSettings:
    """The tenant's settings, without credentials."""
    with tenant_transaction(tenant_id) as conn:
        return get_tenant_settings(conn, tenant_id)


def open_source(settings: TenantSettings, config: Config, limits: Limits) -> Source:
    """The tenant's export, ready to read.

    Raises:
        Invalid: it is not set up, or its settings are unusable.
        Upstream: it refused the credentials, or did not respond.
    """
    found = (open_kind(settings, config, limits) for open_kind in _OPENERS)
    return next(source for source in found if source is not None)


def bigquery_settings(settings: TenantSettings, config: Config) -> BigQuerySettings:
    """The location and credentials of the export.

    Raises:
        Invalid: BigQuery is not set up, or its settings are unusable.
    """
    with tenant_transaction(settings.tenant_id) as conn:
        credentials = get_bigquery_credentials(conn, settings.tenant_id)
        words = get_nothing_words(conn, settings.tenant_id)
    if not settings.bigquery or credentials is None:
        raise Invalid(
            "BigQuery is not set up for this company yet. Enter project, dataset and service "
            "account in the settings first."
        )
    account = json.loads(credentials)
    fields = ("project_id", "client_email", "private_key_id", "private_key")
    return BigQuerySettings(
        project_id=settings.bigquery["project_id"],
        dataset_id=settings.bigquery["dataset_id"],
        location=settings.bigquery.get("location"),
        credentials=ServiceAccount(**{name: account[name] for name in fields}),
        endpoint=config.bigquery_endpoint,
        storage_endpoint=config.bigquery_storage_endpoint,
        token_uri=config.google_token_uri,
        contact_property=settings.contact_property,
        company_property=settings.company_property,
        branch_property=settings.branch_property,
        nothing_words=tuple(sorted(words)),
    )


def has_sftp(settings: TenantSettings) -> bool:
    return bool(settings.sftp)


def sftp_settings(settings: TenantSettings) -> SftpSettings:
    """The tenant's SFTP server with its pinned key. A private key may replace the password.

    Raises:
        Invalid: no password or key is stored.
    """
    with tenant_transaction(settings.tenant_id) as conn:
        secret = get_sftp_credentials(conn, settings.tenant_id)
    if secret is None:
        raise Invalid("SFTP has no password or key yet. Enter it in the settings.")
    is_key = _PRIVATE_KEY.match(secret) is not None
    return SftpSettings(
        host=settings.sftp["host"],
        port=int(settings.sftp["port"]),
        username=settings.sftp["username"],
        host_key=settings.sftp["host_key"],
        password=None if is_key else secret,
        private_key=secret if is_key else None,
    )


def net_policy(config: Config) -> NetPolicy:
    """The addresses and ports allowed for tenants' hosts in this deployment."""
    return NetPolicy(config.networks(), parse_ports(config.allowed_ports))


def _open_bigquery(settings: TenantSettings, config: Config, limits: Limits) -> Source:
    found = bigquery_settings(settings, config)
    return BigQuerySource(open_bigquery(found, limits), found)


# The kinds of sources: the first that the tenant has set up is read, None means that it is not set
# up. BigQuery is the last and is always tried. Each further kind is a folder and a line here.
_OPENERS: tuple[Callable[[TenantSettings, Config, Limits], Source | None], ...] = (_open_bigquery,)
