"""A made-up history of one tenant, month by month, in the form of the spool files.

Deterministic: the same seed, tenant and month give the same rows. Visitors come back (few of
them often), most contacts sign in, some in the middle of a session; one session in a hundred
is shared by two contacts, four events in a hundred lack consent, orders are repeated and
refunded, carts are emptied and ordered. Everything is numpy columns: no Python code per row.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from app.ingest.store.event_tables import EVENT_TABLES, INSTANT, MONEY

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_DAY_US = 86_400_000_000
_ITEMS = 2_000
_TERMS = 400
_SESSIONS_PER_VISITOR = 3
_CONTACT_SHARE = 0.4
_BRANCHES = 40
_SITES = ("google", "(direct)", "newsletter", "bing")


@dataclass(frozen=True)
class Month:
    """One month of one tenant: days both included."""

    seed: int
    tenant: int
    first: date
    last: date
    sessions_per_day: int
    visitors: int

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


class _Sessions:
    """The sessions of a month as columns."""

    def __init__(self, month: Month, random: np.random.Generator) -> None:
        count = month.sessions_per_day * month.days
        start_day = random.integers(0, month.days, count)
        second = np.clip(random.normal(13.5 * 3600, 3.2 * 3600, count), 0, 86_399)
        midnight = int(datetime.combine(month.first, datetime.min.time(), UTC).timestamp())
        seconds = midnight + start_day * 86_400 + second.astype(np.int64)
        self.count = count
        self.start_us: Ints = seconds * 1_000_000
        self.end_us = (midnight + month.days * 86_400) * 1_000_000
        self.number: Ints = seconds
        self.visitor: Ints = (random.random(count) ** 2 * month.visitors).astype(np.int64)
        contacts = int(month.visitors * _CONTACT_SHARE)
        is_contact = self.visitor % 5 < 2
        signed_in = is_contact & (random.random(count) < 0.85)
        self.contact: Ints = np.where(signed_in, self.visitor, -1)
        self.is_late = signed_in & (random.random(count) < 0.06)
        is_shared = signed_in & (random.random(count) < 0.025)
        self.second_contact: Ints = np.where(
            is_shared, random.integers(0, max(1, contacts), count) * 5, self.contact
        )
        self.engaged = np.where(random.random(count) < 0.7, "1", "0").astype(object)
        self.engaged[random.random(count) < 0.2] = None


@dataclass(frozen=True)
class _Events:
    """Events of one kind: which session each belongs to and when it happened."""

    session: Ints
    ts_us: Ints

    @property
    def count(self) -> int:
        return len(self.session)

    def only(self, mask: Mask) -> _Events:
        return _Events(self.session[mask], self.ts_us[mask])


def month_tables(month: Month) -> dict[str, pa.Table]:
    """The six event types of the month, each in the schema of its spool, by day."""
    random = np.random.default_rng([month.seed, month.tenant, month.first.toordinal()])
    sessions = _Sessions(month, random)
    views = _spread(sessions, random.geometric(0.2, sessions.count), random)
    cart = _spread(sessions, _some(random, sessions.count, 0.12, 4), random)
    parts = {
        "page_view": _page_views(sessions, views, random),
        "view_item": _item_views(sessions, views.only(random.random(views.count) < 0.3), random),
        "add_to_cart": _cart_events(sessions, cart, random),
        "purchase": _purchases(month, sessions, cart, random),
        "view_search_results": _searches(
            sessions,
            _spread(sessions, _some(random, sessions.count, 0.15, 3), random),
            "view_search_results",
            random,
        ),
        "no_search_results": _searches(
            sessions,
            _spread(sessions, _some(random, sessions.count, 0.04, 2), random),
            "no_search_results",
            random,
        ),
    }
    tables = {name: _sorted(name, columns) for name, columns in parts.items()}
    return tables | {"session_part": _session_parts(tables)}


def _session_parts(tables: dict[str, pa.Table]) -> pa.Table:
    """One row for each session and day, as the query of sessions aggregates them."""
    keys = ["event_date", "user_pseudo_id", "ga_session_id", "source_table"]
    shared = [*keys, "event_ts", "user_id", "company_id", "branch_id", "is_engaged", "event_name"]
    events = pa.concat_tables([table.select(shared) for table in tables.values()])
    events = events.filter(pc.is_valid(events["ga_session_id"]))
    events = events.append_column("is_view", pc.equal(events["event_name"], "page_view"))
    found = events.group_by(keys).aggregate(
        [
            ("event_ts", "min"),
            ("event_ts", "max"),
            ("user_id", "max"),
            ("company_id", "max"),
            ("branch_id", "max"),
            ("is_engaged", "max"),
            ("is_view", "sum"),
        ]
    )
    rows = found.num_rows
    devices = pc.binary_length(found["user_pseudo_id"]).to_numpy() + np.arange(rows)
    columns = {name: found[name] for name in keys}
    columns |= {name: found[f"{name}_max"] for name in shared[5:9]}
    columns |= {
        "event_ts": found["event_ts_min"],
        "event_name": pa.array(np.full(rows, "session", object), pa.string()),
        "last_ts": found["event_ts_max"],
        "engagement_ms": pa.array(devices * 37 % 90_000),
        "page_views": pc.cast(found["is_view_sum"], pa.int32()),
        "source": pa.array(list(_SITES), pa.string()).take(pa.array(devices % len(_SITES))),
        "medium": pa.array(["organic", "(none)", "email"]).take(pa.array(devices % 3)),
    }
    return _sorted("session_part", columns)


def _some(random: np.random.Generator, count: int, share: float, most: int) -> Ints:
    """How many events each session has: none for most, 1 to `most` for the rest."""
    return np.where(random.random(count) < share, random.integers(1, most + 1, count), 0)


def _spread(sessions: _Sessions, counts: Ints, random: np.random.Generator) -> _Events:
    """So many events per session, seconds to minutes apart; none after the month."""
    session = np.repeat(np.arange(sessions.count), counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    step = np.arange(len(session)) - first
    jitter = random.integers(0, 30_000_000, len(session))
    ts_us = sessions.start_us[session] + step * 41_000_000 + jitter
    return _Events(session, np.minimum(ts_us, sessions.end_us - 1))


def _common(
    sessions: _Sessions, events: _Events, name: object, random: np.random.Generator
) -> dict[str, pa.Array]:
    """The columns that every event type has."""
    session = events.session
    late = (events.ts_us - sessions.start_us[session]) > 90_000_000
    contact = np.where(late, sessions.second_contact[session], sessions.contact[session])
    contact = np.where(sessions.is_late[session] & ~late, -1, contact)
    has_consent = random.random(events.count) >= 0.04
    days = (events.ts_us // _DAY_US).astype(np.int32)
    names = name if isinstance(name, np.ndarray) else np.full(events.count, name, object)
    return {
        "event_date": pa.array(days, pa.int32()).cast(pa.date32()),
        "event_ts": pa.array(events.ts_us).cast(INSTANT),
        "event_name": pa.array(names, pa.string()),
        "user_pseudo_id": _texts("%d.1700000000", sessions.visitor[session], has_consent),
        "ga_session_id": pa.array(sessions.number[session], mask=~has_consent),
        "user_id": _texts("W%d", contact, (contact >= 0) & has_consent),
        "company_id": _texts("K%d", contact // 11, (contact >= 0) & has_consent),
        "branch_id": _texts("D%02d", sessions.visitor[session] % _BRANCHES, contact >= 0),
        "is_engaged": pa.array(
            [None if e is None else e == "1" for e in sessions.engaged], pa.bool_()
        ).take(pa.array(session)),
        "batch_page_id": pa.array(events.ts_us // 1000),
        "batch_ordering_id": pa.array(np.ones(events.count, np.int32)),
        "batch_event_index": pa.array(np.ones(events.count, np.int32)),
        "source_table": _day_tables(days),
    }


def _texts(pattern: str, values: Ints, present: Mask) -> pa.Array:
    """`pattern % value` for each value that is present; every distinct one is written once."""
    distinct, codes = np.unique(values, return_inverse=True)
    words = pa.array([pattern % value for value in distinct.tolist()], pa.string())
    return words.take(pa.array(codes, mask=~present))


def _day_tables(days: npt.NDArray[np.int32]) -> pa.Array:
    distinct, codes = np.unique(days, return_inverse=True)
    epoch = date(1970, 1, 1)
    names = [f"events_{epoch + timedelta(days=int(day)):%Y%m%d}" for day in distinct]
    return pa.array(names, pa.string()).take(pa.array(codes))


def _picked(random: np.random.Generator, words: list[str], count: int) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(random.integers(0, len(words), count)))


def _page_views(
    sessions: _Sessions, views: _Events, random: np.random.Generator
) -> dict[str, pa.Array]:
    pages = [f"https://shop.example/catalogue/{n}?ref=list" for n in range(_ITEMS)]
    columns = _common(sessions, views, "page_view", random)
    columns["page_url"] = _picked(random, pages, views.count)
    titles = [f"Part {n} | Shop" for n in range(_ITEMS)]
    columns["page_title"] = _picked(random, titles, views.count)
    columns["page_referrer"] = _picked(random, pages, views.count)
    columns["device_category"] = _picked(random, ["desktop", "mobile", "tablet"], views.count)
    columns["city"] = _picked(random, [f"City {n}" for n in range(60)], views.count)
    columns["country"] = _picked(random, ["United States", "Canada"], views.count)
    columns["traffic_source"] = _picked(random, list(_SITES), views.count)
    columns["traffic_medium"] = _picked(random, ["organic", "(none)", "email"], views.count)
    return columns


def _price(item: int) -> float:
    return round(2 + item * 7919 % 50_000 / 100, 2)


def _item_list(item: int) -> str:
    fields = {
        "item_id": f"SKU-{item:05d}",
        "item_name": f"Part {item}",
        "item_category": "Parts",
        "price": _price(item),
        "quantity": item % 4 + 1,
    }
    return json.dumps([fields])


_SKUS = pa.array([f"SKU-{n:05d}" for n in range(_ITEMS)])
_NAMES = pa.array([f"Part {n}" for n in range(_ITEMS)])
_LISTS = pa.array([_item_list(n) for n in range(_ITEMS)])
_CENTS = np.array([round(_price(n) * 100) for n in range(_ITEMS)], np.int64)


def _item_columns(items: Ints) -> dict[str, pa.Array]:
    index = pa.array(items)
    return {
        "item_id": _SKUS.take(index),
        "item_name": _NAMES.take(index),
        "item_price": _money(_CENTS[items]),
        "items_json": _LISTS.take(index),
    }


def _money(cents: Ints) -> pa.Array:
    halves = np.zeros((len(cents), 2), dtype=np.int64)
    halves[:, 0] = cents * 10_000
    halves[:, 1] = halves[:, 0] >> 63
    return pa.Array.from_buffers(MONEY, len(cents), [None, pa.py_buffer(halves.tobytes())])


def _item_views(
    sessions: _Sessions, views: _Events, random: np.random.Generator
) -> dict[str, pa.Array]:
    items = random.integers(0, _ITEMS, views.count)
    columns = _common(sessions, views, "view_item", random) | _item_columns(items)
    columns["item_category"] = pa.array(np.full(views.count, "Parts", object), pa.string())
    return columns


def _cart_events(
    sessions: _Sessions, cart: _Events, random: np.random.Generator
) -> dict[str, pa.Array]:
    kinds = np.array(["add_to_cart", "remove_from_cart", "begin_checkout"], object)
    names = kinds[random.choice(3, cart.count, p=[0.72, 0.08, 0.2])]
    items = random.integers(0, _ITEMS, cart.count)
    columns = _common(sessions, cart, names, random) | _item_columns(items)
    columns["quantity"] = _money((items % 4 + 1) * 100)
    columns["value"] = _money(_CENTS[items] * (items % 4 + 1))
    return columns


def _purchases(
    month: Month, sessions: _Sessions, cart: _Events, random: np.random.Generator
) -> dict[str, pa.Array]:
    """An order in a third of the sessions with a cart, some repeated, some refunded."""
    buyers = np.unique(cart.session)
    buyers = buyers[random.random(len(buyers)) < 0.35]
    kind = random.choice(3, len(buyers), p=[0.95, 0.03, 0.02])
    orders = np.concatenate([buyers, buyers[kind == 1], buyers[kind == 2]])
    delay = np.concatenate(
        [
            np.full(len(buyers), 600),
            np.full((kind == 1).sum(), 605),
            np.full((kind == 2).sum(), 900),
        ]
    )
    is_refund = delay == 900
    ts_us = np.minimum(sessions.start_us[orders] + delay * 1_000_000, sessions.end_us - 1)
    events = _Events(orders, ts_us)
    names = np.where(is_refund, "refund", "purchase").astype(object)
    items = orders % _ITEMS
    columns = _common(sessions, events, names, random) | _item_columns(items)
    stamp = month.first.toordinal()
    columns["transaction_id"] = _texts(f"T{stamp}-%d", orders, np.ones(len(orders), np.bool_))
    columns["revenue"] = _money(np.where(is_refund, _CENTS[items] // 2, _CENTS[items] * 3))
    return columns


def _searches(
    sessions: _Sessions, events: _Events, name: str, random: np.random.Generator
) -> dict[str, pa.Array]:
    columns = _common(sessions, events, name, random)
    columns["search_term"] = _picked(random, [f"valve {n} mm" for n in range(_TERMS)], events.count)
    columns["term"] = columns["search_term"]
    return columns


def _sorted(name: str, columns: dict[str, pa.Array]) -> pa.Table:
    """In the spool's schema and by instant, as an export lies in its tables."""
    schema = EVENT_TABLES[name].schema
    rows = len(columns["event_ts"])
    table = pa.table(
        [columns.get(field.name, pa.nulls(rows, field.type)) for field in schema], schema=schema
    )
    return table.sort_by("event_ts")
