"""The seven extractions: the GA4 events in each table and the columns a query returns.

Six tables hold events of their own kinds. `session_part` has one row per session and day table,
aggregated over events of every kind; its rows are named `session`.

The Arrow schemas define the spool files, with columns in this order.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

MONEY = pa.decimal128(18, 6)
INSTANT = pa.timestamp("us", tz="UTC")

_COMMON = (
    ("event_date", pa.date32()),
    ("event_ts", INSTANT),
    ("event_name", pa.string()),
    ("user_pseudo_id", pa.string()),
    ("ga_session_id", pa.int64()),
    ("user_id", pa.string()),
    ("company_id", pa.string()),
    ("branch_id", pa.string()),
    ("is_engaged", pa.bool_()),
    ("batch_page_id", pa.int64()),
    ("batch_ordering_id", pa.int32()),
    ("batch_event_index", pa.int32()),
    ("page_url", pa.string()),
    ("source_table", pa.string()),
    ("content_hash", pa.int64()),
)
# Distinguishes rows that differ only in what is not stored; the swap drops it.
STAGED_ONLY = frozenset({"content_hash"})
_SEARCH = (("search_term", pa.string()), ("term", pa.string()))

_DERIVED_LATER = ("term",)


@dataclass(frozen=True)
class EventTable:
    """One event table: its exported events and its Arrow schema."""

    name: str
    event_names: tuple[str, ...]
    schema: pa.Schema

    @property
    def stored_columns(self) -> list[str]:
        """The columns that the database table has too."""
        return [name for name in self.schema.names if name not in STAGED_ONLY]


def _table(
    name: str, event_names: tuple[str, ...], *columns: tuple[str, pa.DataType]
) -> EventTable:
    return EventTable(name, event_names, pa.schema([*_COMMON, *columns]))


PURCHASE = _table(
    "purchase",
    ("purchase", "refund"),
    ("transaction_id", pa.string()),
    ("revenue", MONEY),
    ("currency", pa.string()),
    ("items_json", pa.string()),
)
ADD_TO_CART = _table(
    "add_to_cart",
    ("add_to_cart", "remove_from_cart", "begin_checkout"),
    ("currency", pa.string()),
    ("value", MONEY),
    ("item_id", pa.string()),
    ("item_name", pa.string()),
    ("item_price", MONEY),
    ("quantity", MONEY),
    ("items_json", pa.string()),
)
PAGE_VIEW = _table(
    "page_view",
    ("page_view",),
    ("page_title", pa.string()),
    ("page_referrer", pa.string()),
    ("device_category", pa.string()),
    ("city", pa.string()),
    ("country", pa.string()),
    ("traffic_source", pa.string()),
    ("traffic_medium", pa.string()),
)
VIEW_ITEM = _table(
    "view_item",
    ("view_item",),
    ("item_id", pa.string()),
    ("item_name", pa.string()),
    ("item_category", pa.string()),
    ("item_price", MONEY),
    ("currency", pa.string()),
    ("items_json", pa.string()),
)
VIEW_SEARCH_RESULTS = _table("view_search_results", ("view_search_results",), *_SEARCH)
NO_SEARCH_RESULTS = _table(
    "no_search_results", ("no_search_results", "view_search_results_no_results"), *_SEARCH
)
# event_ts is the session's first instant of the day; user_id, company_id and branch_id are the last
# ones seen; batch ids and the page are null.
SESSION_PART = _table(
    "session_part",
    ("session",),
    ("last_ts", INSTANT),
    ("engagement_ms", pa.int64()),
    ("page_views", pa.int32()),
    ("source", pa.string()),
    ("medium", pa.string()),
    ("campaign", pa.string()),
    ("device_category", pa.string()),
    ("country", pa.string()),
)

EVENT_TABLES: dict[str, EventTable] = {
    table.name: table
    for table in (
        PURCHASE,
        ADD_TO_CART,
        PAGE_VIEW,
        VIEW_ITEM,
        VIEW_SEARCH_RESULTS,
        NO_SEARCH_RESULTS,
        SESSION_PART,
    )
}


def output_columns(table: EventTable) -> list[str]:
    """The columns a source returns for `table`, in order: the spool's without the derived ones."""
    return [name for name in table.schema.names if name not in _DERIVED_LATER]
