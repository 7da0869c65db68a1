"""The tiles of Overview: which figures, what they mean, how they moved."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from app.dashboard.comparison import Change, point_change, relative_change
from app.dashboard.queries import Overview
from app.format import Format, plural
from app.ratios import average

DEFINITIONS = {
    "net_revenue": "Revenue of the orders placed on these days, less the refunds made on these "
    "days, in the reporting currency. Other currencies are shown separately and never added.",
    "orders": "Purchases with different order numbers. The first one counts; an order that was "
    "exported again is removed and counted under data quality.",
    "visitors": "Different contacts, else devices, that viewed at least one page. One visitor on "
    "two days or at two branches counts once, so days and branches do not add up.",
    "sessions": "Visits. One that runs over midnight counts once, on the day it began.",
    "conversion_rate": "Sessions with an order ÷ all sessions.",
    "abandoned_carts": "Carts with something in them and no order within 24 hours of the last "
    "activity, by the day of that activity. Carts recovered later are included.",
    "failed_searches": "Searches that found nothing, out of all searches in the shop.",
    "repeat_visitors": "Visitors with at least two sessions on these days.",
}


@dataclass(frozen=True)
class Tile:
    """One figure ready to show; `full` is the unshortened value for a title."""

    key: str
    label: str
    value: str
    full: str
    change: Change | None
    base: str | None
    note: str | None = None

    @property
    def definition(self) -> str:
        """What exactly is counted."""
        return DEFINITIONS[self.key]


def build_tiles(now: Overview, base: Overview | None, fmt: Format) -> list[Tile]:
    """All tiles in reading order; `base` is the compared period's figures, if any."""
    return [
        _money("net_revenue", "Net revenue", now, base, fmt, note=_revenue_note(now, fmt)),
        _count("orders", "Orders", now, base, fmt, note=_average_note(now, fmt)),
        _percent("conversion_rate", "Conversion", now, base, fmt),
        _count("visitors", "Visitors", now, base, fmt, note=_pages_note(now, fmt)),
        _count("sessions", "Sessions", now, base, fmt, note=_bounce_note(now, fmt)),
        _count("repeat_visitors", "Repeat visitors", now, base, fmt, note=_repeat_note(now, fmt)),
        _count(
            "abandoned_carts",
            "Abandoned carts",
            now,
            base,
            fmt,
            better=False,
            note=f"worth {fmt.money_short(now.abandoned_cart_value, now.currency)}",
        ),
        _count(
            "failed_searches",
            "Failed searches",
            now,
            base,
            fmt,
            better=False,
            note=_search_note(now, fmt),
        ),
    ]


def _count(
    key: str,
    label: str,
    now: Overview,
    base: Overview | None,
    fmt: Format,
    *,
    better: bool = True,
    note: str | None = None,
) -> Tile:
    value: int = getattr(now, key)
    before: int | None = getattr(base, key, None)
    change = relative_change(value, before, fmt, more_is_better=better) if base else None
    written = None if before is None else fmt.number(before)
    return Tile(key, label, fmt.number(value), fmt.number(value), change, written, note)


def _money(
    key: str, label: str, now: Overview, base: Overview | None, fmt: Format, *, note: str | None
) -> Tile:
    value: Decimal = getattr(now, key)
    before: Decimal | None = getattr(base, key, None)
    change = relative_change(value, before, fmt, more_is_better=True) if base else None
    short, full = fmt.money_short(value, now.currency), fmt.money(value, now.currency)
    written = None if before is None else fmt.money_short(before, now.currency)
    return Tile(key, label, short, full, change, written, note)


def _percent(key: str, label: str, now: Overview, base: Overview | None, fmt: Format) -> Tile:
    value: Decimal | None = getattr(now, key)
    before: Decimal | None = getattr(base, key, None)
    change = point_change(value, before, fmt, more_is_better=True) if base else None
    written = fmt.percent(value, 2)
    note = f"{fmt.number(now.sessions_with_order)} sessions with an order"
    base_written = fmt.percent(before, 2) if base else None
    return Tile(key, label, written, written, change, base_written, note)


def _revenue_note(now: Overview, fmt: Format) -> str | None:
    if not now.refunds:
        return None
    gross, refunds = (fmt.money_short(v, now.currency) for v in (now.revenue, now.refunds))
    return f"{gross} less {refunds} refunded"


def _average_note(now: Overview, fmt: Format) -> str | None:
    orders = now.orders - sum(other.orders for other in now.other_currencies)
    if orders <= 0:
        return None
    return f"{fmt.money(average(now.revenue, orders), now.currency)} on average"


def _pages_note(now: Overview, fmt: Format) -> str:
    return f"{fmt.number(now.page_views)} {plural(now.page_views, 'page view')}"


def _bounce_note(now: Overview, fmt: Format) -> str | None:
    return None if now.bounce_rate is None else f"{fmt.percent(now.bounce_rate)} bounced"


def _repeat_note(now: Overview, fmt: Format) -> str | None:
    if not now.visitors:
        return None
    return f"{fmt.percent(Decimal(100 * now.repeat_visitors) / now.visitors)} of visitors"


def _search_note(now: Overview, fmt: Format) -> str:
    if not now.total_searches:
        return "no searches"
    share = fmt.percent(Decimal(100 * now.failed_searches) / now.total_searches)
    return f"{share} of {fmt.number(now.total_searches)}"
