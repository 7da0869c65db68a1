"""The audit log as a page and a file. For admins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from app.auth.audit_log import queries
from app.auth.audit_log.labels import AREAS, VIA, action_label, tell
from app.auth.audit_log.queries import AuditEntry, AuditQuestion
from app.database.engine import tenant_transaction
from app.dates import parse_date, zone
from app.errors import Invalid
from app.http.current import current_tenant_id
from app.http.exports import download
from app.http.spreadsheet import Cell
from app.http.web import block, current_format, record_export, render_page, require_role

blueprint = Blueprint("audit", __name__, url_prefix="/auth/audit")

PAGE_ROWS = 50
_MOST_CHARS = 200
_BIGGEST_ID = 2**63 - 1
HEADER = (
    "at",
    "member",
    "action",
    "subject",
    "detail",
    "via",
    "address",
    "request_id",
    "entry_id",
)


@dataclass(frozen=True)
class AuditFilters:
    """The page's filters, as in its address."""

    email: str = ""
    action: str = ""
    query: str = ""
    start_date: str = ""
    end_date: str = ""

    def arguments(self, **more: object) -> dict[str, object]:
        return {name: value for name, value in {**vars(self), **more}.items() if value}


@blueprint.get("")
@require_role("admin")
@block("audit", "the audit log")
def audit_log() -> Response:
    problem = None
    try:
        filters, asked = parse_filters(request.args, current_format().time_zone)
    except Invalid as error:
        filters, asked, problem = AuditFilters(), AuditQuestion(), error.message
    context = _context(asked) | {"filters": filters, "problem": problem}
    status = 422 if problem else 200
    return render_page("auth/audit.html", "auth/_audit.html", status=status, **context)


@blueprint.get("/export.<any(csv, xlsx):kind>")
@require_role("admin")
def export_audit(kind: str) -> Response:
    """Every matching entry as a spreadsheet file."""
    fmt = current_format()
    _, asked = parse_filters(request.args, fmt.time_zone)
    record_export("audit", "audit-log", kind)
    rows = _rows(current_tenant_id(), asked, fmt.time_zone)
    return download("audit-log", kind, HEADER, rows)


def parse_filters(
    arguments: MultiDict[str, str], zone_name: str
) -> tuple[AuditFilters, AuditQuestion]:
    """Parse the filters of an address; days are in the zone, both inclusive.

    Raises:
        Invalid: a filter cannot be read.
    """
    names = ("email", "action", "query", "start_date", "end_date")
    given = {name: arguments.get(name, "").strip() for name in names}
    if any(len(text) > _MOST_CHARS or not text.isprintable() for text in given.values()):
        raise Invalid(f"Filters take at most {_MOST_CHARS} readable characters.")
    filters = AuditFilters(**given)
    return filters, AuditQuestion(
        email=filters.email,
        action=filters.action,
        query=filters.query,
        since=_midnight(filters.start_date, zone_name, "The first day"),
        until=_midnight(filters.end_date, zone_name, "The last day", 1),
        before=_before(arguments.get("before", "")),
        limit=PAGE_ROWS + 1,
    )


def _context(asked: AuditQuestion) -> dict[str, Any]:
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        entries = queries.list_audit_entries(conn, tenant_id, asked)
        emails = queries.list_audit_members(conn, tenant_id)
        actions = queries.list_audit_actions(conn, tenant_id)
    has_more = len(entries) > PAGE_ROWS
    entries = entries[:PAGE_ROWS]
    return {
        "entries": entries,
        "older": entries[-1].entry_id if has_more else None,
        "is_first": asked.before is None,
        "emails": emails,
        "areas": {area: label for area, label in AREAS.items() if _has_area(actions, area)},
        "actions": {action: action_label(action) for action in actions},
        "action_label": action_label,
        "tell": tell,
        "via_words": VIA,
    }


def _has_area(actions: list[str], area: str) -> bool:
    return any(action.startswith(f"{area}.") for action in actions)


def _rows(tenant_id: UUID, asked: AuditQuestion, zone_name: str) -> Iterator[list[Cell]]:
    for entry in queries.all_audit_entries(tenant_id, asked):
        yield _cells(entry, zone_name)


def _cells(entry: AuditEntry, zone_name: str) -> list[Cell]:
    return [
        entry.happened_at.astimezone(zone(zone_name)),
        entry.member_email or VIA[entry.via],
        entry.action,
        entry.subject,
        json.dumps(entry.detail, ensure_ascii=False) if entry.detail else None,
        entry.via,
        entry.address,
        entry.request_id,
        entry.entry_id,
    ]


def _midnight(text: str, zone_name: str, what: str, later: int = 0) -> datetime | None:
    if not text:
        return None
    try:
        day = parse_date(text, what) + timedelta(days=later)
    except OverflowError as error:
        raise Invalid(f"{what} is too far away.") from error
    return datetime.combine(day, time(), zone(zone_name))


def _before(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or not 0 < int(text[:20]) <= _BIGGEST_ID:
        raise Invalid("The address does not say where the page begins.")
    return int(text)
