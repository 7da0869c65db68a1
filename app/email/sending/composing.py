"""Who gets which mail: the messages of a report, a digest, a test or a renewed link."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from app.branches import get_branch_names
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
from app.email.sending.ledger import list_addressees
from app.jobs.settings import settings as job_settings
from app.tenant_settings import format_of, get_tenant_settings

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
class Entry:
    """A message to write; without `rendered` it is skipped, and `reason` says why."""

    recipient: str
    name: str
    branch_ids: tuple[str, ...]
    rendered: Rendered | None
    reason: str | None = None
    told: tuple[tuple[UUID, str], ...] = ()


def compose(conn: Connection, tenant_id: UUID, planning: Planning) -> Iterable[Entry]:
    """Every message of what was asked for."""
    return _COMPOSERS[planning.kind](conn, tenant_id, planning)


def mail_frame(conn: Connection, tenant_id: UUID, base: str, *, is_test: bool = False) -> Frame:
    """How this tenant's mail is written."""
    settings = get_tenant_settings(conn, tenant_id)
    name = conn.execute(text("select name from tenant where tenant_id = :t"), {"t": tenant_id})
    return Frame(name.scalar_one(), base.rstrip("/"), format_of(settings, MailFormat), is_test)


def _compose_reports(conn: Connection, tenant_id: UUID, planning: Planning) -> Iterable[Entry]:
    addressees = list_addressees(conn, tenant_id, planning.location_ids)
    done = _list_planned(conn, tenant_id, planning)
    reports = Reports(conn, tenant_id, planning.period, [one.email for one in addressees])
    frame = mail_frame(conn, tenant_id, job_settings().base_url)
    for addressee in addressees:
        if addressee.email in done:
            yield Entry(addressee.email, addressee.name, addressee.branch_ids, None)
            continue
        yield _report_entry(reports.build(addressee), frame)


def _report_entry(report: Report, frame: Frame) -> Entry:
    to = report.addressee
    if not report.is_worth_sending:
        return Entry(to.email, to.name, to.branch_ids, None, NOTHING_TO_TELL)
    rendered = render_report(report, frame)
    return Entry(to.email, to.name, to.branch_ids, rendered, told=tuple(report.told()))


def _compose_digests(conn: Connection, tenant_id: UUID, planning: Planning) -> Iterable[Entry]:
    frame = mail_frame(conn, tenant_id, job_settings().base_url)
    whole = (*get_branch_names(conn, tenant_id), "")  # and what belongs to no branch
    for member in list_managers(conn, tenant_id, planning.location_ids):
        digest = build_digest(conn, tenant_id, member, planning.period)
        branches = whole if member.location_ids is None else member.location_ids
        yield Entry(member.email, member.name, branches, render_digest(digest, frame))


def _compose_test(conn: Connection, tenant_id: UUID, planning: Planning) -> Iterable[Entry]:
    found = list_addressees(conn, tenant_id, planning.location_ids)
    addressee = next((one for one in found if one.email == planning.recipient), None)
    if addressee is None:
        return
    reports = Reports(conn, tenant_id, planning.period, [addressee.email])
    frame = mail_frame(conn, tenant_id, job_settings().base_url, is_test=True)
    rendered = render_report(reports.build(addressee), frame)
    yield Entry(planning.started_by, "", addressee.branch_ids, without_marks(rendered, frame))


def _compose_link(conn: Connection, tenant_id: UUID, planning: Planning) -> Iterable[Entry]:
    frame = mail_frame(conn, tenant_id, job_settings().base_url)
    recipient, branches = planning.recipient or "", planning.location_ids or ()
    yield Entry(recipient, "", branches, render_link(planning.period, recipient, frame))


def without_marks(rendered: Rendered, frame: Frame) -> Rendered:
    """A mail that is only looked at: its links lead to the site, where one signs in."""
    here, way_out = f"{frame.base}/analytics/queue", f"{frame.base}/analytics/email/recipients"
    return Rendered(
        rendered.subject,
        fill_marks(rendered.html, frame.base, here, way_out),
        fill_marks(rendered.text, frame.base, here, way_out),
    )


def _list_planned(conn: Connection, tenant_id: UUID, planning: Planning) -> set[str]:
    """Who has a message of this schedule and period already."""
    values = {
        "t": tenant_id,
        "key": planning.schedule_key,
        "start": planning.period.start,
        "end": planning.period.end,
    }
    return set(conn.execute(_THERE, values).scalars())


_COMPOSERS: dict[str, Callable[[Connection, UUID, Planning], Iterable[Entry]]] = {
    "report": _compose_reports,
    "digest": _compose_digests,
    "test": _compose_test,
    "link": _compose_link,
}
_THERE = text("""
    select recipient from email_send_history
    where
        tenant_id = :t and schedule_key = :key and period_start = :start and period_end = :end
""")
