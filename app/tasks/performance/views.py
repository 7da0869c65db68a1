"""Performance: branches, landing pages and the sources of sessions."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any, TypedDict

from flask import Blueprint, Response, g, request
from sqlalchemy import Connection

from app.database.tenancy import allowed_locations
from app.dates import DateRange, utc_now
from app.errors import NotFound
from app.http.current import current_membership, current_tenant_id
from app.http.exports import download
from app.http.periods import comparison_obstacle
from app.http.reading import reading_transaction
from app.http.web import block, current_format, record_export, render_page, tenant_today
from app.tasks.lists.task_page import WORKING_ROLES
from app.tasks.performance.export import (
    BRANCH_HEADER,
    PAGE_HEADER,
    SOURCE_HEADER,
    branch_rows,
    page_rows,
    source_rows,
)
from app.tasks.performance.queries import (
    PAGE_SORT_FIELDS,
    BranchRow,
    LandingPage,
    PageQuestion,
    count_unloaded,
    get_landing_pages,
    get_page_sessions,
    get_performance_tasks,
)
from app.tasks.performance.source_queries import (
    SOURCE_SORT_FIELDS,
    Source,
    SourceQuestion,
    get_sources,
)
from app.tasks.tables.filters import Table, TableFilters
from app.tasks.tables.page import Builder, asked_filters, render_table, short_key, table_context

blueprint = Blueprint("performance", __name__, url_prefix="/analytics/tasks/performance")

BRANCH_SORT_FIELDS = (
    "net_revenue",
    "orders",
    "visitors",
    "conversion_rate",
    "average_order",
    "cart_abandonment",
    "name",
)
BRANCHES = Table("performance.branches", BRANCH_SORT_FIELDS, is_compared=True)
PAGES = Table("performance.pages", PAGE_SORT_FIELDS, is_compared=True)
SOURCES = Table("performance.sources", SOURCE_SORT_FIELDS)
_TABLES = {"branches": BRANCHES, "pages": PAGES, "sources": SOURCES}


class Comparison(TypedDict):
    """The period that a table is compared with, or why it is not; both None: nobody asked."""

    compared: DateRange | None
    obstacle: str | None


@blueprint.get("/branches")
@block("branch_table", "the branches")
def branches() -> Response:
    """Every branch with its figures."""
    return _table(BRANCHES, "branches", _branch_context)


@blueprint.get("/pages")
@block("page_table", "the landing pages")
def pages() -> Response:
    """Landing pages and how many people left them at once."""
    return _table(PAGES, "pages", _page_context)


@blueprint.get("/sources")
@block("source_table", "the sources")
def sources() -> Response:
    """Where sessions came from, and what they ordered."""
    return _table(SOURCES, "sources", _source_context)


@blueprint.get("/pages/sessions")
def page_sessions() -> Response:
    """The latest sessions that started on a page: what a row of the table expands to."""
    page, filters = request.args.get("page_url", ""), asked_filters(PAGES)
    if not page.isprintable():
        raise NotFound("There is no such page.")
    locations = allowed_locations(current_membership(), filters.location_ids)
    tenant_id = current_tenant_id()
    with reading_transaction(tenant_id) as conn:
        sessions = get_page_sessions(conn, tenant_id, filters.period, locations, page)
        context = table_context(conn, filters, len(sessions))
    g.current_link = "tasks.performance"
    context |= {"address": page, "sessions": sessions, "sees_people": _sees_people()}
    where = "tasks/performance"
    return render_page(f"{where}/page.html", f"{where}/_sessions.html", **context)


@blueprint.get("/<any(branches, pages, sources):name>/export.<any(csv, xlsx):kind>")
def export_table(name: str, kind: str) -> Response:
    """One of the tables as a file for a spreadsheet."""
    fmt = current_format()
    filters = asked_filters(_TABLES[name])
    with reading_transaction(current_tenant_id()) as conn:
        compared = _comparison(conn, filters)["compared"]
        if name == "branches":
            header, rows = BRANCH_HEADER, branch_rows(_branches(conn, filters, compared), fmt)
        elif name == "sources":
            header, rows = SOURCE_HEADER, source_rows(_sources(conn, filters, 1_000_000, 0), fmt)
        else:
            found = _pages(conn, filters, compared, 1_000_000, 0)
            header, rows = PAGE_HEADER, page_rows(found, fmt)
    record_export("performance", name, kind)
    file = f"performance-{name}-{filters.period.start}-{filters.period.end}"
    return download(file, kind, header, rows)


def sort_branches(rows: list[BranchRow], sort_field: str, sort_order: str) -> list[BranchRow]:
    """In the order asked for; what cannot be computed stands last, ties go by name."""

    def value(row: BranchRow) -> Any:  # noqa: ANN401 - figures of one column, or names
        found = getattr(row.now, sort_field)
        return found.casefold() if isinstance(found, str) else found

    named = sorted(rows, key=lambda row: (row.now.name.casefold(), row.now.location_id or ""))
    known = [row for row in named if value(row) is not None]
    known.sort(key=value, reverse=sort_order == "desc")
    return known + [row for row in named if value(row) is None]


def _table(table: Table, name: str, build: Builder) -> Response:
    g.current_link = "tasks.performance"
    return render_table(table, f"tasks/performance/{name}.html", build)


def _branch_context(conn: Connection, filters: TableFilters) -> dict[str, Any]:
    comparison = _comparison(conn, filters)
    rows = _branches(conn, filters, comparison["compared"])
    has_figures = any(row.now.sessions or row.now.orders or row.now.abandoned_carts for row in rows)
    context = table_context(conn, filters, len(rows) if has_figures else 0)
    return {**context, **comparison, "rows": rows}


def _page_context(conn: Connection, filters: TableFilters) -> dict[str, Any]:
    comparison = _comparison(conn, filters)
    list_pages = partial(_pages, conn, filters, comparison["compared"])
    rows = list_pages(filters.limit, filters.offset)
    first = rows or (list_pages(1, 0) if filters.page > 1 else [])
    context = table_context(conn, filters, first[0].total_pages if first else 0)
    return {**context, **comparison, "rows": rows}


def _source_context(conn: Connection, filters: TableFilters) -> dict[str, Any]:
    rows = _sources(conn, filters, filters.limit, filters.offset)
    first = rows or (_sources(conn, filters, 1, 0) if filters.page > 1 else [])
    context = table_context(conn, filters, first[0].total_sources if first else 0)
    return context | {"rows": rows}


def _sources(conn: Connection, filters: TableFilters, limit: int, offset: int) -> list[Source]:
    membership = current_membership()
    question = SourceQuestion(
        period=filters.period,
        location_ids=allowed_locations(membership, filters.location_ids),
        query=filters.query,
        sort_field=filters.sort_field,
        sort_order=filters.sort_order,
        limit=limit,
        offset=offset,
    )
    return get_sources(conn, membership.tenant.tenant_id, question)


def _branches(
    conn: Connection, filters: TableFilters, compared: DateRange | None
) -> list[BranchRow]:
    tenant_id = current_tenant_id()
    locations = allowed_locations(current_membership(), filters.location_ids)
    before = {}
    if compared:
        found = get_performance_tasks(conn, tenant_id, compared, locations, items=0)
        before = {branch.location_id: branch for branch in found}
    now = get_performance_tasks(conn, tenant_id, filters.period, locations)
    rows = [BranchRow(branch, before.get(branch.location_id)) for branch in now]
    return sort_branches(rows, filters.sort_field, filters.sort_order)


def _pages(
    conn: Connection, filters: TableFilters, compared: DateRange | None, limit: int, offset: int
) -> list[LandingPage]:
    membership = current_membership()
    question = PageQuestion(
        period=filters.period,
        location_ids=allowed_locations(membership, filters.location_ids),
        compared=compared,
        query=filters.query,
        sort_field=filters.sort_field,
        sort_order=filters.sort_order,
        limit=limit,
        offset=offset,
    )
    return get_landing_pages(conn, membership.tenant.tenant_id, question)


def _comparison(conn: Connection, filters: TableFilters) -> Comparison:
    tenant_id, asked = current_tenant_id(), filters.compared
    obstacle = comparison_obstacle(
        filters.period, asked, tenant_today(), partial(count_unloaded, conn, tenant_id)
    )
    return {"compared": None if obstacle else asked, "obstacle": obstacle}


def _sees_people() -> bool:
    return current_membership().role in WORKING_ROLES


@blueprint.context_processor
def performance_words() -> dict[str, Any]:
    """What this feature's templates compute."""
    return {"moved": moved, "now": utc_now(), "page_key": short_key}


def moved(now: Decimal | int | None, before: Decimal | int | None) -> str:
    """up, down, same, new (from nothing) or unknown."""
    if now is None or before is None:
        return "unknown"
    if now == before:
        return "same"
    return "new" if not before else "up" if now > before else "down"
