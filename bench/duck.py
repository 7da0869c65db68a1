"""DuckDB's native copy of one tenant's raw events, and the dashboard's plain figures from it.

It is a yardstick, so it has it easy: this one tenant alone, its columns in memory, and only
the figures that one pass over the events gives (no carts, no repeat visitors, no branches).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import duckdb
import pyarrow as pa

from app.dashboard.queries import Overview
from app.dates import DateRange
from app.ingest.store.event_tables import EVENT_TABLES

_COLUMNS = (
    "event_date",
    "event_ts",
    "event_name",
    "user_pseudo_id",
    "ga_session_id",
    "user_id",
    "is_engaged",
)

# A session lies on the day of its first event, so the days around the range are read too.
_FIGURES = """
    with session as (
        select
            user_pseudo_id, ga_session_id, min(event_date) as session_date,
            count(*) filter (where event_name = 'page_view') as page_views,
            count(*) filter (where event_name = 'purchase') as purchases,
            count(*) as events, bool_or(is_engaged) as is_engaged,
            coalesce('c' || arg_max(user_id, event_ts), 'd' || user_pseudo_id) as visitor
        from event
        where
            event_date between $first - interval 1 day and $last + interval 1 day
            and ga_session_id is not null
        group by user_pseudo_id, ga_session_id
    ),
    ordered as (
        select transaction_id, arg_min(revenue, event_ts) as revenue, min(event_date) as day
        from purchase
        where event_name = 'purchase'
        group by transaction_id
    )
    select
        count(*), count(distinct visitor) filter (where page_views > 0),
        (select count(*) from ordered where day between $first and $last),
        (select coalesce(sum(revenue), 0) from ordered where day between $first and $last),
        (
            select coalesce(sum(revenue), 0) from purchase
            where event_name = 'refund' and event_date between $first and $last
        ),
        sum(page_views),
        (
            select count(*) from event
            where event_name in ('view_search_results', 'no_search_results')
            and event_date between $first and $last
        ),
        (
            select count(*) from event
            where event_name = 'no_search_results' and event_date between $first and $last
        ),
        count(*) filter (
            where not coalesce(is_engaged, events > 1 or page_views = 0) and purchases = 0
        )
    from session
    where session_date between $first and $last
"""


class Duck:
    """An in-memory database with the tables `event` (all six types) and `purchase`."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        """Append one month's six event types."""
        for name in EVENT_TABLES:
            if name == "session_part":
                continue  # aggregated from the others
            batch = tables[name]
            self._append("event", batch.select(_COLUMNS))
            if name == "purchase":
                self._append("purchase", batch)

    def _append(self, table: str, batch: pa.Table) -> None:
        self._connection.register("batch", batch)
        self._connection.execute(f"create table if not exists {table} as from batch limit 0")
        self._connection.execute(f"insert into {table} from batch")
        self._connection.unregister("batch")

    def figures(self, period: DateRange) -> tuple[int | Decimal, ...]:
        """Sessions, visitors, orders, revenue, refunds, page views, searches, failed, bounces."""
        values = {"first": period.start, "last": period.end}
        row = self._connection.execute(_FIGURES, values).fetchone()
        if row is None:
            raise RuntimeError("an aggregate without a group has one row")
        return tuple(row)


def same_figures(overview: Overview) -> tuple[int | Decimal, ...]:
    """The figures of `Duck.figures`, as the product answers them."""
    return (
        overview.sessions,
        overview.visitors,
        overview.orders,
        overview.revenue,
        overview.refunds,
        overview.page_views,
        overview.total_searches,
        overview.failed_searches,
        overview.bounces,
    )
