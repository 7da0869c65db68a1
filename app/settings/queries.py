"""Reads and writes a tenant's settings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Connection, text

from app import crypto
from app.settings.service_account import rebuild_service_account
from app.tenant_settings import (
    CredentialField,
    TenantSettings,
    get_bigquery_credentials,
    get_sftp_credentials,
    get_tenant_settings,
)

__all__ = [
    "TenantSettings",
    "encrypt_anew",
    "get_bigquery_credentials",
    "get_sftp_credentials",
    "get_tenant_settings",
    "list_stale_credentials",
    "store_bigquery",
    "store_credentials",
    "store_sftp",
]


def store_bigquery(
    conn: Connection,
    tenant_id: UUID,
    project_id: str,
    dataset_id: str,
    location: str,
    service_account_json: str,
) -> None:
    """Store the location of the export and, encrypted, the service account that reads it.

    Raises:
        Invalid: the JSON is not a service account's key.
    """
    account = rebuild_service_account(service_account_json)
    fields = {
        "project_id": project_id,
        "dataset_id": dataset_id,
        "location": location,
        "client_email": account["client_email"],
    }
    _store_fields(conn, tenant_id, "bigquery", fields)
    store_credentials(conn, tenant_id, "bigquery", json.dumps(account))


def store_sftp(
    conn: Connection, tenant_id: UUID, fields: Mapping[str, str | int], password: str
) -> None:
    """Store the location of the users and locations files; the password is encrypted."""
    _store_fields(conn, tenant_id, "sftp", fields)
    store_credentials(conn, tenant_id, "sftp", password)


def store_smtp(
    conn: Connection, tenant_id: UUID, fields: Mapping[str, str | int], password: str
) -> None:
    """Store the tenant's mail server; the password is encrypted."""
    _store_fields(conn, tenant_id, "smtp", fields)
    store_credentials(conn, tenant_id, "smtp", password)


def store_credentials(
    conn: Connection, tenant_id: UUID, field: CredentialField, plaintext: str
) -> None:
    """Encrypt with the current key and replace the stored value."""
    statement = text(f"""
        update tenant_config
        set {field}_credentials = :envelope, updated_at = now()
        where tenant_id = :tenant_id
    """)  # noqa: S608 - one of three words
    envelope = crypto.encrypt(tenant_id, field, plaintext)
    conn.execute(statement, {"tenant_id": tenant_id, "envelope": envelope})


def list_stale_credentials(conn: Connection) -> list[tuple[UUID, CredentialField]]:
    """All tenants' credentials that were encrypted with another key than the current one."""
    statement = text("""
        select
            tenant_id, bigquery_credentials as bigquery, sftp_credentials as sftp,
            smtp_credentials as smtp
        from tenant_config
        order by tenant_id
    """)
    rows = conn.execute(statement).all()
    fields: tuple[CredentialField, ...] = ("bigquery", "sftp", "smtp")
    return [(row.tenant_id, field) for row in rows for field in fields if _is_stale(row, field)]


def encrypt_anew(conn: Connection, tenant_id: UUID, field: CredentialField) -> bool:
    """Encrypt one credential with the current key; False if that was already done.

    Locks the row, so that a credential saved just now is not replaced by the older one.
    """
    statement = text(f"""
        select {field}_credentials from tenant_config
        where tenant_id = :tenant_id
        for no key update
    """)  # noqa: S608 - one of three words
    envelope = conn.execute(statement, {"tenant_id": tenant_id}).scalar_one_or_none()
    if envelope is None or crypto.is_current(bytes(envelope)):
        return False
    plaintext = crypto.decrypt(tenant_id, field, bytes(envelope))
    store_credentials(conn, tenant_id, field, plaintext)
    return True


def _is_stale(row: object, field: CredentialField) -> bool:
    envelope = getattr(row, field)
    return envelope is not None and not crypto.is_current(bytes(envelope))


def _store_fields(
    conn: Connection, tenant_id: UUID, field: CredentialField, fields: Mapping[str, str | int]
) -> None:
    statement = text(f"""
        update tenant_config
        set {field} = cast(:fields as jsonb), updated_at = now()
        where tenant_id = :tenant_id
    """)  # noqa: S608 - one of three words
    conn.execute(statement, {"tenant_id": tenant_id, "fields": json.dumps(fields)})
