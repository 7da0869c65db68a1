"""Where each figure leads: the list whose rows add up to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import url_for

from app.dashboard.filters import Filters

# By figure: the list's endpoint, and what it is asked beside days and branches.
LISTS: dict[str, tuple[str, dict[str, str]]] = {
    "net_revenue": ("orders.orders", {}),
    "orders": ("orders.orders", {"status": "order"}),
    "conversion_rate": ("sessions.sessions", {"with_order": "1"}),
    "visitors": ("sessions.sessions", {}),
    "sessions": ("sessions.sessions", {}),
    "bounces": ("sessions.sessions", {"bounced": "1"}),
    "repeat_visitors": ("sessions.sessions", {"repeat_visitor": "1"}),
    "abandoned_carts": ("tasks.cart_abandonment", {}),
    "failed_searches": ("terms.search_terms", {}),
}


def link_maker(filters: Filters) -> Callable[..., str]:
    """What templates call with a figure, and a branch where the figure is one branch's."""

    def list_link(figure: str, location_id: str | None = None) -> str:
        endpoint, more = LISTS[figure]
        asked: dict[str, Any] = filters.list_arguments() | more
        if location_id is not None:
            asked["location_id"] = location_id
        return url_for(endpoint, **asked)

    return list_link
