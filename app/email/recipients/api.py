"""Recipients of reports as JSON. For managers and admins."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint
from pydantic import BaseModel, ConfigDict, Field

from app.database.engine import tenant_transaction
from app.email.recipients import changes
from app.email.recipients import queries as stored
from app.email.recipients.queries import RecipientEntry, parse_entry
from app.http.api import (
    Model,
    PageOf,
    PageQuery,
    Removed,
    api_roles,
    api_scope,
    cut_page,
    documented,
    filled,
)
from app.http.current import (
    current_actor,
    current_scope,
    current_tenant_id,
    require_membership_role,
)

blueprint = Blueprint("email_api", __name__, url_prefix="/analytics/api/v1/email")


class MappingBody(BaseModel):
    """Who gets which branch's report. Without `is_enabled` a new recipient is on, and one that
    is changed stays as it is. An address outside the company's own domains is taken only with
    `is_outside_confirmed`.
    """

    model_config = ConfigDict(extra="forbid")
    location_id: str = Field(min_length=1, max_length=100)
    email: str = Field(min_length=3, max_length=254)
    name: str = Field(default="", max_length=120)
    is_enabled: bool | None = None
    is_outside_confirmed: bool = False


class MappingRow(Model):
    """A recipient; `state` is on, off, unsubscribed or refused (by the mail server, for good)."""

    mapping_id: UUID
    location_id: str
    location_name: str | None
    name: str
    email: str
    is_enabled: bool
    state: str


@blueprint.get("/mappings")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(PageOf[MappingRow], tag="analytics")
def list_mappings(query: PageQuery) -> PageOf[MappingRow]:
    """The recipients of the caller's branches, by branch and address. Managers and admins only."""
    require_membership_role("manager", "admin")
    with tenant_transaction(current_tenant_id()) as conn:
        found = stored.list_recipients(conn, current_tenant_id(), current_scope())
    return cut_page([_row(one) for one in found], query)


@blueprint.post("/mappings")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(MappingRow, tag="analytics", status=201)
def create_mapping(json: MappingBody) -> tuple[MappingRow, int]:
    """Add a recipient. Managers and admins only."""
    require_membership_role("manager", "admin")
    entry = _entry(json, is_enabled=json.is_enabled is not False)
    with tenant_transaction(current_tenant_id()) as conn:
        mapping_id = changes.add(
            conn,
            current_tenant_id(),
            current_scope(),
            current_actor(),
            entry,
            is_confirmed=json.is_outside_confirmed,
        )
        return _row(
            stored.get_recipient(conn, current_tenant_id(), current_scope(), mapping_id)
        ), 201


@blueprint.put("/mappings/<uuid:mapping_id>")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(MappingRow, tag="analytics")
def put_mapping(mapping_id: UUID, json: MappingBody) -> MappingRow:
    """Change a recipient. Managers and admins only."""
    require_membership_role("manager", "admin")
    with tenant_transaction(current_tenant_id()) as conn:
        old = stored.get_recipient(conn, current_tenant_id(), current_scope(), mapping_id)
        is_enabled = old.is_enabled if json.is_enabled is None else json.is_enabled
        changes.change(
            conn,
            current_tenant_id(),
            current_scope(),
            current_actor(),
            mapping_id,
            _entry(json, is_enabled=is_enabled),
            is_confirmed=json.is_outside_confirmed,
        )
        return _row(stored.get_recipient(conn, current_tenant_id(), current_scope(), mapping_id))


@blueprint.delete("/mappings/<uuid:mapping_id>")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(Removed, tag="analytics")
def remove_mapping(mapping_id: UUID) -> Removed:
    """Take a recipient away; what was sent stays. Managers and admins only."""
    require_membership_role("manager", "admin")
    with tenant_transaction(current_tenant_id()) as conn:
        old = changes.delete(
            conn, current_tenant_id(), current_scope(), current_actor(), mapping_id
        )
    return Removed(was_there=old is not None)


def _entry(body: MappingBody, *, is_enabled: bool) -> RecipientEntry:
    return parse_entry(body.location_id, body.email, body.name, is_enabled=is_enabled)


def _row(one: stored.Recipient) -> MappingRow:
    return filled(MappingRow, one, location_id=one.branch_id, location_name=one.branch_name)
