"""Creates tenants and members for the command line and the demo. Repeating a call updates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args
from uuid import UUID

from sqlalchemy import text

from app import audit
from app.audit import COMMAND_LINE
from app.database.engine import maint_transaction
from app.database.tenancy import Role
from app.dates import zone
from app.errors import Invalid, NotFound
from app.settings import queries

_ADDRESS = re.compile(r"[^\s@<>,;\"\\]+@[^\s@<>,;\"\\]+\.[^\s@<>,;\"\\]+")
_MOST_EMAIL = 254
_IDENTIFIER = re.compile(r"[A-Za-z0-9_.:-]{1,200}")


def create_tenant(
    slug: str,
    name: str,
    reporting_currency: str = "USD",
    property_time_zone: str = "UTC",
    time_zone: str | None = None,
    locale: str = "en-US",
    contact_property: str = "WebUserId",
    company_property: str = "WebCustomerId",
    branch_property: str = "default_branch_id",
) -> UUID:
    """Create the tenant with that slug, or update its settings; the id stays.

    `time_zone` defaults to the property's.

    Raises:
        Invalid: invalid slug, currency or time zone.
    """
    _check_tenant(slug, reporting_currency)
    settings = {
        "reporting_currency": reporting_currency,
        "property_time_zone": str(zone(property_time_zone)),
        "time_zone": str(zone(time_zone or property_time_zone)),
        "locale": locale,
        "contact_property": contact_property,
        "company_property": company_property,
        "branch_property": branch_property,
    }
    with maint_transaction() as conn:
        tenant_id: UUID = conn.execute(_UPSERT_TENANT, {"slug": slug, "name": name}).scalar_one()
        conn.execute(_UPSERT_SETTINGS, {"tenant_id": tenant_id, **settings})
        audit.record(conn, tenant_id, COMMAND_LINE, "tenant.provisioned", slug, after=settings)
    return tenant_id


def add_member(
    tenant_id: UUID,
    email: str,
    role: Role,
    location_ids: Sequence[str] | None = None,
    name: str = "",
) -> UUID:
    """Invite that address, or change its role and branches; returns the membership's id.

    The person becomes a member at the first sign-in with this verified address. `location_ids` None
    means every branch.

    Raises:
        Invalid: invalid address or role, or an admin limited to branches.
    """
    address = _parse_address(email)
    if role not in get_args(Role):
        raise Invalid(f"“{role}” is not a role. Use one of {', '.join(get_args(Role))}.")
    if role == "admin" and location_ids is not None:
        raise Invalid("An admin sees every branch. Choose another role, or no branches.")
    values = {
        "tenant_id": tenant_id,
        "email": address,
        "role": role,
        "location_ids": None if location_ids is None else list(location_ids),
        "name": name,
    }
    with maint_transaction() as conn:
        membership_id: UUID = conn.execute(_UPSERT_MEMBERSHIP, values).scalar_one()
        after = {name: values[name] for name in ("role", "location_ids")}
        audit.record(conn, tenant_id, COMMAND_LINE, "member.provisioned", address, after=after)
    return membership_id


def _parse_address(email: str) -> str:
    """The address as invitations store it. Only ASCII: “K” (Kelvin) lower-cased is a “k”."""
    address = email.strip().lower() if email.isascii() else ""
    if len(address) > _MOST_EMAIL or not _ADDRESS.fullmatch(address):
        raise Invalid(f"“{email}” is not an email address.")
    return address


def set_bigquery(
    tenant_id: UUID, project_id: str, dataset_id: str, location: str, service_account_json: str
) -> None:
    """Set the location of the tenant's export, and the service account that may read it.

    Raises:
        Invalid: a name has characters not allowed in Google's names, or the JSON is not a key.
    """
    for what, value in (("project", project_id), ("dataset", dataset_id), ("location", location)):
        if not _IDENTIFIER.fullmatch(value):
            raise Invalid(f"“{value[:40]}” is not the name of a BigQuery {what}.")
    with maint_transaction() as conn:
        queries.store_bigquery(
            conn, tenant_id, project_id, dataset_id, location, service_account_json
        )
        after = {"project_id": project_id, "dataset_id": dataset_id, "location": location}
        audit.record(conn, tenant_id, COMMAND_LINE, "settings.changed", "bigquery", after=after)


def set_retention(tenant_id: UUID, months: int) -> None:
    """Set how many months of events the tenant keeps, 24 to 120."""
    with maint_transaction() as conn:
        statement = text("""
            update tenant_config set retention_months = :months where tenant_id = :t
        """)
        conn.execute(statement, {"t": tenant_id, "months": months})
        after = {"retention_months": months}
        audit.record(conn, tenant_id, COMMAND_LINE, "settings.changed", "retention", after=after)


def set_sftp(
    tenant_id: UUID,
    host: str,
    port: int,
    username: str,
    password: str,
    host_key: str,
    users_path: str,
    locations_path: str,
) -> None:
    """Set the location of the tenant's users and locations files. `host_key` is one OpenSSH line.

    `password` may instead be the whole file of a private key without a passphrase.

    Raises:
        Invalid: invalid port.
    """
    if not 0 < port < 65_536:
        raise Invalid(f"{port} is not a port.")
    fields: dict[str, str | int] = {
        "host": host,
        "port": port,
        "username": username,
        "host_key": host_key,
        "users_path": users_path,
        "locations_path": locations_path,
    }
    with maint_transaction() as conn:
        queries.store_sftp(conn, tenant_id, fields, password)
        audit.record(conn, tenant_id, COMMAND_LINE, "settings.changed", "sftp", after=fields)


def set_smtp(
    tenant_id: UUID,
    host: str,
    port: int,
    username: str,
    password: str,
    from_address: str,
    from_name: str,
) -> None:
    """Set the tenant's mail server, used over STARTTLS, and its sender.

    Raises:
        Invalid: invalid port.
    """
    if not 0 < port < 65_536:
        raise Invalid(f"{port} is not a port.")
    fields: dict[str, str | int] = {
        "host": host,
        "port": port,
        "security": "starttls",
        "username": username,
        "from_address": from_address,
        "from_name": from_name,
    }
    with maint_transaction() as conn:
        queries.store_smtp(conn, tenant_id, fields, password)
        audit.record(conn, tenant_id, COMMAND_LINE, "settings.changed", "smtp", after=fields)


def find_tenant_id(slug: str) -> UUID:
    """The id of the tenant with that slug.

    Raises:
        NotFound: there is none.
    """
    statement = text("select tenant_id from tenant where slug = :slug")
    with maint_transaction() as conn:
        tenant_id: UUID | None = conn.execute(statement, {"slug": slug}).scalar_one_or_none()
    if tenant_id is None:
        raise NotFound(f"There is no tenant “{slug}”.")
    return tenant_id


def rotate_credentials() -> int:
    """Encrypt again, with the first key, what older keys of the ring encrypted; returns how many.

    Each credential is its own transaction: after an interruption, the next run continues.
    """
    with maint_transaction() as conn:
        stale = queries.list_stale_credentials(conn)
    count = 0
    for tenant_id, field in stale:
        with maint_transaction() as conn:
            if queries.encrypt_anew(conn, tenant_id, field):
                audit.record(conn, tenant_id, COMMAND_LINE, "settings.key_rotated", field)
                count += 1
    return count


def _check_tenant(slug: str, reporting_currency: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,40}", slug):
        raise Invalid(
            f"“{slug}” is not a slug. Use lowercase letters, digits and hyphens, like acme-north."
        )
    if not re.fullmatch(r"[A-Z]{3}", reporting_currency):
        raise Invalid(f"“{reporting_currency}” is not a currency. Use three letters, like USD.")


_UPSERT_TENANT = text("""
    insert into tenant (slug, name)
    values (:slug, :name)
    on conflict (slug) do update set name = excluded.name
    returning tenant_id
""")

_UPSERT_SETTINGS = text("""
    insert into tenant_config (
        tenant_id, reporting_currency, property_time_zone, time_zone, locale,
        contact_property, company_property, branch_property
    )
    values (
        :tenant_id, :reporting_currency, :property_time_zone, :time_zone, :locale,
        :contact_property, :company_property, :branch_property
    )
    on conflict (tenant_id) do update set
        reporting_currency = excluded.reporting_currency,
        property_time_zone = excluded.property_time_zone,
        time_zone = excluded.time_zone,
        locale = excluded.locale,
        contact_property = excluded.contact_property,
        company_property = excluded.company_property,
        branch_property = excluded.branch_property,
        updated_at = now()
""")

_UPSERT_MEMBERSHIP = text("""
    insert into membership (tenant_id, email, role, location_ids, name)
    values (:tenant_id, :email, :role, :location_ids, :name)
    on conflict (tenant_id, email) do update set
        role = excluded.role,
        location_ids = excluded.location_ids,
        is_active = true
    returning membership_id
""")
