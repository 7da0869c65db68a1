"""Export rows into a test database through the product's own transform, COPY and swap.

The BigQuery query between the rows and the transform is stood in for here by plain Python, so
that a test can load hundreds of histories in a minute; tests/ingest checks the query itself.
"""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa

from app import jobs
from app.database.engine import tenant_transaction
from app.database.partitions import ensure_partitions
from app.dates import DateRange
from app.ingest.bigquery.source import DaySource
from app.ingest.files.customer_file import BranchRow, ContactRow
from app.ingest.jobs import IngestRequest
from app.ingest.store.event_tables import EVENT_TABLES, SESSION_PART, EventTable, output_columns
from app.ingest.store.harvest import CustomerFile, Harvest
from app.ingest.store.load import store
from app.ingest.store.spool import Extraction
from app.ingest.store.transform import Refusals, raw_batch, transform
from app.jobs import Run
from app.jobs.work import _claim
from tests.session_rows import session_parts

Row = dict[str, Any]
PROPERTIES = {
    "user_id": "WebUserId",
    "company_id": "WebCustomerId",
    "branch_id": "default_branch_id",
}
TEXT_ORDER = ("string_value", "int_value", "double_value", "float_value")
NUMBER_ORDER = ("double_value", "float_value", "int_value", "string_value")
KIND = {"": "daily", "intraday_": "intraday", "fresh_": "fresh"}


def contact(user_id: str, company_id: str | None = None) -> ContactRow:
    """A row of the customer file with the columns that figures depend on."""
    return ContactRow(user_id, buying_company_erp_id=company_id)


def load_days(
    tenant_id: UUID,
    tables: Mapping[str, Sequence[Row]],
    *,
    event_types: Iterable[str] = tuple(EVENT_TABLES),
    contacts: Sequence[ContactRow] | None = None,
    branches: Sequence[BranchRow] | None = None,
) -> None:
    """Load export tables (events_20250401 → rows), replacing their days for these types."""
    sources = {source.event_date: source for source in map(_source, tables)}
    files = []
    if contacts is not None:
        files.append(CustomerFile("users", "users.csv", None, contacts))
    if branches is not None:
        files.append(CustomerFile("locations", "locations.csv", None, branches))
    with tempfile.TemporaryDirectory() as folder:
        extractions = (
            {name: _spool(EVENT_TABLES[name], tables, Path(folder)) for name in event_types}
            if sources
            else {}
        )
        if sources:
            ensure_partitions(DateRange(min(sources), max(sources)))
        run = claimed_run(tenant_id, sources)
        by_type = dict.fromkeys(extractions, sources)
        store(run, Harvest(by_type, extractions, files), None)


def claimed_run(tenant_id: UUID, days: Iterable[date]) -> Run:
    """A run of an ingestion, as a worker would hold it."""
    known = sorted(days) or [date(2025, 1, 1)]
    with tenant_transaction(tenant_id) as conn:
        request = IngestRequest(known[0], known[-1])
        job_id = jobs.enqueue(conn, tenant_id, "ingest", request, started_by="schedule")
    run = _claim(tenant_id, job_id)
    assert run is not None
    return run


def _source(table: str) -> DaySource:
    day = datetime.strptime(table[-8:], "%Y%m%d").replace(tzinfo=UTC).date()
    kind = KIND[table.removeprefix("events_")[:-8]]
    return DaySource(day, table, kind, datetime.now(UTC), 0, 0, {})  # type: ignore[arg-type]


def _spool(table: EventTable, tables: Mapping[str, Sequence[Row]], folder: Path) -> Extraction:
    path = folder / f"{table.name}.arrow"
    cells = [cells for name, rows in tables.items() for cells in answered(table, name, rows)]
    refusals = Refusals()
    with pa.ipc.new_stream(str(path), table.schema) as writer:
        clean = transform(table, raw_batch(table, cells), refusals)
        writer.write_batch(clean)
    assert not refusals.counts, refusals.counts
    return Extraction(table.name, path, rows=clean.num_rows)


def answered(table: EventTable, source: str, rows: Sequence[Row]) -> list[list[str | None]]:
    """What the query of that table answers for the exported rows of the table `source`."""
    if table is SESSION_PART:
        return [
            [_cell(part.get(name)) for name in output_columns(table)]
            for part in session_parts(source, rows)
        ]
    return [flat(table, source, row) for row in rows if row["event_name"] in table.event_names]


def flat(table: EventTable, source: str, row: Row) -> list[str | None]:
    """What the query of that event table answers for an exported row of the table `source`."""
    values = {"source_table": source, **_values(row)}
    return [_cell(values.get(name, row.get(name))) for name in output_columns(table)]


def _values(row: Row) -> dict[str, Any]:
    params = _first_values(row.get("event_params", ()))
    properties = _first_values(row.get("user_properties", ()))
    ecommerce, items = row.get("ecommerce") or {}, row.get("items") or []
    money = "refund_value" if row["event_name"] == "refund" else "purchase_revenue"
    first = items[0] if items else {}
    device, geo, traffic = (row.get(k) or {} for k in ("device", "geo", "traffic_source"))
    return {
        **{column: _pick(properties.get(key), TEXT_ORDER) for column, key in PROPERTIES.items()},
        "event_ts": row["event_timestamp"],
        "content_hash": _hash(row.get("event_params", ())),
        "ga_session_id": _pick(params.get("ga_session_id"), ("int_value", *TEXT_ORDER)),
        "is_engaged": _pick(params.get("session_engaged"), TEXT_ORDER),
        "page_url": _pick(params.get("page_location"), TEXT_ORDER),
        **{k: _pick(params.get(k), TEXT_ORDER) for k in ("page_title", "page_referrer")},
        **{k: _pick(params.get(k), TEXT_ORDER) for k in ("currency", "search_term")},
        "value": _pick(params.get("value"), NUMBER_ORDER),
        "transaction_id": _known(
            ecommerce.get("transaction_id"), _pick(params.get("transaction_id"), TEXT_ORDER)
        ),
        "revenue": _known(
            _number(ecommerce.get(money)), _number(_pick(params.get("value"), NUMBER_ORDER))
        ),
        "item_id": first.get("item_id"),
        "item_name": first.get("item_name"),
        "item_category": first.get("item_category"),
        "item_price": first.get("price"),
        "quantity": first.get("quantity"),
        "items_json": json.dumps([_item(i) for i in items]) if items else None,
        "device_category": device.get("category"),
        "city": geo.get("city"),
        "country": geo.get("country"),
        "traffic_source": traffic.get("source"),
        "traffic_medium": traffic.get("medium"),
    }


def _hash(params: Iterable[Row]) -> int:
    text = json.dumps(list(params), sort_keys=True)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:7], "big")


def _first_values(pairs: Iterable[Row]) -> dict[str, Row]:
    return {pair["key"]: pair.get("value") or {} for pair in pairs if pair.get("key")}


def _pick(value: Row | None, order: Iterable[str]) -> Any:
    return _known(*((value or {}).get(name) for name in order))


def _known(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _number(value: Any) -> float | None:
    if value is None or math.isnan(float(value)):
        return None
    return float(value)


def _item(item: Row) -> Row:
    texts = {k: _named(item.get(k)) for k in ("item_id", "item_name", "item_category")}
    quantity = item.get("quantity")
    return {
        **texts,
        "price": _number(item.get("price")),
        "quantity": None if quantity is None else int(quantity),
    }


def _named(text: str | None) -> str | None:
    return text or None


def _cell(value: Any) -> str | None:
    return None if value is None else str(value)
