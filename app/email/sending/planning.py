"""Planning mail: everything that is to go out for one period, written in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Connection, text

from app.branches import get_branch_names
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.email.links.placeholders import fill_marks
from app.email.message.content import Report, Reports
from app.email.message.digest import build_digest, list_managers
from app.email.message.render import (
    Frame,
    MailFormat,
    Rendered,
    render_digest,
    render_link,
    render_report,
)
from app.email.sending import outbox
from app.email.sending.jobs import enqueue_sending
from app.email.sending.ledger import list_addressees
from app.errors import Invalid
from app.format import plural
from app.jobs import Run, enqueue, job, publish
from app.jobs.settings import settings as job_settings
from app.tenant_settings import format_of, get_tenant_settings

MANUAL = "manual"
NOTHING_TO_TELL = "Nothing is new and nothing was closed."


@dataclass(frozen=True)
class Planning:
    """What was asked for. `recipient` and `renews_message_id` as in email_sending_jobs."""

    job_id: UUID
    kind: str
    schedule_key: str
    period: DateRange
    location_ids: tuple[str, ...] | None
    started_by: str
    recipient: str | None
    renews_message_id: UUID | None


@dataclass(frozen=True)
class _Entry:
    """A message to write; without `rendered` it is skipped, and `reason` says why."""

    recipient: str
    name: str
    branch_ids: tuple[str, ...]
    rendered: Rendered | None
    reason: str | None = None
    told: tuple[tuple[UUID, str], ...] = ()


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
    if not outbox.is_sending_confirmed(conn, tenant_id):
        raise Invalid("Sending is off. An admin switches it on on the page Send.")
    if not get_tenant_settings(conn, tenant_id).smtp:
        raise Invalid("The mail server is not set up. An admin enters it in the settings.")
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
        for entry in _PLANNERS[planning.kind](conn, run.tenant_id, planning):
            run.check()
            counts[_write(conn, run.tenant_id, planning, entry, domain)] += 1
        conn.execute(_PLANNED, {"t": run.tenant_id, "job_id": run.job_id})
        if counts["planned"]:
            sending_id = enqueue_sending(conn, run.tenant_id)
        run.finish(conn, "completed", _tell(counts))
    if sending_id is not None:
        publish(sending_id)


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


def mail_frame(conn: Connection, tenant_id: UUID, base: str, *, is_test: bool = False) -> Frame:
    """How this tenant's mail is written."""
    settings = get_tenant_settings(conn, tenant_id)
    name = conn.execute(text("select name from tenant where tenant_id = :t"), {"t": tenant_id})
    return Frame(name.scalar_one(), base.rstrip("/"), format_of(settings, MailFormat), is_test)


def _plan_reports(conn: Connection, tenant_id: UUID, planning: Planning) -> Iterable[_Entry]:
    addressees = list_addressees(conn, tenant_id, planning.location_ids)
    done = _list_planned(conn, tenant_id, planning)
    reports = Reports(conn, tenant_id, planning.period, [one.email for one in addressees])
    frame = mail_frame(conn, tenant_id, job_settings().base_url)
    for addressee in addressees:
        if addressee.email in done:
            yield _Entry(addressee.email, addressee.name, addressee.branch_ids, None)
            continue
        yield _report_entry(reports.build(addressee), frame)


def _report_entry(report: Report, frame: Frame) -> _Entry:
    to = report.addressee
    if not report.is_worth_sending:
        return _Entry(to.email, to.name, to.branch_ids, None, NOTHING_TO_TELL)
    rendered = render_report(report, frame)
    return _Entry(to.email, to.name, to.branch_ids, rendered, told=tuple(report.told()))


def _plan_digests(conn: Connection, tenant_id: UUID, planning: Planning) -> Iterable[_Entry]:
    frame = mail_frame(conn, tenant_id, job_settings().base_url)
    whole = (*get_branch_names(conn, tenant_id), "")  # and what belongs to no branch
    for member in list_managers(conn, tenant_id, planning.location_ids):
        digest = build_digest(conn, tenant_id, member, planning.period)
        branches = whole if member.location_ids is None else member.location_ids
        yield _Entry(member.email, member.name, branches, render_digest(digest, frame))


def _plan_test(conn: Connection, tenant_id: UUID, planning: Planning) -> Iterable[_Entry]:
    found = list_addressees(conn, tenant_id, planning.location_ids)
    addressee = next((one for one in found if one.email == planning.recipient), None)
    if addressee is None:
        return
    reports = Reports(conn, tenant_id, planning.period, [addressee.email])
    frame = mail_frame(conn, tenant_id, job_settings().base_url, is_test=True)
    rendered = render_report(reports.build(addressee), frame)
    yield _Entry(planning.started_by, "", addressee.branch_ids, without_marks(rendered, frame))


def _plan_link(conn: Connection, tenant_id: UUID, planning: Planning) -> Iterable[_Entry]:
    frame = mail_frame(conn, tenant_id, job_settings().base_url)
    recipient, branches = planning.recipient or "", planning.location_ids or ()
    yield _Entry(recipient, "", branches, render_link(planning.period, recipient, frame))


def without_marks(rendered: Rendered, frame: Frame) -> Rendered:
    """A mail that is only looked at: its links lead to the site, where one signs in."""
    here, way_out = f"{frame.base}/analytics/queue", f"{frame.base}/analytics/email/recipients"
    return Rendered(
        rendered.subject,
        fill_marks(rendered.html, frame.base, here, way_out),
        fill_marks(rendered.text, frame.base, here, way_out),
    )


def _write(
    conn: Connection, tenant_id: UUID, planning: Planning, entry: _Entry, domain: str
) -> str:
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


def _list_planned(conn: Connection, tenant_id: UUID, planning: Planning) -> set[str]:
    """Who has a message of this schedule and period already."""
    values = {
        "t": tenant_id,
        "key": planning.schedule_key,
        "start": planning.period.start,
        "end": planning.period.end,
    }
    return set(conn.execute(_THERE, values).scalars())


def _tell(counts: Counter[str]) -> str:
    total = counts["planned"]
    said = f"{total} {plural(total, 'message')} to send."
    if counts["skipped"]:
        said += f" {counts['skipped']} skipped: nothing new, nothing closed."
    if counts["there already"]:
        said += f" {counts['there already']} had one for this period already."
    return said


_PLANNERS: dict[str, Callable[[Connection, UUID, Planning], Iterable[_Entry]]] = {
    "report": _plan_reports,
    "digest": _plan_digests,
    "test": _plan_test,
    "link": _plan_link,
}
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
_THERE = text("""
    select recipient from email_send_history
    where
        tenant_id = :t and schedule_key = :key and period_start = :start and period_end = :end
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
