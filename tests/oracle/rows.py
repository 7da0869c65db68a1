"""GA4 export rows written by hand, in the exact shape `bq extract` gives them.

    session = {"visitor": "p1.7", "session": 100, "contact": "U1", "branch": "D01"}
    rows = [
        page_view("2025-04-01 10:00", **session),
        add_to_cart("2025-04-01 10:01", items=[item("A", price=1000, quantity=2)], **session),
        purchase("2025-04-01 10:05", transaction_id="T1", revenue=2000, **session),
    ]

Instants are UTC unless they carry an offset; `time_zone` is the property's, in which `event_date`
is the day. INT64 are strings, FLOAT64 numbers, NaN the string "NaN", nulls are left out;
`as_console` gives the other shape. `visitor=None` or `session=None` makes a cookieless row.
"""

import gzip
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

# A row is JSON: its values are texts, numbers, lists and objects, as the export has them.
Row: TypeAlias = dict[str, Any]
Scalar: TypeAlias = str | int | float | Decimal | None
Batch: TypeAlias = tuple[int | None, int | None, int | None]

SCALARS = ("string_value", "int_value", "float_value", "double_value")
BATCH = ("batch_page_id", "batch_ordering_id", "batch_event_index")
NO_BATCH: Batch = (None, None, None)


def event(
    name: str,
    ts: str | datetime,
    visitor: str | None = "p1.1",
    session: int | None = 100,
    *,
    time_zone: str = "UTC",
    event_date: date | str | None = None,
    contact: Scalar = None,
    company: Scalar = None,
    branch: Scalar = None,
    properties: Mapping[str, Scalar] | None = None,
    params: Mapping[str, Scalar] | None = None,
    engaged: Scalar = None,
    page_url: str | None = None,
    currency: str | None = None,
    value: Scalar = None,
    ecommerce: Mapping[str, Scalar] | None = None,
    items: Sequence[Row] = (),
    batch: Batch = NO_BATCH,
    **columns: object,
) -> Row:
    """One exported row of any event.

    `contact`, `company` and `branch` fill the default user properties, `properties` any others.
    `batch` is (batch_page_id, batch_ordering_id, batch_event_index). A param or property given
    as None is left out; `columns` are further columns of the row, or replace the ones made here.
    """
    instant = to_instant(ts)
    day = event_date or instant.astimezone(ZoneInfo(time_zone)).date()
    named = {"WebUserId": contact, "WebCustomerId": company, "default_branch_id": branch}
    told: dict[str, Scalar] = {"ga_session_id": session, "session_engaged": engaged}
    told |= {"page_location": page_url, "currency": currency, "value": value}
    row: Row = {
        "event_date": day if isinstance(day, str) else f"{day:%Y%m%d}",
        "event_timestamp": str(to_micros(instant)),
        "event_name": name,
        "event_params": pairs(told | dict(params or {})),
        "user_pseudo_id": visitor,
        "user_properties": pairs(named | dict(properties or {})),
        "ecommerce": present({key: plain(one) for key, one in (ecommerce or {}).items()}),
        "items": list(items),
        **dict(zip(BATCH, map(plain, batch), strict=True)),
    }
    return present(row | columns)


page_view = partial(event, "page_view")
view_item = partial(event, "view_item")
add_to_cart = partial(event, "add_to_cart")
remove_from_cart = partial(event, "remove_from_cart")
begin_checkout = partial(event, "begin_checkout")


def purchase(
    ts: str | datetime,
    visitor: str | None = "p1.1",
    session: int | None = 100,
    *,
    transaction_id: str | None = None,
    revenue: Scalar = None,
    **more: Any,
) -> Row:
    """An order; `revenue` is ecommerce.purchase_revenue, `value` the param, `more` as event()."""
    ecommerce = {"transaction_id": transaction_id, "purchase_revenue": as_float(revenue)}
    return event("purchase", ts, visitor, session, ecommerce=ecommerce, **more)


def refund(
    ts: str | datetime,
    visitor: str | None = "p1.1",
    session: int | None = 100,
    *,
    transaction_id: str | None = None,
    amount: Scalar = None,
    **more: Any,
) -> Row:
    """A refund; `amount` is ecommerce.refund_value, `value` the param, `more` as event()."""
    ecommerce = {"transaction_id": transaction_id, "refund_value": as_float(amount)}
    return event("refund", ts, visitor, session, ecommerce=ecommerce, **more)


def search(
    ts: str | datetime,
    term: str,
    visitor: str | None = "p1.1",
    session: int | None = 100,
    *,
    name: str = "view_search_results",
    **more: Any,
) -> Row:
    """A search that found something; `name` for another search event."""
    params = {"search_term": term, **more.pop("params", {})}
    return event(name, ts, visitor, session, params=params, **more)


failed_search = partial(search, name="no_search_results")


def item(
    item_id: str | None = None,
    *,
    name: str | None = None,
    price: Scalar = None,
    quantity: int | None = None,
    category: str | None = None,
    **columns: object,
) -> Row:
    """One element of `items`."""
    element = {"item_id": item_id, "item_name": name, "item_category": category}
    numbers = {"price": plain(as_float(price)), "quantity": plain(quantity)}
    return present(element | numbers | columns)


def to_instant(ts: str | datetime) -> datetime:
    """An aware instant; a text or naive one is UTC."""
    instant = datetime.fromisoformat(ts) if isinstance(ts, str) else ts
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=UTC)


def to_micros(instant: datetime) -> int:
    """Microseconds since 1970, without going through floating point."""
    passed = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return (passed.days * 86_400 + passed.seconds) * 1_000_000 + passed.microseconds


def as_float(number: Scalar) -> Scalar:
    """Amounts are FLOAT64 in the export; texts and None stay what they are."""
    return number if number is None or isinstance(number, str) else float(number)


def plain(scalar: Scalar) -> str | float | None:
    """A scalar as `bq extract` writes it."""
    if scalar is None or isinstance(scalar, str):
        return scalar
    if isinstance(scalar, int):
        return str(int(scalar))
    number = float(scalar)
    if math.isnan(number):
        return "NaN"
    return number if math.isfinite(number) else f"{'-' if number < 0 else ''}Infinity"


def pairs(named: Mapping[str, Scalar]) -> list[Row]:
    """Params or properties: the type of the value picks its field, as GA4 does."""
    return [
        {"key": key, "value": {field_of(scalar): plain(scalar)}}
        for key, scalar in named.items()
        if scalar is not None
    ]


def field_of(scalar: Scalar) -> str:
    """The field of a param's value that holds such a scalar."""
    if isinstance(scalar, str):
        return "string_value"
    return "int_value" if isinstance(scalar, int) else "double_value"


def present(record: Row) -> Row:
    """The record without its nulls."""
    return {key: value for key, value in record.items() if value is not None}


def as_console(row: Row) -> Row:
    """The same row as BigQuery's console saves it: every scalar a string, nulls written out."""
    nulls: Row = dict.fromkeys(("user_pseudo_id", "user_id", *BATCH))
    texts: Row = _texts(nulls | row)
    for pair in (*texts["event_params"], *texts["user_properties"]):
        pair["value"] = dict.fromkeys(SCALARS) | pair["value"]
    names = ("transaction_id", "purchase_revenue", "refund_value")
    texts["ecommerce"] = dict.fromkeys(names) | texts.get("ecommerce", {}) or None
    return texts


def _texts(value: Any) -> Any:
    """Any JSON with its scalars as strings."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value if value is None or isinstance(value, str) else str(value)


def write_tables(directory: Path, tables: Mapping[str, Iterable[Row]]) -> None:
    """Write TABLE.json.gz files (newline-delimited), such as events_intraday_20250401.json.gz."""
    directory.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        lines = "".join(f"{json.dumps(row)}\n" for row in rows)
        packed = gzip.compress(lines.encode(), compresslevel=1, mtime=0)
        (directory / f"{table}.json.gz").write_bytes(packed)
