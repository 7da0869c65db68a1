"""Recipients of reports as a page. For managers and admins."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, flash, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.branches import get_branch_names
from app.database.engine import tenant_transaction
from app.email.history.queries import last_by_recipient
from app.email.recipients import changes
from app.email.recipients import queries as stored
from app.email.recipients.csv_import import MOST_CHARS, TEMPLATE, JudgedRow, judge_file
from app.email.recipients.queries import RecipientEntry, parse_entry
from app.email.recipients.rules import CONFIRM_FIELD
from app.errors import AppError, Conflict, Invalid
from app.format import plural
from app.http.current import current_actor, current_scope, current_tenant_id
from app.http.web import render_page, require_role
from app.ingest.files.csv_text import read_csv_text
from app.words_for_nothing import get_nothing_words

blueprint = Blueprint("recipients", __name__, url_prefix="/analytics/email/recipients")


@blueprint.get("")
@require_role("manager", "admin")
def recipients() -> Response:
    """Everybody who gets a report, and the forms that add somebody."""
    return _page()


@blueprint.post("")
@require_role("manager", "admin")
def add() -> AnyResponse:
    """A new recipient, or what is wrong beside the fields."""
    try:
        entry = _entry()
        with tenant_transaction(current_tenant_id()) as conn:
            changes.add(
                conn,
                current_tenant_id(),
                current_scope(),
                current_actor(),
                entry,
                is_confirmed=_is_confirmed(),
            )
    except (Conflict, Invalid) as error:
        return _page(error)
    return _done(f"{entry.email} gets the report for {entry.branch_id} from now on.")


@blueprint.post("/<uuid:mapping_id>")
@require_role("manager", "admin")
def change(mapping_id: UUID) -> AnyResponse:
    """Change a recipient, or what is wrong beside its fields."""
    try:
        with tenant_transaction(current_tenant_id()) as conn:
            stored.get_recipient(conn, current_tenant_id(), current_scope(), mapping_id)
            changes.change(
                conn,
                current_tenant_id(),
                current_scope(),
                current_actor(),
                mapping_id,
                _entry(),
                is_confirmed=_is_confirmed(),
            )
    except (Conflict, Invalid) as error:
        return _page(error, mapping_id)
    return _done("Saved.")


@blueprint.post("/<uuid:mapping_id>/delete")
@require_role("manager", "admin")
def delete(mapping_id: UUID) -> AnyResponse:
    """Take a recipient away."""
    with tenant_transaction(current_tenant_id()) as conn:
        old = changes.delete(
            conn, current_tenant_id(), current_scope(), current_actor(), mapping_id
        )
    if old is None:
        return _done("This recipient was already deleted.")
    return _done(f"{old.email} no longer gets the report for {old.branch_id}.")


@blueprint.post("/<uuid:mapping_id>/resume")
@require_role("admin")
def resume(mapping_id: UUID) -> AnyResponse:
    """Let reports go again to an address that unsubscribed or was refused."""
    with tenant_transaction(current_tenant_id()) as conn:
        email = stored.end_suppression(conn, current_tenant_id(), current_scope(), mapping_id)
        audit.record(conn, current_tenant_id(), current_actor(), "email.recipient_resumed", email)
    return _done(f"Reports go to {email} again.")


@blueprint.get("/template.csv")
@require_role("manager", "admin")
def template() -> Response:
    """A file to fill in."""
    response = Response("\ufeff" + TEMPLATE, mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename="recipients.csv")
    return response


@blueprint.post("/import")
@require_role("manager", "admin")
def import_file() -> AnyResponse:
    """Show the verdict of each row of a file, or with `apply` store them, all or none."""
    try:
        content = _content()
        with tenant_transaction(current_tenant_id()) as conn:
            rows = _judged(conn, content)
            if request.form.get("apply") != "yes":
                return _preview(content, rows)
            count = changes.import_rows(
                conn, current_tenant_id(), current_actor(), rows, is_confirmed=_is_confirmed()
            )
    except Invalid as error:
        return _page(error)
    return _done(f"Imported: {count} {plural(count, 'recipient')} added or changed.")


def _judged(conn: Connection, content: str) -> list[JudgedRow]:
    """The verdict of each row, for this member."""
    words = get_nothing_words(conn, current_tenant_id())
    words -= {branch.lower() for branch in get_branch_names(conn, current_tenant_id())}
    present = stored.list_recipients(conn, current_tenant_id(), current_scope())
    return changes.judge_rows(
        conn, current_tenant_id(), current_scope(), judge_file(content, present, words)
    )


def _content() -> str:
    """The file of the upload, or what a preview carries.

    Raises:
        Invalid: there is none, or it is no text.
    """
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        content = request.form.get("content", "")
        if not content:
            raise Invalid("Choose a file.", fields={"file": "Choose a CSV file."})
        return content
    return "".join(read_csv_text(upload.stream.read(4 * MOST_CHARS)).lines)


def _preview(content: str, rows: object) -> Response:
    return render_page(
        "email/import.html", "email/_import.html", rows=rows, content=content, tab="recipients"
    )


def _page(error: AppError | None = None, mapping_id: UUID | None = None) -> Response:
    tenant_id, scope = current_tenant_id(), current_scope()
    with tenant_transaction(tenant_id) as conn:
        found = stored.list_recipients(conn, tenant_id, scope)
        lonely = stored.list_lonely_branches(conn, tenant_id, scope)
        names = get_branch_names(conn, tenant_id)
        last = last_by_recipient(conn, tenant_id, scope)
    return render_page(
        "email/recipients.html",
        "email/_recipients.html",
        status=error.status if error else 200,
        found=found,
        last=last,
        branches={key: name for key, name in names.items() if scope.allows(key)},
        warnings=stored.warnings_of(found, lonely),
        changing=mapping_id,
        typed=request.form,
        problem=error.message if error else None,
        tab="recipients",
        problems=error.extra.get("fields", {}) if error else {},
    )


def _entry() -> RecipientEntry:
    form = request.form
    return parse_entry(
        form.get("branch_id", ""),
        form.get("email", ""),
        form.get("name", ""),
        is_enabled=form.get("is_enabled") == "yes",
    )


def _done(message: str) -> AnyResponse:
    flash(message, "success")
    return redirect(url_for("recipients.recipients"), 303)


def _is_confirmed() -> bool:
    return request.form.get(CONFIRM_FIELD) == "yes"
