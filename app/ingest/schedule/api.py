"""The schedule of ingestion as JSON. For admins."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Blueprint
from pydantic import BaseModel, ConfigDict, Field

from app import audit
from app.database.engine import tenant_transaction
from app.errors import NotFound
from app.http.api import Model, Removed, api_roles, api_scope, documented
from app.http.current import current_actor, current_tenant_id
from app.ingest.pages.api import Started
from app.ingest.schedule import queries as schedules
from app.ingest.schedule.queries import Schedule, schedule_facts
from app.ingest.schedule.start import start_now
from app.jobs import publish

blueprint = Blueprint("schedule_api", __name__, url_prefix="/data/api/v1/schedule")


class ScheduleBody(BaseModel):
    """A cron line of five fields in an IANA time zone."""

    model_config = ConfigDict(extra="forbid")
    cron: str = Field(min_length=9, max_length=100)
    time_zone: str = Field(min_length=1, max_length=60)
    days_back: int = Field(default=4, ge=1, le=31)
    is_paused: bool | None = None


class ScheduleRow(Model):
    """The schedule and its next three instants; none while it is paused."""

    cron: str
    time_zone: str
    days_back: int
    is_paused: bool
    last_started_at: datetime | None
    next_runs: list[datetime]


@blueprint.get("")
@api_scope("admin")
@api_roles("admin")
@documented(ScheduleRow, tag="data")
def get_schedule() -> ScheduleRow:
    """When ingestion starts by itself; 404 when it does not. Admins only."""
    return _row(_find())


@blueprint.put("")
@api_scope("admin")
@api_roles("admin")
@documented(ScheduleRow, tag="data")
def put_schedule(json: ScheduleBody) -> ScheduleRow:
    """Make the schedule, or change it. Admins only."""
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        schedules.change_schedule(
            conn,
            tenant_id,
            current_actor(),
            json.cron,
            json.time_zone,
            json.days_back,
            is_paused=json.is_paused,
        )
    return _row(_find())


@blueprint.delete("")
@api_scope("admin")
@api_roles("admin")
@documented(Removed, tag="data")
def remove_schedule() -> Removed:
    """Take the schedule away: nothing starts by itself any more. Admins only."""
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        was_there = schedules.remove_schedule(conn, tenant_id, current_actor())
    return Removed(was_there=was_there)


@blueprint.post("/run")
@api_scope("ingest")
@api_roles("admin")
@documented(Started, tag="data", status=201)
def run_schedule() -> tuple[Started, int]:
    """Start now what the schedule would start. Admins only."""
    found, actor = _find(), current_actor()
    with tenant_transaction(found.tenant_id) as conn:
        job_id = start_now(conn, found, actor.email)
        audit.record(conn, found.tenant_id, actor, "ingest.started", job_id, by="schedule")
    publish(job_id)
    return Started(job_id=job_id, status="queued"), 201


def _find() -> Schedule:
    tenant_id: UUID = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        found = schedules.find_schedule(conn, tenant_id)
    if found is None:
        raise NotFound("There is no schedule.")
    return found


def _row(found: Schedule) -> ScheduleRow:
    return ScheduleRow(
        **schedule_facts(found) or {},
        last_started_at=found.last_started_at,
        next_runs=found.next_runs(),
    )
