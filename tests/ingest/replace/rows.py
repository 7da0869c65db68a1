"""Rows of an export as BigQuery answers them, handmade and few, and what identifies each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time

from app.ingest.store.event_tables import EVENT_TABLES
from tests.ingest.replace.export_server import Cells

TYPES = tuple(EVENT_TABLES)
NAMES = {name: table.event_names for name, table in EVENT_TABLES.items()}
Key = tuple[str | None, ...]
_KEY = ("source_table", "event_name", "user_pseudo_id", "ga_session_id", "event_ts")
_ITEMS = '[{"item_id": "S-1", "item_name": "Saw", "price": 25.0, "quantity": 2}]'


def day_rows(day: date, visits: int) -> list[Cells]:
    """A day with so many visits, of which each leaves one row of every extraction.

    Visits of one number are of one visitor on all days, so that days depend on each other.
    """
    return [row for number in range(visits) for row in _visit(day, number)]


def of_type(rows: Iterable[Cells], event_type: str) -> list[Cells]:
    """The rows that belong into that event table."""
    return [row for row in rows if row["event_name"] in NAMES[event_type]]


def without(rows: Iterable[Cells], event_type: str) -> list[Cells]:
    """The rows that belong into the other event tables."""
    return [row for row in rows if row["event_name"] not in NAMES[event_type]]


def in_table(rows: Iterable[Cells], table: str) -> list[Cells]:
    """The rows as they stand in the table of that name."""
    return [row | {"source_table": table} for row in rows]


def keys(rows: Iterable[Cells]) -> list[Key]:
    """What identifies each row, sorted; a row that is there twice stands twice."""
    return sorted((tuple(row.get(name) for name in _KEY) for row in rows), key=repr)


def _visit(day: date, number: int) -> list[Cells]:
    start = datetime.combine(day, time(8, number % 60), UTC)
    common: Cells = {
        "event_date": f"{day:%Y%m%d}",
        "user_pseudo_id": f"{number}.7",
        "ga_session_id": f"1{start:%m%d%H%M}",
        "is_engaged": "1",
        "currency": "USD",
        "branch_id": f"D0{number % 3}",
        "user_id": f"C{number}" if number % 2 else None,
    }
    parts: list[Cells] = [
        {"event_name": "page_view", "page_url": f"https://shop.example/{number}"},
        {"event_name": "view_search_results", "search_term": "saw"},
        {"event_name": "no_search_results", "search_term": f"rare thing {number}"},
        {"event_name": "view_item", **_item(), "item_category": "Tools"},
        {"event_name": "add_to_cart", **_item(), "quantity": "2", "value": "50.0"},
        {
            "event_name": "purchase",
            "transaction_id": f"T{day:%m%d}-{number}",
            "revenue": f"{50 + number}.0",
            "items_json": _ITEMS,
        },
    ]
    micros = int(start.timestamp()) * 1_000_000
    events = [
        common | part | {"event_ts": str(micros + second * 1_000_000)}
        for second, part in enumerate(parts)
    ]
    # What the query of sessions makes of them, and of a later event of a kind that is not stored.
    session: Cells = {
        "event_name": "session",
        "event_ts": str(micros),
        "last_ts": str(micros + 9_000_000),
        "engagement_ms": "4000",
        "page_views": "1",
        "source": "google",
        "medium": "organic",
    }
    return [*events, common | session]


def _item() -> Cells:
    return {
        "item_id": "S-1",
        "item_name": "Saw",
        "item_price": "25.0",
        "items_json": _ITEMS,
    }
