"""Reads a section of the settings into its form, and stores what was entered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, text

from app.settings.forms import FORMS
from app.settings.queries import store_credentials
from app.settings.saves import claim_save
from app.settings.service_account import rebuild_service_account
from app.tasks.lists.context import get_rules
from app.tenant_settings import CredentialField, TenantSettings, get_tenant_settings

SECRET_SECTIONS = ("bigquery", "sftp", "smtp")


def read_section(conn: Connection, tenant_id: UUID, section: str) -> dict[str, Any]:
    """The stored values of a section by its form's names, without secrets."""
    settings = get_tenant_settings(conn, tenant_id)
    if section == "rules":
        return get_rules(conn, tenant_id)
    if section in SECRET_SECTIONS:
        return dict(getattr(settings, section))
    return {name: getattr(settings, name) for name in FORMS[section].names()}


def has_secret(settings: TenantSettings, section: str) -> bool:
    return bool(getattr(settings, f"has_{section}_credentials", False))


def store_section(
    conn: Connection,
    tenant_id: UUID,
    section: str,
    values: Mapping[str, Any],
    secret: str | None,
    version: int,
    saved_by: str,
) -> bool:
    """Store a section's validated values; False, and nothing stored, if `version` is outdated.

    A secret of None keeps the stored one.
    """
    is_mine = claim_save(
        conn, tenant_id, section, version, saved_by, with_secret=secret is not None
    )
    if not is_mine:
        return False
    if section in SECRET_SECTIONS:
        _store_connection(conn, tenant_id, section, dict(values), secret)
    elif section == "rules":
        _store_rules(conn, tenant_id, values)
    else:
        _store_columns(conn, tenant_id, FORMS[section].names(), values)
    return True


def store_host_key(conn: Connection, tenant_id: UUID, host_key: str) -> None:
    """Pin the SFTP server's key that an admin accepted."""
    statement = text("""
        update tenant_config
        set sftp = jsonb_set(sftp, '{host_key}', to_jsonb(cast(:host_key as text)))
        where tenant_id = :tenant_id
    """)
    conn.execute(statement, {"tenant_id": tenant_id, "host_key": host_key})


def _store_connection(
    conn: Connection, tenant_id: UUID, section: str, values: dict[str, Any], secret: str | None
) -> None:
    old = read_section(conn, tenant_id, section)
    if section == "sftp":
        is_same = all(old.get(name) == values[name] for name in ("host", "port"))
        values["host_key"] = old.get("host_key", "") if is_same else ""
    if section == "bigquery":
        values["client_email"] = old.get("client_email", "")
    if section == "bigquery" and secret is not None:
        account = rebuild_service_account(secret)
        values["client_email"] = account["client_email"]
        secret = json.dumps(account)
    _store_json(conn, tenant_id, section, values)
    if secret is not None:
        store_credentials(conn, tenant_id, cast(CredentialField, section), secret)


def _store_json(conn: Connection, tenant_id: UUID, column: str, values: Mapping[str, Any]) -> None:
    statement = text(f"""
        update tenant_config set {column} = cast(:fields as jsonb), updated_at = now()
        where tenant_id = :tenant_id
    """)  # noqa: S608 - one of four words
    conn.execute(statement, {"tenant_id": tenant_id, "fields": json.dumps(dict(values))})


def _store_rules(conn: Connection, tenant_id: UUID, values: Mapping[str, Any]) -> None:
    """Keep rules that differ from the defaults or were set before; leave the other rules alone."""
    stored, effective = get_tenant_settings(conn, tenant_id).rules, get_rules(conn, tenant_id)
    changed = {n: v for n, v in values.items() if n in stored or v != effective[n]}
    statement = text("""
        update tenant_config set rules = rules || cast(:rules as jsonb), updated_at = now()
        where tenant_id = :tenant_id
    """)
    conn.execute(statement, {"tenant_id": tenant_id, "rules": json.dumps(changed)})


def _store_columns(
    conn: Connection, tenant_id: UUID, columns: tuple[str, ...], values: Mapping[str, Any]
) -> None:
    changes = ", ".join(f"{name} = :{name}" for name in columns)
    statement = text(f"""
        update tenant_config set {changes}, updated_at = now()
        where tenant_id = :tenant_id
    """)  # noqa: S608 - names of a form's fields
    conn.execute(statement, {"tenant_id": tenant_id, **{name: values[name] for name in columns}})
