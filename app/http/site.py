"""The frame around every page: navigation, theme, addresses of static files."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.auth.setup.views import is_unfinished
from app.format import duration, plural
from app.http.current import current_membership, public
from app.http.nonces import new_nonce
from app.http.web import current_format, safe_next
from app.tasks.lists.lists import LISTS

THEMES = ("light", "dark", "system")

blueprint = Blueprint("site", __name__)


@dataclass(frozen=True)
class Link:
    """One entry of the navigation; empty `roles` means everybody.

    On a phone, `at_hand` entries appear below the page, the others under "More". `days` is the
    preset that a page of figures opens with: such pages hand branches and days on to each other.
    """

    label: str
    endpoint: str
    icon: str
    roles: tuple[str, ...] = ()
    at_hand: bool = False
    days: str = ""


NAVIGATION: tuple[tuple[str, tuple[Link, ...]], ...] = (
    (
        "Work",
        (
            Link("My queue", "queue.queue", "inbox", at_hand=True),
            Link("Team board", "board.board", "team", ("manager", "admin")),
            Link("Customers", "customers.customers", "user", at_hand=True),
        ),
    ),
    (
        "Analyze",
        (
            Link("Overview", "dashboard.overview", "overview", at_hand=True, days="7d"),
            Link("Orders", "orders.orders", "order", days="30d"),
            Link("Sessions", "sessions.sessions", "eye", days="30d"),
            *(Link(made.title, made.endpoint, made.icon, days="30d") for made in LISTS.values()),
        ),
    ),
    (
        "Communicate",
        (Link("Email reports", "recipients.recipients", "note", ("manager", "admin")),),
    ),
    (
        "Admin",
        (
            Link("Data", "ingest.data_page", "database", ("admin",)),
            Link("Settings", "settings.settings", "gear", ("admin",)),
            Link("Setup", "setup.checklist", "flag", ("admin",)),
            Link("Users & roles", "members.members", "team", ("admin",)),
            Link("API tokens", "tokens.tokens_page", "link", ("admin",)),
            Link("Audit log", "audit.audit_log", "note", ("admin",)),
            Link("System status", "status.system", "gauge", ("admin",)),
        ),
    ),
)
_CARRIED = ("location_id", "range", "start_date", "end_date")
_EMAIL = ("send", "history", "mail_schedule")


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)
    app.context_processor(_page_context)
    app.jinja_env.globals.update(asset=asset, duration=duration, new_nonce=new_nonce, plural=plural)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True


def asset(path: str) -> str:
    """The address of a static file, which changes with its content."""
    return url_for("static", filename=path, v=_fingerprint(str(current_app.static_folder), path))


@functools.cache
def _fingerprint(folder: str, path: str) -> str:
    return hashlib.sha256((Path(folder) / path).read_bytes()).hexdigest()[:10]


def navigation() -> list[tuple[str, list[Link]]]:
    """The sections and links that the member's role may open."""
    membership = g.get("membership")
    if membership is None:
        return []
    sections = (
        (title, [link for link in links if not link.roles or membership.role in link.roles])
        for title, links in NAVIGATION
    )
    return [(title, links) for title, links in sections if links]


def _carried() -> dict[str, Any]:
    """The branches and days of this page of figures, for the links to the others."""
    here = _current_link()
    days = next((one.days for _, links in NAVIGATION for one in links if one.endpoint == here), "")
    if not days:
        return {}
    asked = {name: request.args.getlist(name) for name in _CARRIED if request.args.get(name)}
    return asked if asked.keys() & {"start_date", "end_date", "range"} else asked | {"range": days}


def _current_link() -> str | None:
    """The navigation entry of this page: its own, the one its view named, or its feature's."""
    endpoints = [link.endpoint for _, links in NAVIGATION for link in links]
    named = g.get("current_link") or request.endpoint
    if named in endpoints:
        return str(named)
    if request.blueprint in _EMAIL:
        return "recipients.recipients"
    feature = f"{request.blueprint}."
    return next((name for name in endpoints if name.startswith(feature)), None)


def _page_context() -> dict[str, Any]:
    theme = request.cookies.get("theme", "system")
    return {
        "carried": _carried(),
        "current_link": _current_link(),
        "fmt": current_format(),
        "here": _here(),
        "member": g.get("member"),
        "membership": g.get("membership"),
        "memberships": g.get("memberships", ()),
        "navigation": navigation(),
        "reference": str(g.get("request_id", ""))[:8],
        "theme": theme if theme in THEMES else "system",
    }


def _here() -> str:
    """The address of this request, to return to or to repeat."""
    if request.method != "GET":
        return "/"
    query = request.query_string.decode("ascii", "ignore")
    return f"{quote(request.path)}?{query}" if query else quote(request.path)


@blueprint.get("/")
def home() -> AnyResponse:
    """The landing page: a rep's queue, an admin's checklist until it is done, else the Overview."""
    membership = current_membership()
    if membership.role == "rep":
        return redirect(url_for("queue.queue"), 303)
    if membership.role == "admin" and is_unfinished(membership.tenant.tenant_id):
        return redirect(url_for("setup.checklist"), 303)
    return redirect(url_for("dashboard.overview"), 303)


@blueprint.post("/preferences/theme")
@public
def set_theme() -> AnyResponse:
    """Remember the light, dark or system theme; works without JavaScript."""
    theme = request.form.get("theme", "system")
    response = redirect(safe_next(request.form.get("next")), 303)
    if theme in THEMES:
        response.set_cookie(
            "theme", theme, max_age=31_536_000, samesite="Lax", secure=request.is_secure
        )
    return response
