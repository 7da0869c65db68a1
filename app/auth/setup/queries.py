"""The progress of a tenant's set-up."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text


@dataclass(frozen=True)
class SetupState:
    """What of a tenant's set-up is done. `members` counts active members and invitations."""

    has_bigquery: bool
    has_events: bool
    has_sftp: bool
    has_branches: bool
    has_smtp: bool
    has_recipients: bool
    members: int
    has_schedule: bool
    is_sending_on: bool
    has_mail_schedule: bool


def get_setup_state(conn: Connection, tenant_id: UUID) -> SetupState:
    """This tenant's state; a tenant without settings has nothing done."""
    return SetupState(**conn.execute(_STATE, {"t": tenant_id}).mappings().one())


_STATE = text("""
    select
        exists (
            select from tenant_config as c
            where c.tenant_id = :t and c.bigquery <> '{}' and c.bigquery_credentials is not null
        ) as has_bigquery,
        exists (select from day_load as d where d.tenant_id = :t) as has_events,
        exists (
            select from tenant_config as c
            where c.tenant_id = :t and c.sftp <> '{}' and c.sftp_credentials is not null
        ) as has_sftp,
        exists (select from locations as l where l.tenant_id = :t) as has_branches,
        exists (
            select from tenant_config as c where c.tenant_id = :t and c.smtp <> '{}'
        ) as has_smtp,
        exists (
            select from branch_email_mappings as b where b.tenant_id = :t and b.is_enabled
        ) as has_recipients,
        (
            select count(*) from membership as m where m.tenant_id = :t and m.is_active
        )::integer as members,
        exists (
            select from ingest_schedule as g where g.tenant_id = :t and not g.is_paused
        ) as has_schedule,
        _is_sending_confirmed(:t) as is_sending_on,
        exists (
            select from email_schedule as s where s.tenant_id = :t and not s.is_paused
        ) as has_mail_schedule
""")
