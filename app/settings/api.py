"""A tenant's settings as JSON, and testing its connections. For admins."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from flask import Blueprint
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from app import audit
from app.database.engine import tenant_transaction
from app.errors import Conflict, Invalid
from app.http.api import Model, api_roles, api_scope, documented, filled
from app.http.current import current_actor, current_membership, current_tenant_id
from app.ingest.store.rederive import start_rederiving
from app.jobs import publish
from app.settings import jobs
from app.settings.checks.steps import CHECKED, find_check
from app.settings.forms import FORMS
from app.settings.saves import get_save
from app.settings.section_page import check_secret, fill_form, save_form
from app.settings.store import has_secret, read_section
from app.tenant_settings import get_tenant_settings

blueprint = Blueprint("settings_api", __name__, url_prefix="/auth/api/v1/tenant")

Value = str | int | list[str] | None


class SettingsBody(BaseModel):
    """The sections to change, each with the fields to change; what is left out stays.

    `version` in a section is the one it was read with: 409 when someone saved it since.
    """

    model_config = ConfigDict(extra="forbid")
    sections: dict[str, dict[str, Value]] = Field(min_length=1, max_length=len(FORMS))


class ValidateBody(BaseModel):
    """Which connection to test."""

    model_config = ConfigDict(extra="forbid")
    section: Literal["bigquery", "sftp", "smtp"]


class CheckRow(Model):
    """The last test of a connection; `is_good` is null while it runs."""

    job_id: UUID
    is_good: bool | None
    message: str | None
    checked_at: datetime


class SectionRow(Model):
    """One section: its fields without secrets, who saved it last, and its last test."""

    fields: dict[str, Any]
    version: int
    saved_at: datetime | None
    saved_by: str | None
    has_secret: bool | None
    check: CheckRow | None


class TenantRow(Model):
    """The tenant and its settings by section."""

    tenant_id: UUID
    slug: str
    name: str
    sections: dict[str, SectionRow]


class CheckStarted(Model):
    """A test was queued; what it finds stands under the section's `check`."""

    job_id: UUID


@blueprint.get("")
@api_scope("admin")
@api_roles("admin")
@documented(TenantRow, tag="auth")
def get_tenant() -> TenantRow:
    """The tenant's settings; secrets are never answered. Admins only."""
    with tenant_transaction(current_tenant_id()) as conn:
        return _tenant_row(conn)


@blueprint.put("")
@api_scope("admin")
@api_roles("admin")
@documented(TenantRow, tag="auth")
def put_tenant(json: SettingsBody) -> TenantRow:
    """Change settings; all sections or none. Admins only."""
    tenant_id, actor = current_tenant_id(), current_actor()
    with tenant_transaction(tenant_id) as conn:
        for section, sent in json.sections.items():
            _save(conn, section, sent)
        job_id = start_rederiving(conn, tenant_id, actor.email)
        row = _tenant_row(conn)
    if job_id is not None:
        publish(job_id)
    return row


@blueprint.post("/validate")
@api_scope("admin")
@api_roles("admin")
@documented(CheckStarted, tag="auth", status=202)
def validate_tenant(json: ValidateBody) -> tuple[CheckStarted, int]:
    """Test a connection in the background. Admins only."""
    tenant_id, actor = current_tenant_id(), current_actor()
    with tenant_transaction(tenant_id) as conn:
        job_id = jobs.start_check(conn, tenant_id, json.section, actor.email)
        audit.record(conn, tenant_id, actor, "settings.tested", json.section)
    publish(job_id)
    return CheckStarted(job_id=job_id), 202


def _save(conn: Connection, section: str, sent: dict[str, Value]) -> None:
    if section not in FORMS:
        raise Invalid(f"There is no section “{section[:40]}”. There are {', '.join(FORMS)}.")
    form = fill_form(conn, current_tenant_id(), section, sent)
    if unknown := sorted(set(sent) - set(form._fields)):
        raise Invalid(f"{section} has no field “{unknown[0][:40]}”.")
    is_valid = form.validate()
    if not (check_secret(conn, current_tenant_id(), section, form) and is_valid):
        problems = {name: " ".join(map(str, said)) for name, said in form.errors.items()}
        raise Invalid(f"Nothing was saved: {section} is not right.", fields=problems)
    quicker = save_form(conn, current_tenant_id(), section, form, current_actor())
    if quicker is not None:
        raise Conflict(f"{quicker.saved_by} saved {section} since you read it. Read it again.")


def _tenant_row(conn: Connection) -> TenantRow:
    tenant = current_membership().tenant
    return TenantRow(
        tenant_id=tenant.tenant_id,
        slug=tenant.slug,
        name=tenant.name,
        sections={name: _section_row(conn, name) for name in FORMS},
    )


def _section_row(conn: Connection, section: str) -> SectionRow:
    tenant_id, save = current_tenant_id(), get_save(conn, current_tenant_id(), section)
    check = find_check(conn, tenant_id, section) if section in CHECKED else None
    settings = get_tenant_settings(conn, tenant_id)
    return SectionRow(
        fields=read_section(conn, tenant_id, section),
        version=save.version,
        saved_at=save.saved_at,
        saved_by=save.saved_by,
        has_secret=has_secret(settings, section) if section in CHECKED else None,
        check=None if check is None else filled(CheckRow, check),
    )
