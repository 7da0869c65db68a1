"""From cells as BigQuery sends them to typed rows: cleaned, cut, refused and counted."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from app.ingest.refusals import KEPT_PER_REASON
from app.ingest.store.event_tables import (
    ADD_TO_CART,
    EVENT_TABLES,
    PAGE_VIEW,
    PURCHASE,
    EventTable,
    output_columns,
)
from app.ingest.store.transform import (
    ID_LIMIT,
    URL_LIMIT,
    Refusals,
    raw_batch,
    transform,
)

Cells = dict[str, str | None]
BASE: Cells = {
    "event_date": "20250401",
    "event_ts": "1743508800000000",
    "event_name": "page_view",
    "user_pseudo_id": "1.2",
    "ga_session_id": "100",
    "source_table": "events_20250401",
}


def clean(table: EventTable, *rows: Cells) -> tuple[list[dict[str, Any]], Refusals]:
    """The rows that are kept, as Python values, and what became of the others."""
    names = output_columns(table)
    batch = raw_batch(table, [[(BASE | row).get(name) for name in names] for row in rows])
    refusals = Refusals()
    result = transform(table, batch, refusals)
    assert result.schema == table.schema
    return result.to_pylist(), refusals


def only(table: EventTable, **cells: str | None) -> dict[str, Any]:
    (row,), refusals = clean(table, cells)
    assert not refusals.counts
    return row


def test_a_page_view_is_typed() -> None:
    row = only(
        PAGE_VIEW,
        user_id=" U1 ",
        company_id="(not set)",
        branch_id="",
        is_engaged="1",
        batch_page_id="1743508800001",
        batch_ordering_id="3",
        page_title="Home\x00",
    )

    filled = {name: value for name, value in row.items() if value is not None}
    assert filled == {
        "event_date": date(2025, 4, 1),
        "event_ts": datetime(2025, 4, 1, 12, tzinfo=UTC),
        "event_name": "page_view",
        "user_pseudo_id": "1.2",
        "ga_session_id": 100,
        "user_id": "U1",
        "company_id": "(not set)",
        "is_engaged": True,
        "batch_page_id": 1743508800001,
        "batch_ordering_id": 3,
        "source_table": "events_20250401",
        "page_title": "Home",
    }


@pytest.mark.parametrize("table", EVENT_TABLES.values(), ids=EVENT_TABLES)
def test_typed_columns_give_the_same_rows_as_text(table: EventTable) -> None:
    cells = BASE | {
        "revenue": "19.2",
        "value": "3",
        "item_price": "0.1",
        "quantity": "2",
        "last_ts": BASE["event_ts"],
        "engagement_ms": "7",
        "page_views": "1",
    }
    names = output_columns(table)
    as_text = raw_batch(table, [[cells.get(name) for name in names]])
    kinds = {
        "event_ts": pa.int64(),
        "ga_session_id": pa.int64(),
        "revenue": pa.float64(),
        "value": pa.float64(),
        "item_price": pa.float64(),
        "quantity": pa.int64(),
        "batch_ordering_id": pa.int64(),
        "batch_page_id": pa.int64(),
        "last_ts": pa.int64(),
        "engagement_ms": pa.int64(),
        "page_views": pa.int64(),
    }
    typed = [as_text.column(name).cast(kinds.get(name, pa.string())) for name in names]

    results = [
        transform(table, batch, Refusals()).to_pylist()
        for batch in (as_text, pa.record_batch(typed, names=names))
    ]

    assert results[0] == results[1]
    assert len(results[0]) == 1


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"event_date": "20250402"}, "the event date is another day than its table's"),
        ({"event_date": "20250431"}, "the event date is not a day"),
        ({"event_date": None}, "the event date is not a day"),
        ({"event_ts": None}, "the event time is not a number of microseconds"),
        ({"event_ts": "noon"}, "the event time is not a number of microseconds"),
        ({"event_ts": "1743508800"}, "the event time is outside 2000 to 2099"),
        ({"event_ts": "4102444800000000"}, "the event time is outside 2000 to 2099"),
        ({"ga_session_id": "x"}, "ga_session_id is not a whole number that can be stored"),
        (
            {"batch_event_index": "4000000000"},
            "batch_event_index is not a whole number that can be stored",
        ),
        (
            {"user_pseudo_id": "é" * (ID_LIMIT + 1)},
            f"user_pseudo_id is longer than {ID_LIMIT} characters",
        ),
        ({"revenue": "1e12"}, "revenue is not a number below 1,000,000,000,000"),
        ({"revenue": "12,50"}, "revenue is not a number below 1,000,000,000,000"),
        ({"items_json": '{"a":1}'}, "the items are not a list that can be stored"),
    ],
)
def test_a_row_that_cannot_be_stored_is_refused_and_counted(cells: Cells, reason: str) -> None:
    good = {"source_table": "events_20250401"}
    if cells.get("event_date") == "20250431":
        cells = cells | {"source_table": "events_20250431"}

    rows, refusals = clean(PURCHASE, good, cells, good)

    assert len(rows) == 2
    assert refusals.counts == {reason: 1}
    (sample,) = refusals.samples[reason]
    assert all(value is None or len(value) <= 100 for value in sample.values())


def test_samples_stop_at_their_limit_and_counts_do_not() -> None:
    _, refusals = clean(PAGE_VIEW, *[{"event_ts": "x"}] * (KEPT_PER_REASON + 5))

    assert refusals.total == KEPT_PER_REASON + 5
    kept = refusals.samples["the event time is not a number of microseconds"]
    assert len(kept) == KEPT_PER_REASON


def test_long_addresses_are_cut_counted_and_kept() -> None:
    (row,), refusals = clean(PAGE_VIEW, {"page_url": "ü" * (URL_LIMIT + 1)})

    assert row["page_url"] == "ü" * URL_LIMIT
    assert refusals.cut == {"page_url": 1}


@pytest.mark.parametrize(
    ("exported", "engaged"), [("1", True), ("1.0", True), ("0", False), ("x", False), (None, None)]
)
def test_engagement(exported: str | None, engaged: bool | None) -> None:
    assert only(PAGE_VIEW, is_engaged=exported)["is_engaged"] is engaged


@pytest.mark.parametrize("exported", ["", "(not set)", " T 1 ", "0", None])
def test_transaction_ids_are_kept_as_exported(exported: str | None) -> None:
    assert only(PURCHASE, transaction_id=exported)["transaction_id"] == exported


@pytest.mark.parametrize("exported", ["NaN", "Infinity", "-inf", "", None])
def test_no_amount_is_null(exported: str | None) -> None:
    assert only(PURCHASE, revenue=exported)["revenue"] is None


def test_items_lose_what_postgresql_cannot_store() -> None:
    exported = r'[{"item_id":"a\u0000b","item_name":"\ud800x","price":NaN,"quantity":1}]'

    row = only(ADD_TO_CART, items_json=exported)

    (item,) = json.loads(row["items_json"])
    assert item["item_id"] == "ab"
    assert item["item_name"].endswith("x")
    assert "\ud800" not in item["item_name"]
    assert item["price"] is None


@pytest.mark.parametrize("exported", ["[]", "", None, "null"])
def test_no_items_are_null(exported: str | None) -> None:
    assert only(ADD_TO_CART, items_json=exported)["items_json"] is None


def test_the_term_as_typed_is_kept_beside_the_normalised_one() -> None:
    row = only(EVENT_TABLES["no_search_results"], search_term=" Hex  Bolt?")

    assert (row["search_term"], row["term"]) == (" Hex  Bolt?", "hex bolt")


def test_half_a_surrogate_pair_does_not_stop_the_batch() -> None:
    assert only(PAGE_VIEW, page_title="a\ud800b")["page_title"] == "a?b"


def test_an_empty_page_gives_an_empty_batch() -> None:
    rows, refusals = clean(PAGE_VIEW)

    assert (rows, refusals.total) == ([], 0)
