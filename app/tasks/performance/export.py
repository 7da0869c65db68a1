"""The tables of Performance as rows of a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from app.format import Format
from app.http.spreadsheet import Cell
from app.tasks.performance.queries import BranchPerformance, BranchRow, LandingPage
from app.tasks.performance.source_queries import Source

_FIGURES = (
    "net_revenue",
    "orders",
    "visitors",
    "sessions",
    "conversion_percent",
    "average_order",
    "abandoned_carts",
    "cart_abandonment_percent",
)
BRANCH_HEADER = (
    "branch_id",
    "branch",
    "currency",
    *_FIGURES,
    "top_items",
    *(f"previous_{name}" for name in _FIGURES),
)
PAGE_HEADER = (
    "page",
    "sessions",
    "left_at_once",
    "left_at_once_percent",
    "estimated_loss",
    "currency",
    "previous_sessions",
    "previous_left_at_once_percent",
)

SOURCE_HEADER = (
    "source",
    "medium",
    "sessions",
    "engaged_sessions",
    "orders",
    "net_revenue",
    "currency",
    "conversion_percent",
)


def branch_rows(rows: Iterable[BranchRow], fmt: Format) -> Iterator[list[Cell]]:
    """One row a branch, the compared period's figures last."""
    for row in rows:
        items = "; ".join(
            item.item_name or item.item_id or "Unnamed item" for item in row.now.top_items
        )
        before = [None] * len(_FIGURES) if row.before is None else _figures(row.before)
        yield [row.now.location_id, row.now.name, fmt.currency, *_figures(row.now), items, *before]


def page_rows(pages: Iterable[LandingPage], fmt: Format) -> Iterator[list[Cell]]:
    """One row a landing page."""
    for page in pages:
        yield [
            page.page,
            page.sessions,
            page.bounces,
            _rounded(page.bounce_rate, 1),
            _rounded(page.value, 2),
            fmt.currency,
            page.previous_sessions,
            _rounded(page.previous_rate, 1),
        ]


def source_rows(sources: Iterable[Source], fmt: Format) -> Iterator[list[Cell]]:
    """One row for each source and medium."""
    for row in sources:
        yield [
            row.name if row.source is None else row.source,
            None if row.source is None else row.medium,
            row.sessions,
            row.engaged,
            row.orders,
            _rounded(row.net_revenue, 2),
            fmt.currency,
            _rounded(row.conversion_rate, 2),
        ]


def _figures(branch: BranchPerformance) -> list[Cell]:
    return [
        _rounded(branch.net_revenue, 2),
        branch.orders,
        branch.visitors,
        branch.sessions,
        _rounded(branch.conversion_rate, 2),
        _rounded(branch.average_order, 2),
        branch.abandoned_carts,
        _rounded(branch.cart_abandonment, 1),
    ]


def _rounded(value: Decimal | None, places: int) -> Decimal | None:
    return None if value is None else round(value, places)
