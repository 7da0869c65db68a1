"""What each block of Overview shows, gathered from the figures' queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from app.dashboard import charts
from app.dashboard.filters import METRICS, Filters
from app.dashboard.quality_kinds import KINDS
from app.dashboard.quality_queries import get_data_quality
from app.dashboard.queries import (
    BranchStats,
    ChartPoint,
    Overview,
    get_chart_data,
    get_dashboard_overview_stats,
    get_location_stats_bulk,
)
from app.dashboard.tiles import build_tiles
from app.dates import DateRange
from app.format import Format
from app.http.periods import CUSTOM, comparison_obstacle
from app.http.web import tenant_today
from app.ingest.freshness import Freshness, get_freshness
from app.ingest.queries import get_tenant_jobs_paginated
from app.ratios import average, per_cent
from app.tasks.board.queries import get_recovered_revenue
from app.tasks.types import TYPE_LABELS

_SUMMED = (
    "net_revenue",
    "revenue",
    "orders",
    "orders_in_currency",
    "sessions",
    "sessions_with_order",
    "abandoned_carts",
    "total_searches",
    "failed_searches",
)


@dataclass(frozen=True)
class Question:
    """Whose figures, which, and how to write them; `location_ids` None is every branch."""

    tenant_id: UUID
    filters: Filters
    location_ids: tuple[str, ...] | None
    fmt: Format


Builder = Callable[[Connection, Question], dict[str, Any]]


def everything(conn: Connection, question: Question) -> dict[str, dict[str, Any]]:
    """All blocks by name, for browsers without JavaScript."""
    builders = (freshness, tiles, recovered, chart, branches, quality)
    return {build.__name__: build(conn, question) for build in builders}


def freshness(conn: Connection, question: Question) -> dict[str, Any]:
    """How far the loaded days reach, and which of the asked ones may still change."""
    period = question.filters.period
    fresh = get_freshness(conn, question.tenant_id)
    compared = _compared(question, fresh)
    return {
        "fresh": fresh,
        "provisional": fresh.provisional_days(period),
        "streamed": fresh.streamed_days(period),
        "missing": fresh.missing(period),
        "compared_missing": fresh.missing(compared) if compared else [],
        "last_load": fresh.last_loaded_at,
    }


def tiles(conn: Connection, question: Question) -> dict[str, Any]:
    """The tiles, or why there are none."""
    now = _overview(conn, question, question.filters.period)
    if _is_empty(now):
        return _empty(conn, question)
    fresh = get_freshness(conn, question.tenant_id)
    obstacle = _obstacle(question, fresh)
    compared = None if obstacle else question.filters.compared
    base = None if compared is None else _overview(conn, question, compared)
    return {
        "empty_reason": None,
        "tiles": build_tiles(now, base, question.fmt),
        "obstacle": obstacle,
        "other_currencies": now.other_currencies,
    }


def chart(conn: Connection, question: Question) -> dict[str, Any]:
    """The Plotly figure and the same numbers as rows, or why there is nothing to draw."""
    filters = question.filters
    points = _points(conn, question, filters.period)
    if not any(_has_activity(point) for point in points):
        return _empty(conn, question) | {"metrics": METRICS}
    fresh = get_freshness(conn, question.tenant_id)
    compared = _compared(question, fresh)
    series = charts.Series(
        metric=filters.metric,
        granularity=filters.granularity,
        points=points,
        compared=None if compared is None else _points(conn, question, compared),
        provisional=frozenset(fresh.provisional_days(filters.period)),
        currency=question.fmt.currency,
        loaded=_loaded_days(fresh, filters.period, compared),
    )
    rows = charts.chart_rows(series, question.fmt)
    return {
        "empty_reason": None if any(map(series.value, points)) else "zero",
        "figure": charts.figure(series, rows),
        "rows": rows,
        "metrics": METRICS,
        "compared": compared,
    }


def branches(conn: Connection, question: Question) -> dict[str, Any]:
    """The branch table in the order asked for, with the sums of what can be added."""
    found = get_location_stats_bulk(
        conn, question.tenant_id, question.filters.period, question.location_ids
    )
    if not found:
        return _empty(conn, question) | {"branches": []}
    ordered = sort_branches(found, question.filters.sort_field, question.filters.sort_order)
    return {
        "empty_reason": None,
        "branches": [(branch, charts.sparkline(branch.sparkline)) for branch in ordered],
        "totals": _totals(found),
    }


def _totals(found: list[BranchStats]) -> dict[str, Decimal | int | None]:
    """Sums, and the two ratios of sums; visitors cannot be added and are left out."""
    sums = {name: sum(getattr(branch, name) for branch in found) for name in _SUMMED}
    priced = sums["orders_in_currency"]
    return sums | {
        "average_order": average(Decimal(sums["revenue"]), int(priced)),
        "conversion_rate": per_cent(int(sums["sessions_with_order"]), int(sums["sessions"])),
    }


def quality(conn: Connection, question: Question) -> dict[str, Any]:
    """The overview's figures about the data themselves."""
    period = question.filters.period
    figures = _overview(conn, question, period)
    return {
        "figures": None if _is_empty(figures) else figures,
        "odd_rows": get_data_quality(conn, question.tenant_id, period, question.location_ids),
        "kinds": KINDS,
    }


def recovered(conn: Connection, question: Question) -> dict[str, Any]:
    """What followed the contacts of these days, beside what happens without them."""
    found = get_recovered_revenue(
        conn, question.tenant_id, question.filters.period, question.location_ids
    )
    return {"recovered": found, "type_words": TYPE_LABELS}


def sort_branches(found: list[BranchStats], field: str, order: str) -> list[BranchStats]:
    """By `field`; what cannot be computed stands last either way, ties go by name."""
    by_name = sorted(found, key=lambda branch: (branch.name.casefold(), branch.location_id or ""))
    if field == "name":
        return by_name if order == "asc" else by_name[::-1]
    known = [branch for branch in by_name if getattr(branch, field) is not None]
    unknown = [branch for branch in by_name if getattr(branch, field) is None]
    known.sort(key=lambda branch: getattr(branch, field), reverse=order == "desc")
    return known + unknown


def _overview(conn: Connection, question: Question, period: DateRange) -> Overview:
    return get_dashboard_overview_stats(conn, question.tenant_id, period, question.location_ids)


def _points(conn: Connection, question: Question, period: DateRange) -> list[ChartPoint]:
    return get_chart_data(
        conn, question.tenant_id, period, question.filters.granularity, question.location_ids
    )


def _is_empty(now: Overview) -> bool:
    return not any((now.sessions, now.orders, now.page_views, now.total_searches, now.refunds))


def _has_activity(point: ChartPoint) -> bool:
    return any((point.sessions, point.orders, point.refunds, point.total_searches))


def _empty(conn: Connection, question: Question) -> dict[str, Any]:
    """Nothing to show: because nothing was ever loaded, or because nothing matches."""
    fresh = get_freshness(conn, question.tenant_id)
    reason = "nothing_loaded" if fresh.latest_date is None else "no_match"
    return {
        "empty_reason": reason,
        "fresh": fresh,
        "suggested": _suggested(fresh),
        "is_loading": reason == "nothing_loaded" and _is_loading(conn, question.tenant_id),
    }


def _is_loading(conn: Connection, tenant_id: UUID) -> bool:
    newest = get_tenant_jobs_paginated(conn, tenant_id, limit=1).rows
    return any(job.status in ("queued", "processing") for job in newest)


def _suggested(fresh: Freshness) -> dict[str, Any] | None:
    """The arguments of the last seven days that have figures."""
    latest, earliest = fresh.latest_date, fresh.earliest_date
    if latest is None or earliest is None:
        return None
    start = max(earliest, latest - timedelta(days=6))
    return Filters(DateRange(start, latest), CUSTOM).arguments()


def _loaded_days(fresh: Freshness, *periods: DateRange | None) -> frozenset[date]:
    found: set[date] = set()
    for period in periods:
        if period is not None:
            found.update(set(period.days) - set(fresh.missing(period)))
    return frozenset(found)


def _obstacle(question: Question, fresh: Freshness) -> str | None:
    filters = question.filters
    return comparison_obstacle(
        filters.period, filters.compared, tenant_today(), lambda days: len(fresh.missing(days))
    )


def _compared(question: Question, fresh: Freshness) -> DateRange | None:
    """The period to compare with, if any of its days is loaded: unloaded days are not zero."""
    compared = question.filters.compared
    if compared is None or len(fresh.missing(compared)) == compared.length:
        return None
    return compared
