"""Sending reports by hand: what would go to whom, a look at it, a test, and the switch."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.branches import get_branch_names
from app.database.engine import tenant_transaction
from app.database.tenancy import allowed_locations
from app.dates import DateRange, parse_date, today
from app.email.message.render import Rendered
from app.email.sending import stops, switch
from app.email.sending.ledger import find_addressee, list_addressees
from app.email.sending.planning import MANUAL, start_planning, start_reports
from app.email.sending.preview import list_outlooks, preview_digest, preview_report
from app.errors import Invalid
from app.http.current import (
    current_actor,
    current_member,
    current_membership,
    current_scope,
    current_tenant_id,
)
from app.http.web import block, current_format, render_page, require_role
from app.jobs import publish

blueprint = Blueprint("send", __name__, url_prefix="/analytics/email/send")

MAIL_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    "base-uri 'none'; form-action 'none'"
)


@blueprint.get("")
@require_role("manager", "admin")
def send() -> Response:
    """The form: which day, which branches; and the switch while sending is off."""
    return _page()


@blueprint.post("")
@require_role("manager", "admin")
def send_now() -> AnyResponse:
    """Plan and send the reports of a day, or say what is wrong."""
    tenant_id, actor = current_tenant_id(), current_actor()
    try:
        period, branches = _asked()
        with tenant_transaction(tenant_id) as conn:
            job_id = start_reports(conn, tenant_id, period, actor, branches)
    except Invalid as error:
        return _page(error)
    return _started(job_id, "Sending started. It continues when you leave this page.")


@blueprint.get("/outlook")
@require_role("manager", "admin")
@block("outlook", "what would be sent")
def outlook() -> Response:
    """Who would get what, and why."""
    period, branches = _asked()
    with tenant_transaction(current_tenant_id()) as conn:
        found = list_outlooks(conn, current_tenant_id(), period, branches)
    return render_page(
        "email/outlook.html", "email/_outlook.html", outlooks=found, period=period, tab="send"
    )


@blueprint.get("/preview")
@require_role("manager", "admin")
def preview() -> Response:
    """The mail a recipient would get: subject, HTML and text."""
    period, recipient = _asked()[0], request.args.get("recipient", "")
    with tenant_transaction(current_tenant_id()) as conn:
        rendered = preview_report(
            conn, current_tenant_id(), current_scope(), recipient, period, _base()
        )
    return render_page(
        "email/preview.html",
        "email/_preview.html",
        rendered=rendered,
        recipient=recipient,
        period=period,
        tab="send",
    )


@blueprint.get("/preview.html")
@require_role("manager", "admin")
def preview_html() -> Response:
    """The HTML part alone, for the frame of the preview: a document that can do nothing."""
    period, recipient = _asked()[0], request.args.get("recipient", "")
    with tenant_transaction(current_tenant_id()) as conn:
        rendered = preview_report(
            conn, current_tenant_id(), current_scope(), recipient, period, _base()
        )
    return mail_document(rendered.html)


@blueprint.get("/digest")
@require_role("manager", "admin")
def digest() -> Response:
    """The digest of the last seven days, as whoever asks would get it."""
    rendered = _digest()
    return render_page(
        "email/digest.html", "email/_digest.html", rendered=rendered, period=_week(), tab="send"
    )


@blueprint.get("/digest.html")
@require_role("manager", "admin")
def digest_html() -> Response:
    """Its HTML part alone, for the frame of the page."""
    return mail_document(_digest().html)


@blueprint.post("/digest")
@require_role("manager", "admin")
def send_digest() -> AnyResponse:
    """Send the digest of the last seven days to the managers whose branches the member sees."""
    tenant_id, actor = current_tenant_id(), current_actor()
    try:
        with tenant_transaction(tenant_id) as conn:
            job_id = start_planning(
                conn,
                tenant_id,
                "digest",
                MANUAL,
                _week(),
                actor.email,
                location_ids=current_scope().location_ids,
            )
            audit.record(conn, tenant_id, actor, "email.sent", job_id, digest=str(_week().end))
    except Invalid as error:
        return _page(error)
    return _started(job_id, "Sending started. It continues when you leave this page.")


@blueprint.post("/test")
@require_role("manager", "admin")
def test() -> AnyResponse:
    """Send a recipient's report to whoever asks; nothing counts as sent."""
    tenant_id, actor = current_tenant_id(), current_actor()
    recipient = request.form.get("recipient", "")
    try:
        period, _ = _asked()
        with tenant_transaction(tenant_id) as conn:
            find_addressee(conn, tenant_id, current_scope(), recipient)
            job_id = start_planning(
                conn,
                tenant_id,
                "test",
                "test",
                period,
                actor.email,
                location_ids=current_scope().location_ids,
                recipient=recipient,
            )
            audit.record(conn, tenant_id, actor, "email.tested", job_id)
    except Invalid as error:
        return _page(error)
    return _started(job_id, f"A test is on its way to {current_member().email}.")


@blueprint.post("/switch")
@require_role("admin")
def turn() -> AnyResponse:
    """Let mail leave this database, or stop it."""
    tenant_id, actor = current_tenant_id(), current_actor()
    state = request.form.get("state")
    if state not in ("on", "off"):
        raise Invalid("Say whether to switch sending on or off.")
    is_on = state == "on"
    with tenant_transaction(tenant_id) as conn:
        if is_on:
            held = switch.turn_on(conn, tenant_id, actor.email)
        else:
            held = switch.turn_off(conn, tenant_id)
        audit.record(
            conn, tenant_id, actor, "email.switched", "on" if is_on else "off", skipped=held
        )
    words = "Sending is on." if is_on else "Sending is off."
    flash(words + (f" {held} waiting messages were skipped." if held else ""), "success")
    return redirect(url_for("send.send"), 303)


def mail_document(html: str) -> Response:
    """A mail's HTML in a sandbox: no script, no form, no picture, no address of its own."""
    response = Response(html, mimetype="text/html")
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return response


def _started(job_id: UUID, words: str) -> AnyResponse:
    publish(job_id)
    flash(words, "success")
    return redirect(url_for("history.job", job_id=job_id), 303)


def _page(error: Invalid | None = None) -> Response:
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        addressees = list_addressees(conn, tenant_id, current_scope().location_ids)
        context = {
            "is_on": switch.is_sending_confirmed(conn, tenant_id),
            "was_on": switch.was_confirmed(conn, tenant_id),
            "stop": stops.find_stop(conn, tenant_id),
            "branches": _visible(get_branch_names(conn, tenant_id)),
            "addressees": addressees,
        }
    return render_page(
        "email/send.html",
        "email/_send.html",
        status=error.status if error else 200,
        problem=error.message if error else None,
        problems=error.extra.get("fields", {}) if error else {},
        typed=request.values,
        yesterday=_yesterday(),
        tab="send",
        **context,
    )


def _visible(names: dict[str, str]) -> dict[str, str]:
    return {key: name for key, name in names.items() if current_scope().allows(key)}


def _asked() -> tuple[DateRange, tuple[str, ...] | None]:
    """The day and the branches of the request, within what the member sees.

    Raises:
        Invalid: no day, or one that has not ended.
    """
    written = request.values.get("report_date", "")
    day = parse_date(written, "The day") if written else _yesterday()
    if day > _yesterday():
        message = "Choose a day that is over."
        raise Invalid(message, fields={"report_date": message})
    asked: list[Any] = [value for value in request.values.getlist("location_id") if value]
    return DateRange(day, day), allowed_locations(current_membership(), asked)


def _digest() -> Rendered:
    with tenant_transaction(current_tenant_id()) as conn:
        return preview_digest(
            conn, current_tenant_id(), current_membership().email, _week(), _base()
        )


def _week() -> DateRange:
    return DateRange(_yesterday() - timedelta(days=6), _yesterday())


def _yesterday() -> date:
    return today(current_format().property_time_zone) - timedelta(days=1)


def _base() -> str:
    return str(current_app.config["BASE_URL"])
