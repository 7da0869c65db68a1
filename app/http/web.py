"""Shared by all views: rendering, toasts, errors, roles, paging.

The only module that reads or writes an HX- header.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from flask import (
    Response,
    current_app,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from app import audit
from app.database.engine import tenant_transaction
from app.database.tenancy import Membership
from app.dates import today, zone
from app.errors import AppError, Unauthenticated
from app.format import Format
from app.http.current import current_actor, current_membership, require_membership_role
from app.redaction import redact_text
from app.tenant_settings import format_of, get_tenant_settings

P = ParamSpec("P")
R = TypeVar("R")

PAGE_SIZES = (10, 25, 50, 100)
MAX_PAGE = 100_000


def is_fragment_request() -> bool:
    """Whether a plain htmx request asks for part of a page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def render_page(
    page: str,
    fragment: str,
    *,
    status: int = 200,
    **context: Any,  # noqa: ANN401 - template values
) -> Response:
    """Render the fragment for a plain htmx request, else the whole page."""
    template = fragment if is_fragment_request() else page
    return _varied(make_response(render_template(template, fragment=fragment, **context), status))


def done(
    fragment: str,
    message: str,
    *,
    fallback: str,
    event: str | None = None,
    undo: str | None = None,
    **context: Any,  # noqa: ANN401 - template values
) -> AnyResponse:
    """A successful change: the fragment with a toast, or a flash and a redirect to `fallback`.

    Other parts of the page listen for `event` (`hx-trigger="… from:document"`); a button on the
    toast posts to `undo`.
    """
    if not is_fragment_request():
        flash(message, "success")
        return redirect(fallback, 303)
    body = render_template(fragment, **context) + toast(message, undo=undo)
    response = _varied(make_response(body))
    if event:
        response.headers["HX-Trigger"] = event
    return response


def toast(message: str, kind: str = "success", undo: str | None = None) -> str:
    """Markup that adds a toast to the page, whatever else the response swaps.

    A toast with an `undo` address stays for ten seconds instead of five.
    """
    return render_template("_toast.html", message=message, kind=kind, undo=undo)


def announce(response: Response, event: str) -> Response:
    """Announce `event` to the page's other parts when this response arrives."""
    response.headers["HX-Trigger"] = event
    return response


def block(name: str, label: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Name a view's fragment, so that its failure is shown in place.

    `name` is the fragment's root id, with the view's arguments in braces; `label` is its name for
    people.
    """

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        view.block = (name, label)  # type: ignore[attr-defined] # read by render_error
        return view

    return mark


def render_error(error: AppError) -> AnyResponse:
    """Render an error as the request can show it: page, block with Retry, or toast."""
    if isinstance(error, Unauthenticated):
        return _to_sign_in()
    if not is_fragment_request():
        page = render_template("errors/error.html", error=error)
        return _varied(make_response(page, error.status))
    view = current_app.view_functions.get(request.endpoint or "")
    if named := getattr(view, "block", None):
        name, label = named[0].format_map(request.view_args or {}), named[1]
        body = render_template("errors/_block.html", error=error, name=name, label=label)
    else:
        body = toast(error.message, "error")
    return _varied(make_response(body, error.status))


def _to_sign_in() -> AnyResponse:
    if not is_fragment_request():
        is_page = request.method == "GET"
        wanted = request.full_path.rstrip("?") if is_page else _own_path(request.referrer)
        return redirect(url_for("auth.sign_in", next=wanted), 303)
    response = _varied(make_response("", 401))
    shown = _own_path(request.headers.get("HX-Current-URL"))
    response.headers["HX-Redirect"] = url_for("auth.sign_in", next=shown)
    return response


def _own_path(address: str | None) -> str:
    """Path and query of an address of this site, as the browser shows it; else the start page."""
    parts = urlsplit(address or "")
    if f"{parts.scheme}://{parts.netloc}" != current_app.config["BASE_ORIGIN"]:
        return "/"
    return safe_next(parts.path + (f"?{parts.query}" if parts.query else ""))


def origin_free(view: Callable[P, R]) -> Callable[P, R]:
    """Mark a change that programs request without an origin, at a secret address."""
    view.is_origin_free = True  # type: ignore[attr-defined]  # a mark on the function itself
    return view


def require_role(*roles: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Allow only members with one of `roles` in the current tenant.

    Raises:
        Forbidden: the member has another role, or belongs to no tenant.
    """

    def guard(view: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            require_membership_role(*roles)
            return view(*args, **kwargs)

        return checked

    return guard


def record_export(action: str, subject: str, kind: str) -> None:
    """Record in the audit log, before the download begins, who takes what with which filters."""
    tenant_id = current_membership().tenant.tenant_id
    filters = {
        name: [redact_text(value) for value in values]
        for name, values in request.args.lists()
        if name not in ("page", "limit", "cursor", "now") and any(values)
    }
    with tenant_transaction(tenant_id) as conn:
        audit.record(
            conn,
            tenant_id,
            current_actor(),
            f"export.{action}",
            subject,
            kind=kind,
            filters=filters,
        )


def safe_next(target: str | None, default: str = "/") -> str:
    """`target` if it is a path of this site, else `default`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return default
    if any(ord(c) < 32 for c in target) or "\\" in target:
        return default
    parts = urlsplit(target)
    return default if parts.scheme or parts.netloc else target


def page_arguments(default_limit: int = 25) -> tuple[int, int]:
    """The request's `page` (from 1) and `limit`; invalid values become the default."""
    page = request.args.get("page", 1, type=int)
    limit = request.args.get("limit", default_limit, type=int)
    return min(max(page, 1), MAX_PAGE), limit if limit in PAGE_SIZES else default_limit


def current_format() -> Format:
    """The tenant's format of numbers and times, read once per request."""
    if "format" not in g:
        g.format = _read_format()
    return g.format  # type: ignore[no-any-return] # flask.g is untyped


def tenant_today() -> date:
    """Today's date in the tenant's time zone."""
    return today(current_format().time_zone)


def week_start() -> datetime:
    """When this week began in the tenant's zone: Monday at midnight."""
    monday = tenant_today() - timedelta(days=tenant_today().weekday())
    return datetime.combine(monday, time(), zone(current_format().time_zone))


def _read_format() -> Format:
    membership: Membership | None = g.get("membership")
    if membership is None:
        return Format()
    tenant_id = membership.tenant.tenant_id
    with tenant_transaction(tenant_id) as conn:
        return format_of(get_tenant_settings(conn, tenant_id), Format)


def _varied(response: Response) -> Response:
    response.vary.update(["HX-Request", "HX-Boosted", "HX-History-Restore-Request"])
    return response
