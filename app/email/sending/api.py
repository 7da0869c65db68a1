"""Sending, its history and its schedules as JSON. For managers and admins."""

from __future__ import annotations

from datetime import datetime, time
from typing import Literal
from uuid import UUID

from flask import Blueprint
from pydantic import BaseModel, ConfigDict, Field

from app.database.engine import tenant_transaction
from app.database.tenancy import allowed_locations
from app.dates import DateRange, today
from app.email.history import queries as stored
from app.email.history.queries import MailJob, MailMessage
from app.email.schedule import queries as schedules
from app.email.schedule.queries import MailSchedule
from app.email.sending.planning import start_reports
from app.errors import Invalid, NotFound
from app.http.api import (
    Day,
    LocationId,
    Model,
    PageOf,
    PageQuery,
    Removed,
    api_roles,
    api_scope,
    documented,
    filled,
    page_of,
)
from app.http.current import (
    current_actor,
    current_membership,
    current_scope,
    current_tenant_id,
    require_membership_role,
)
from app.http.web import current_format
from app.jobs import publish

blueprint = Blueprint("sending_api", __name__, url_prefix="/analytics/api/v1/email")

Kind = Literal["report", "digest"]
State = Literal["planned", "sending", "sent", "failed", "skipped", "unknown"]


class SendBody(BaseModel):
    """The day whose reports to send, and for which branches; without any, for all."""

    model_config = ConfigDict(extra="forbid")
    report_date: Day
    location_ids: list[LocationId] = Field(default=[], max_length=500)


class SendStarted(Model):
    """The job that plans the messages."""

    job_id: UUID


class JobRow(Model):
    """A sending. The six numbers add up to `messages`; `status` is planning, sending, done or
    failed (it could not be planned, and `message` says why).
    """

    job_id: UUID
    kind: Literal["report", "digest", "test", "link"]
    schedule_key: str
    period_start: Day
    period_end: Day
    location_ids: list[str] | None
    started_by: str
    created_at: datetime
    status: Literal["planning", "sending", "done", "failed"]
    message: str | None
    messages: int
    planned: int
    sending: int
    sent: int
    failed: int
    skipped: int
    unknown: int


class MessageRow(Model):
    """A message. `reason` says why it waits, failed, was skipped or is unknown."""

    message_id: UUID
    job_id: UUID
    kind: Literal["report", "digest", "test", "link"]
    period_start: Day
    period_end: Day
    recipient: str
    location_ids: list[str]
    subject: str
    status: State
    reason: str | None
    attempts: int
    server_code: int | None
    server_answer: str | None
    created_at: datetime
    sent_at: datetime | None
    acted_at: datetime | None


class HistoryQuery(PageQuery):
    """Which messages."""

    job_id: UUID | None = None
    status: State | None = None
    recipient: str | None = Field(default=None, min_length=3, max_length=254)


class KindQuery(BaseModel):
    """Which schedule."""

    kind: Kind = "report"


class MailScheduleBody(BaseModel):
    """A cron line of five fields in an IANA time zone. With `latest_time` (like 09:00) the mail
    waits for yesterday's data until then.
    """

    model_config = ConfigDict(extra="forbid")
    cron: str = Field(min_length=9, max_length=100)
    time_zone: str = Field(min_length=1, max_length=60)
    latest_time: str | None = Field(default=None, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
    is_paused: bool | None = None


class MailScheduleRow(Model):
    """The schedule and its next three instants; none while it is paused."""

    kind: Kind
    cron: str
    time_zone: str
    latest_time: str | None
    is_paused: bool
    next_runs: list[datetime]


@blueprint.post("/send")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(SendStarted, tag="analytics", status=202)
def send(json: SendBody) -> tuple[SendStarted, int]:
    """Send the reports of a day, once per recipient and set of branches, however often it is asked.

    Managers and admins only.
    """
    require_membership_role("manager", "admin")
    tenant_id, actor = current_tenant_id(), current_actor()
    if json.report_date >= today(current_format().property_time_zone):
        raise Invalid("report_date: choose a day that is over.")
    branches = allowed_locations(current_membership(), json.location_ids)
    period = DateRange(json.report_date, json.report_date)
    with tenant_transaction(tenant_id) as conn:
        job_id = start_reports(conn, tenant_id, period, actor, branches)
    publish(job_id)
    return SendStarted(job_id=job_id), 202


@blueprint.get("/jobs")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(PageOf[JobRow], tag="analytics")
def list_jobs(query: PageQuery) -> PageOf[JobRow]:
    """Every sending, newest first. Managers and admins only."""
    require_membership_role("manager", "admin")
    with tenant_transaction(current_tenant_id()) as conn:
        found, total = stored.get_email_jobs_paginated(
            conn, current_tenant_id(), current_scope(), query.limit, (query.page - 1) * query.limit
        )
    return page_of([_job_row(one) for one in found], total, query)


@blueprint.get("/jobs/<uuid:job_id>")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(JobRow, tag="analytics")
def get_job(job_id: UUID) -> JobRow:
    """One sending. Managers and admins only."""
    require_membership_role("manager", "admin")
    with tenant_transaction(current_tenant_id()) as conn:
        return _job_row(stored.get_mail_job(conn, current_tenant_id(), current_scope(), job_id))


@blueprint.get("/history")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(PageOf[MessageRow], tag="analytics")
def list_history(query: HistoryQuery) -> PageOf[MessageRow]:
    """Every message, newest first. Managers and admins only."""
    require_membership_role("manager", "admin")
    with tenant_transaction(current_tenant_id()) as conn:
        found, total = stored.get_email_send_history_paginated(
            conn,
            current_tenant_id(),
            current_scope(),
            query.limit,
            (query.page - 1) * query.limit,
            job_id=query.job_id,
            status=query.status,
            recipient=query.recipient,
        )
    return page_of([_message_row(one) for one in found], total, query)


@blueprint.get("/schedule")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(MailScheduleRow, tag="analytics")
def get_schedule(query: KindQuery) -> MailScheduleRow:
    """When reports (or digests) go out by themselves; 404 when they do not."""
    require_membership_role("manager", "admin")
    return _schedule_row(_find(query.kind))


@blueprint.put("/schedule")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(MailScheduleRow, tag="analytics")
def put_schedule(query: KindQuery, json: MailScheduleBody) -> MailScheduleRow:
    """Make the schedule, or change it. Managers and admins who see every branch only."""
    require_membership_role("manager", "admin")
    tenant_id = current_tenant_id()
    latest = time.fromisoformat(json.latest_time) if json.latest_time else None
    with tenant_transaction(tenant_id) as conn:
        schedules.change_schedule(
            conn,
            tenant_id,
            current_scope(),
            current_actor(),
            query.kind,
            json.cron,
            json.time_zone,
            latest,
            is_paused=json.is_paused,
        )
    return _schedule_row(_find(query.kind))


@blueprint.delete("/schedule")
@api_scope("admin")
@api_roles("manager", "admin")
@documented(Removed, tag="analytics")
def remove_schedule(query: KindQuery) -> Removed:
    """Delete the schedule. Managers and admins who see every branch only."""
    require_membership_role("manager", "admin")
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        was_there = schedules.remove_schedule(
            conn, tenant_id, current_scope(), current_actor(), query.kind
        )
    return Removed(was_there=was_there)


def _find(kind: str) -> MailSchedule:
    with tenant_transaction(current_tenant_id()) as conn:
        found = schedules.find_schedule(conn, current_tenant_id(), kind)
    if found is None:
        raise NotFound("There is no schedule.")
    return found


def _job_row(one: MailJob) -> JobRow:
    return filled(JobRow, one, message=one.job_message)


def _message_row(one: MailMessage) -> MessageRow:
    return filled(MessageRow, one, location_ids=list(one.branch_ids))


def _schedule_row(found: MailSchedule) -> MailScheduleRow:
    return MailScheduleRow(
        kind=found.kind,  # type: ignore[arg-type]  # one of the two words
        **schedules.schedule_facts(found) or {},
        next_runs=found.next_runs(),
    )
