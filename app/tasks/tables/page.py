"""What every table of figures shows around its rows: filters, pages, why it is empty."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from app.branches import list_branches
from app.dates import utc_now
from app.http.current import current_membership
from app.http.periods import COMPARISONS, preset_labels
from app.http.query_string import LIMITS
from app.tasks.lists.context import find_last_day
from app.tasks.lists.task_page import branch_names
from app.tasks.tables.filters import TableFilters


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
