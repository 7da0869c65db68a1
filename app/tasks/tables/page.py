"""What every table of figures shows around its rows: filters, pages, why it is empty."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from sqlalchemy import Connection
from werkzeug.datastructures import MultiDict

from app.branches import list_branches
from app.dates import utc_now
from app.errors import Invalid
from app.http.current import current_membership, current_tenant_id
from app.http.periods import COMPARISONS, preset_labels
from app.http.query_string import LIMITS
from app.http.reading import reading_transaction
from app.http.web import render_page, tenant_today
from app.tasks.lists.context import find_last_day
from app.tasks.lists.task_page import branch_names
from app.tasks.tables.filters import Table, TableFilters, parse_table_filters

Builder = Callable[[Connection, TableFilters], dict[str, Any]]


@dataclass(frozen=True)
class Paging:
    """Which rows of how many a page shows."""

    page: int
    limit: int
    total: int

    @property
    def last(self) -> int:
        """The number of the last page, at least 1."""
        return max(-(-self.total // self.limit), 1)

    @property
    def first_row(self) -> int:
        """The number of the page's first row, 0 when there is none."""
        first = (self.page - 1) * self.limit + 1
        return first if first <= self.total else 0

    @property
    def last_row(self) -> int:
        """The number of the page's last row, 0 when there is none."""
        return min(self.page * self.limit, self.total) if self.first_row else 0


def short_key(text: str) -> str:
    """A short name of a term or an address for ids on a page, whatever it holds."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def table_context(conn: Connection, filters: TableFilters, total: int) -> dict[str, Any]:
    """What the templates of a table need beside its rows; `total` is of all pages."""
    membership = current_membership()
    branches = list_branches(conn, membership.tenant.tenant_id)
    last_day = find_last_day(conn, membership.tenant.tenant_id)
    scope = membership.location_ids
    return {
        "filters": filters,
        "paging": Paging(filters.page, filters.limit, total),
        "choices": [b for b in branches if scope is None or b.location_id in scope],
        "branch_names": branch_names(branches),
        "presets": preset_labels(),
        "comparisons": COMPARISONS if filters.table.is_compared else {},
        "limits": LIMITS,
        "last_day": last_day,
        "empty_reason": None if total else _why_empty(filters, last_day is None),
        "now": utc_now(),
    }


def _why_empty(filters: TableFilters, is_nothing_loaded: bool) -> str:
    if is_nothing_loaded:
        return "nothing_loaded"
    return "no_match" if filters.narrows else "nothing_found"


def asked_filters(table: Table) -> TableFilters:
    """The filters in the request's address.

    Raises:
        Invalid: one of them cannot be read.
    """
    return parse_table_filters(request.args, tenant_today(), table)


def render_table(table: Table, page: str, build: Builder) -> Response:
    """The page of a table, or to htmx its fragment: the template of the same name after "_".

    Filters that cannot be read give the default ones, with the reason.
    """
    problem = None
    try:
        filters = asked_filters(table)
    except Invalid as error:
        filters = parse_table_filters(MultiDict(), tenant_today(), table)
        problem = error.message
    with reading_transaction(current_tenant_id()) as conn:
        context = build(conn, filters)
    folder, _, name = page.rpartition("/")
    status = 422 if problem else 200
    return render_page(page, f"{folder}/_{name}", status=status, problem=problem, **context)
