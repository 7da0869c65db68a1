"""Data quality: which exported rows are odd, from the rows themselves."""

import json
from collections import Counter
from collections.abc import Iterable

from .event import ADD, CHECKOUT, EVENT_NAMES, PURCHASE, REFUND, REMOVE, VIEW_ITEM, number
from .naming import is_nothing
from .rows import Row


def odd_rows(rows: Iterable[Row]) -> dict[str, int]:
    """How many rows of each kind; every row once for each kind it is odd in."""
    known = [row for row in rows if row["event_name"] in EVENT_NAMES]
    different = {json.dumps(row, sort_keys=True): row for row in known}
    found: Counter[str] = Counter()
    found["repeated_row"] = len(known) - len(different)
    for row in different.values():
        found.update(_kinds(row))
    return {kind: count for kind, count in sorted(found.items()) if count}


def _kinds(row: Row) -> set[str]:
    name, items = row["event_name"], row.get("items") or []
    kinds = set()
    if name in (PURCHASE, REFUND) and _amount(row) < 0:
        kinds.add("negative_refund" if name == REFUND else "negative_revenue")
    if any((number(_text(one.get("price"))) or 0) < 0 for one in items):
        kinds.add("negative_price")
    if name not in (CHECKOUT, VIEW_ITEM) and any(
        (number(_text(one.get("quantity"))) or 0) < 0 for one in items
    ):
        kinds.add("negative_quantity")
    if name in (PURCHASE, REFUND, ADD, REMOVE, CHECKOUT) and any(
        is_nothing(one.get("item_id")) and is_nothing(one.get("item_name")) for one in items
    ):
        kinds.add("unnamed_item")
    return kinds


def _amount(row: Row) -> float:
    """What the shop says it is worth: its own column, else the parameter."""
    named = "refund_value" if row["event_name"] == REFUND else "purchase_revenue"
    told = number(_text((row.get("ecommerce") or {}).get(named)))
    if told is None:
        told = next(
            (
                number(_text(next(iter(pair["value"].values()), None)))
                for pair in row.get("event_params", [])
                if pair["key"] == "value"
            ),
            None,
        )
    return float(told or 0)


def _text(value: object) -> str | None:
    return None if value is None else str(value)
