"""The tenant's settings, one page per section. For admins."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.database.engine import tenant_transaction
from app.dates import utc_now
from app.errors import Conflict, Invalid, NotFound
from app.http.current import current_actor, current_member, current_tenant_id
from app.http.web import block, done, is_fragment_request, render_page, require_role
from app.ingest.files.ssh_keys import described, parse_host_key
from app.ingest.store.rederive import start_rederiving
from app.jobs import publish
from app.settings import effect, jobs
from app.settings.checks.steps import CHECKED, find_check
from app.settings.forms import FORMS, SectionForm
from app.settings.saves import Save
from app.settings.section_page import check_secret, describe, open_form, reopen_form, save_form
from app.settings.store import store_host_key
from app.settings.word_field import add_word
from app.tasks.types import TYPE_LABELS

blueprint = Blueprint("settings", __name__, url_prefix="/auth/settings")


@blueprint.get("")
@require_role("admin")
def settings() -> AnyResponse:
    return redirect(url_for("settings.section", section="bigquery"), 303)


@blueprint.get("/<section>")
@require_role("admin")
def section(section: str) -> Response:
    _check_section(section)
    with tenant_transaction(current_tenant_id()) as conn:
        form = open_form(conn, current_tenant_id(), section)
        context = describe(conn, current_tenant_id(), section)
    added = add_word(form, request.args.get("add", ""))
    shown = _shown(form, context) | {"added": added}
    return render_page("settings/section.html", "settings/_section.html", **shown)


@blueprint.post("/<section>")
@require_role("admin")
def save(section: str) -> AnyResponse:
    """Store a section, or show next to the fields why not, or who saved first."""
    _check_section(section)
    with tenant_transaction(current_tenant_id()) as conn:
        form = open_form(conn, current_tenant_id(), section)
        is_valid = form.validate_on_submit()
        if not (check_secret(conn, current_tenant_id(), section, form) and is_valid):
            return _refused(form, describe(conn, current_tenant_id(), section), 422)
        quicker = save_form(conn, current_tenant_id(), section, form, current_actor())
        job_id = start_rederiving(conn, current_tenant_id(), current_member().email)
        context = describe(conn, current_tenant_id(), section)
    if quicker is not None:
        return _refused(form, context, 409, quicker)
    if job_id is not None:
        publish(job_id)
    follow = " Loaded days update within minutes." if job_id else ""
    return done(
        "settings/_section.html",
        f"{context['titles'][section]} saved.{follow}",
        fallback=url_for("settings.section", section=section),
        **_shown(_reopened(section), context),
    )


@blueprint.post("/rules/effect")
@require_role("admin")
def try_rules() -> AnyResponse:
    """Start a job that tries the entered rules on the last days; saves nothing."""
    tenant_id = current_tenant_id()
    with tenant_transaction(tenant_id) as conn:
        form = open_form(conn, tenant_id, "rules")
        if not form.validate_on_submit():
            return _refused(form, describe(conn, tenant_id, "rules"), 422)
        job_id = effect.start_trial(conn, tenant_id, form.values(), current_member().email)
        audit.record(conn, tenant_id, current_actor(), "settings.tried", "rules")
        context = describe(conn, tenant_id, "rules")
    publish(job_id)
    return render_page("settings/section.html", "settings/_section.html", **_shown(form, context))


@blueprint.get("/rules/effect")
@require_role("admin")
@block("rule_effect", "the effect of the rules")
def rule_effect() -> Response:
    """The last trial; polled while it runs."""
    with tenant_transaction(current_tenant_id()) as conn:
        form = open_form(conn, current_tenant_id(), "rules")
        context = describe(conn, current_tenant_id(), "rules")
    return render_page("settings/section.html", "settings/_effect.html", **_shown(form, context))


@blueprint.post("/<section>/test")
@require_role("admin")
def test_connection(section: str) -> AnyResponse:
    """Start a job that tests the stored connection."""
    _check_connection(section)
    with tenant_transaction(current_tenant_id()) as conn:
        job_id = jobs.start_check(conn, current_tenant_id(), section, current_member().email)
        audit.record(conn, current_tenant_id(), current_actor(), "settings.tested", section)
    publish(job_id)
    return _check_done(section, "The connection is being tested.")


@blueprint.get("/<section>/test")
@require_role("admin")
@block("connection_check", "the test of the connection")
def connection_check(section: str) -> Response:
    """The last test; polled while it runs."""
    _check_connection(section)
    with tenant_transaction(current_tenant_id()) as conn:
        form = open_form(conn, current_tenant_id(), section)
        context = describe(conn, current_tenant_id(), section)
    return render_page("settings/section.html", "settings/_check.html", **_shown(form, context))


@blueprint.post("/sftp/host-key")
@require_role("admin")
def accept_host_key() -> AnyResponse:
    """Pin the key presented in the last test, if it is the one the admin saw."""
    with tenant_transaction(current_tenant_id()) as conn:
        check = find_check(conn, current_tenant_id(), "sftp")
        shown = check.shown_host_key if check else None
        if shown is None or _fingerprint(shown) != request.form.get("fingerprint"):
            raise Conflict("The server now shows a different key. Review it again.")
        store_host_key(conn, current_tenant_id(), shown)
        audit.record(
            conn,
            current_tenant_id(),
            current_actor(),
            "settings.host_key_accepted",
            _fingerprint(shown),
        )
        job_id = jobs.start_check(conn, current_tenant_id(), "sftp", current_member().email)
    publish(job_id)
    return _check_done("sftp", "The host key is accepted; the connection is tested again.")


def _check_done(section: str, message: str) -> AnyResponse:
    with tenant_transaction(current_tenant_id()) as conn:
        context = describe(conn, current_tenant_id(), section)
    return done(
        "settings/_check.html",
        message,
        fallback=url_for("settings.section", section=section),
        **_shown(_reopened(section), context),
    )


def _reopened(section: str) -> SectionForm:
    """The stored values, ignoring the request's."""
    with tenant_transaction(current_tenant_id()) as conn:
        return reopen_form(conn, current_tenant_id(), section)


def _refused(
    form: SectionForm, context: dict[str, Any], status: int, quicker: Save | None = None
) -> Response:
    shown = _shown(form, context) | {"quicker": quicker}
    if quicker is not None:
        form.version.raw_data, form.version.data = None, quicker.version
    name = "_section" if is_fragment_request() else "section"
    return Response(render_template(f"settings/{name}.html", **shown), status)


def _shown(form: SectionForm, context: dict[str, Any]) -> dict[str, Any]:
    check = context["check"]
    shown_key = check.shown_host_key if check else None
    pinned = context["settings"].sftp.get("host_key")
    return context | {
        "form": form,
        "now": utc_now(),
        "quicker": None,
        "added": "",
        "offered_key": _fingerprint(shown_key) if shown_key and shown_key != pinned else None,
        "pinned_key": _fingerprint(pinned) if pinned else None,
        "type_names": TYPE_LABELS,
    }


def _fingerprint(line: str) -> str:
    """A key's fingerprint, or a note that the stored line is not a key."""
    try:
        return described(parse_host_key(line)).fingerprint
    except Invalid:
        return "a key that cannot be read"


def _check_section(section: str) -> None:
    if section not in FORMS:
        raise NotFound


def _check_connection(section: str) -> None:
    if section not in CHECKED:
        raise NotFound
