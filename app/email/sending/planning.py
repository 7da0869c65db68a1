"""Planning mail: everything that is to go out for one period, written in one transaction."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Connection, text

from app import audit
from app.audit import Actor
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.email.message.render import Rendered
from app.email.sending import outbox
from app.email.sending.composing import Entry, Planning, compose
from app.email.sending.jobs import enqueue_sending
from app.email.sending.switch import is_sending_confirmed
from app.errors import Invalid
from app.format import plural
from app.jobs import Run, enqueue, job, publish
from app.tenant_settings import get_tenant_settings

MANUAL = "manual"


def start_reports(
    conn: Connection,
    tenant_id: UUID,
    period: DateRange,
    actor: Actor,
    location_ids: Sequence[str] | None,
) -> UUID:
    """Queue the reports that a person sends by hand, and audit it; `publish()` after the commit.

    Raises:
        Invalid: as start_planning().
    """
    key = _manual_key(location_ids)
    job_id = start_planning(
        conn, tenant_id, "report", key, period, actor.email, location_ids=location_ids
    )
    audit.record(
        conn,
        tenant_id,
        actor,
        "email.sent",
        job_id,
        report_date=period.end,
        location_ids=list(location_ids) if location_ids else None,
    )
    return job_id


def _manual_key(location_ids: Sequence[str] | None) -> str:
    """The key of reports sent by hand: one per recipient, day and set of branches.

    A report of some branches does not stand in the way of one of others or of all.
    """
    if location_ids is None:
        return MANUAL
    branches = json.dumps(sorted(location_ids))
    return f"{MANUAL} {sha256(branches.encode()).hexdigest()[:16]}"


def start_planning(
    conn: Connection,
    tenant_id: UUID,
    kind: str,
    schedule_key: str,
    period: DateRange,
    started_by: str,
    *,
    location_ids: Sequence[str] | None,
    recipient: str | None = None,
    renews_message_id: UUID | None = None,
) -> UUID:
    """Queue the planning of mail; `publish()` its id after the commit.

    `kind` is report, digest, test (of `recipient`'s report, to `started_by`) or link.
    `location_ids` are the branches that the mail may be about: what whoever asks for it sees, or
    part of that. None is every branch.

    Raises:
        Invalid: sending is off, or the mail server is not set up.
    """
    _refuse_unless_ready(conn, tenant_id)
    starter = started_by if kind != "link" else "link"
    job_id = enqueue(conn, tenant_id, "plan_mail", started_by=starter)
    conn.execute(
        _ASK,
        {
            "t": tenant_id,
            "job_id": job_id,
            "kind": kind,
            "key": f"test {job_id}" if kind == "test" else schedule_key,
            "start": period.start,
            "end": period.end,
            "started_by": started_by,
            "branches": None if location_ids is None else list(location_ids),
            "recipient": recipient,
            "renews": renews_message_id,
        },
    )
    return job_id


@job("plan_mail", queue="quick", roles=("manager", "admin"))
def plan_mail(run: Run) -> None:
    """Write every message of what was asked for, once, and start sending them."""
    sending_id = None
    with tenant_transaction(run.tenant_id) as conn:
        run.fence_check(conn)
        conn.execute(_LOCK, {"t": str(run.tenant_id)})
        planning = get_planning(conn, run.tenant_id, run.job_id)
        domain = get_mail_domain(conn, run.tenant_id)
        counts: Counter[str] = Counter()
        for entry in compose(conn, run.tenant_id, planning):
            run.check()
            counts[_write(conn, run.tenant_id, planning, entry, domain)] += 1
        conn.execute(_PLANNED, {"t": run.tenant_id, "job_id": run.job_id})
        if counts["planned"]:
            sending_id = enqueue_sending(conn, run.tenant_id)
        run.finish(conn, "completed", _tell(counts))
    if sending_id is not None:
        publish(sending_id)


def _refuse_unless_ready(conn: Connection, tenant_id: UUID) -> None:
    if not is_sending_confirmed(conn, tenant_id):
        raise Invalid("Sending is off. An admin can switch it on on the Send page.")
    if not get_tenant_settings(conn, tenant_id).smtp:
        raise Invalid("The mail server is not set up. An admin can enter it in the settings.")


def get_planning(conn: Connection, tenant_id: UUID, job_id: UUID) -> Planning:
    """What was asked for."""
    row = conn.execute(_FIND, {"t": tenant_id, "job_id": job_id}).one()
    return Planning(
        job_id,
        row.kind,
        row.schedule_key,
        DateRange(row.period_start, row.period_end),
        None if row.location_ids is None else tuple(row.location_ids),
        row.started_by,
        row.recipient,
        row.renews_message_id,
    )


def _write(conn: Connection, tenant_id: UUID, planning: Planning, entry: Entry, domain: str) -> str:
    """Store a message unless there is one; answers planned, skipped or there already."""
    key, period = planning.schedule_key, planning.period
    name = f"{tenant_id}/{key}/{period.start}/{period.end}/{entry.recipient}"
    body = entry.rendered or Rendered("", "", "")
    row = conn.execute(
        _INSERT,
        {
            "t": tenant_id,
            "job_id": planning.job_id,
            "key": key,
            "start": period.start,
            "end": period.end,
            "recipient": entry.recipient,
            "name": entry.name,
            "branches": list(entry.branch_ids),
            "header": f"<{uuid5(NAMESPACE_URL, name)}@{domain}>",
            "subject": body.subject,
            "html": body.html,
            "text": body.text,
            "status": "planned" if entry.rendered else "skipped",
            "reason": entry.reason,
        },
    ).one_or_none()
    if row is None:
        return "there already"
    if planning.kind == "report" and entry.rendered:
        outbox.supersede(conn, tenant_id, row.message_id, entry.recipient, entry.branch_ids)
    if entry.told:
        told = [
            {"t": tenant_id, "id": row.message_id, "task": i, "as": word}
            for i, word in dict(entry.told).items()
        ]
        conn.execute(_TELL, told)
    return "planned" if entry.rendered else "skipped"


def get_mail_domain(conn: Connection, tenant_id: UUID) -> str:
    """The domain that the tenant's mail comes from."""
    address = get_tenant_settings(conn, tenant_id).smtp.get("from_address", "")
    return str(address).rpartition("@")[2] or "localhost"


def _tell(counts: Counter[str]) -> str:
    total = counts["planned"]
    said = f"{total} {plural(total, 'message')} to send."
    if counts["skipped"]:
        said += f" {counts['skipped']} skipped: nothing new, nothing closed."
    if counts["there already"]:
        said += f" {counts['there already']} had one for this period already."
    return said


_LOCK = text("select pg_advisory_xact_lock(hashtextextended('mail ' || :t, 0))")
_ASK = text("""
    insert into email_sending_jobs (
        tenant_id, job_id, kind, schedule_key, period_start, period_end, location_ids, started_by,
        recipient, renews_message_id
    )
    values (
        :t, :job_id, :kind, :key, :start, :end, :branches, :started_by, :recipient, :renews
    )
""")
_FIND = text("""
    select
        kind, schedule_key, period_start, period_end, location_ids, started_by, recipient,
        renews_message_id
    from email_sending_jobs
    where tenant_id = :t and job_id = :job_id
""")
_PLANNED = text("""
    update email_sending_jobs set planned_at = clock_timestamp()
    where tenant_id = :t and job_id = :job_id
""")
_INSERT = text("""
    insert into email_send_history (
        tenant_id, job_id, schedule_key, period_start, period_end, recipient, recipient_name,
        branch_ids, message_header, subject, html_body, text_body, status, reason
    )
    values (
        :t, :job_id, :key, :start, :end, :recipient, :name, :branches, :header, :subject, :html,
        :text, :status, :reason
    )
    on conflict on constraint email_send_history_once do nothing
    returning message_id
""")
_TELL = text("""
    insert into email_told_task (tenant_id, message_id, task_id, told_as)
    values (:t, :id, :task, :as)
""")
