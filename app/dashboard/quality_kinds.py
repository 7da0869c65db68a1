"""What can be odd about exported rows, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Kind:
    """What is odd about rows, in words: one, many, and what is done about it."""

    one: str
    many: str
    meaning: str


KindName = Literal[
    "repeated_row",
    "negative_refund",
    "negative_revenue",
    "negative_quantity",
    "negative_price",
    "unnamed_item",
]
KINDS: dict[KindName, Kind] = {
    "repeated_row": Kind(
        "row exported twice",
        "rows exported twice",
        "Equal in every column to another row of the same export: together they are one event",
    ),
    "negative_refund": Kind(
        "negative refund",
        "negative refunds",
        "A refund counts by its amount, whatever its sign",
    ),
    "negative_revenue": Kind(
        "order with negative revenue",
        "orders with negative revenue",
        "Counted as is: it lowers the revenue",
    ),
    "negative_quantity": Kind(
        "event with a negative quantity",
        "events with a negative quantity",
        "In a cart, adding counts as removing and the other way around. In a refund the sign is"
        " ignored. In an order it counts as is",
    ),
    "negative_price": Kind(
        "event with a negative price",
        "events with a negative price",
        "Counted as is, like a discount",
    ),
    "unnamed_item": Kind(
        "event with an unnamed item",
        "events with an unnamed item",
        "An item without id and name: one unnamed item of its order, and no line of a cart",
    ),
}
