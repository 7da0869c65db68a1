"""Overview: the page, and one fragment a block, each asked for by itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from markupsafe import Markup
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from app.branches import Branch, list_branches
from app.dashboard import blocks
from app.dashboard.drill_down import link_maker
from app.dashboard.filters import METRICS, Filters, parse_filters
from app.database.tenancy import allowed_locations
from app.errors import Invalid
from app.http.current import current_membership, current_tenant_id
from app.http.periods import COMPARISONS, preset_labels
from app.http.reading import reading_transaction
from app.http.web import block, current_format, is_fragment_request, render_page, tenant_today

blueprint = Blueprint("dashboard", __name__, url_prefix="/analytics")


@blueprint.get("/overview")
def overview() -> Response:
    """The page: filters at once, blocks by themselves, or all in one with `full=1`."""
    filters, problem = _filters_or_default()
    tenant_id = current_tenant_id()
    with reading_transaction(tenant_id) as conn:
        context = _filter_bar(conn, filters)
        if request.args.get("full"):
            context["rendered"] = _rendered(conn, _question(filters))
    return render_page(
        "dashboard/overview.html",
        "dashboard/_overview.html",
        status=422 if problem else 200,
        problem=problem,
        **context,
    )


@blueprint.get("/overview/freshness")
@block("freshness", "how fresh the figures are")
def freshness() -> Response:
    """Until when the figures are complete, and which days may still change."""
    return _block("dashboard/_freshness.html", blocks.freshness)


@blueprint.get("/overview/tiles")
@block("tiles", "the figures")
def tiles() -> Response:
    """The main figures and how they moved."""
    return _block("dashboard/_tiles.html", blocks.tiles)


@blueprint.get("/overview/recovered")
@block("recovered", "the recovered revenue")
def recovered() -> Response:
    """What customers ordered after somebody spoke to them."""
    return _block("dashboard/_recovered.html", blocks.recovered)


@blueprint.get("/overview/chart")
@block("chart", "the chart")
def chart() -> Response:
    """One metric over time."""
    return _block("dashboard/_chart.html", blocks.chart)


@blueprint.get("/overview/branches")
@block("branches", "the branches")
def branches() -> Response:
    """Every branch with its figures; their sums are the tiles'."""
    return _block("dashboard/_branches.html", blocks.branches)


@blueprint.get("/overview/quality")
@block("quality", "the data quality")
def quality() -> Response:
    """What was removed, left out or kept apart, and how much of it."""
    return _block("dashboard/_quality.html", blocks.quality)


@blueprint.get("/freshness")
@block("freshness_dot", "the freshness")
def freshness_dot() -> AnyResponse:
    """The sign in the top bar of every page; opened as a page, the line that says more."""
    if not is_fragment_request():
        return redirect(url_for("dashboard.freshness"), 303)
    return _block("dashboard/_freshness_dot.html", blocks.freshness)


def _block(fragment: str, build: blocks.Builder) -> Response:
    question = _question(parse_filters(request.args, tenant_today()))
    with reading_transaction(question.tenant_id) as conn:
        context = build(conn, question)
    return render_page("dashboard/block.html", fragment, **_frame(question.filters), **context)


def _rendered(conn: Connection, question: blocks.Question) -> list[Markup]:
    """Every block as markup, each from a context of its own."""
    return [
        Markup(render_template(f"dashboard/_{name}.html", **_frame(question.filters), **context))  # noqa: S704 - our own templates, autoescaped # nosec B704
        for name, context in blocks.everything(conn, question).items()
    ]


def _frame(filters: Filters) -> dict[str, Any]:
    return {"filters": filters, "list_link": link_maker(filters)}


def _question(filters: Filters) -> blocks.Question:
    membership = current_membership()
    return blocks.Question(
        tenant_id=membership.tenant.tenant_id,
        filters=filters,
        location_ids=allowed_locations(membership, filters.location_ids),
        fmt=current_format(),
    )


def _filters_or_default() -> tuple[Filters, str | None]:
    try:
        return parse_filters(request.args, tenant_today()), None
    except Invalid as error:
        return parse_filters(MultiDict(), tenant_today()), error.message


def _filter_bar(conn: Connection, filters: Filters) -> dict[str, Any]:
    allowed = current_membership().location_ids
    choices = _branch_choices(list_branches(conn, current_tenant_id()), allowed)
    return {
        "filters": filters,
        "full": bool(request.args.get("full")),
        "choices": choices,
        "presets": preset_labels(),
        "comparisons": COMPARISONS,
        "metrics": METRICS,
        "moving_link": _link(filters.arguments()),
        "fixed_link": _link(filters.arguments(fixed=True)),
    }


def _link(arguments: dict[str, Any]) -> str:
    return url_for("dashboard.overview", _external=True, **arguments)


def _branch_choices(found: list[Branch], allowed: tuple[str, ...] | None) -> list[Branch]:
    return [branch for branch in found if allowed is None or branch.location_id in allowed]
