"""A tenant's settings for all features, and its decrypted credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from uuid import UUID

from sqlalchemy import Connection, text

from app import crypto
from app.errors import NotFound
from app.format import Format

CredentialField = Literal["bigquery", "sftp", "smtp"]
F = TypeVar("F", bound=Format)


@dataclass(frozen=True)
class TenantSettings:
    """One tenant's settings.

    `bigquery` has project_id, dataset_id, location and client_email; `sftp` has host, port,
    username, host_key, users_path and locations_path; `smtp` has host, port, security, username,
    from_address and from_name. Each is empty until it is set up. `rules` has only the thresholds
    changed from the defaults.
    """

    tenant_id: UUID
    reporting_currency: str
    property_time_zone: str
    time_zone: str
    locale: str
    contact_property: str
    company_property: str
    branch_property: str
    bigquery: Mapping[str, Any]
    sftp: Mapping[str, Any]
    smtp: Mapping[str, Any]
    rules: Mapping[str, Any]
    retention_months: int
    nothing_words: Sequence[str]
    has_bigquery_credentials: bool
    has_sftp_credentials: bool
    has_smtp_credentials: bool


def format_of(settings: TenantSettings, kind: type[F]) -> F:
    """The tenant's format of numbers and times: Format, or a subclass."""
    return kind(
        settings.locale,
        settings.reporting_currency,
        settings.time_zone,
        settings.property_time_zone,
    )


def get_tenant_settings(conn: Connection, tenant_id: UUID) -> TenantSettings:
    """The settings of this tenant.

    Raises:
        NotFound: there is no such tenant, or conn belongs to another one.
    """
    statement = text("""
        select
            tenant_id, reporting_currency, property_time_zone, time_zone, locale,
            contact_property, company_property, branch_property, bigquery, sftp, smtp, rules,
            retention_months, nothing_words,
            bigquery_credentials is not null as has_bigquery_credentials,
            sftp_credentials is not null as has_sftp_credentials,
            smtp_credentials is not null as has_smtp_credentials
        from tenant_config
        where tenant_id = :tenant_id
    """)
    row = conn.execute(statement, {"tenant_id": tenant_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("This tenant has no settings.")
    return TenantSettings(**row)


def get_bigquery_credentials(conn: Connection, tenant_id: UUID) -> str | None:
    """The service account as JSON text with its five fields, or None if none is stored.

    Raises:
        CredentialError: it cannot be decrypted with this deployment's keys.
    """
    return _open(conn, tenant_id, "bigquery")


def get_sftp_credentials(conn: Connection, tenant_id: UUID) -> str | None:
    """The SFTP password, or None if none is stored.

    Raises:
        CredentialError: it cannot be decrypted with this deployment's keys.
    """
    return _open(conn, tenant_id, "sftp")


def get_smtp_credentials(conn: Connection, tenant_id: UUID) -> str | None:
    """The mail server's password, or None if none is stored.

    Raises:
        CredentialError: it cannot be decrypted with this deployment's keys.
    """
    return _open(conn, tenant_id, "smtp")


def _open(conn: Connection, tenant_id: UUID, field: CredentialField) -> str | None:
    column = f"{field}_credentials"
    statement = text(f"select {column} from tenant_config where tenant_id = :tenant_id")  # noqa: S608 - one of three words
    envelope = conn.execute(statement, {"tenant_id": tenant_id}).scalar_one_or_none()
    return None if envelope is None else crypto.decrypt(tenant_id, field, bytes(envelope))
