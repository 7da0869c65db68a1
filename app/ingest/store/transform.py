"""Converts extracted pages to typed spool rows; rows that cannot be stored are refused and counted.

A refused row has one reason, the first that applies. Text over its limit is only cut and counted: a
visit with a long address is still that visit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.ingest.refusals import KEPT_PER_REASON
from app.ingest.store import columns
from app.ingest.store.columns import Mask
from app.ingest.store.event_tables import INSTANT, MONEY, EventTable, output_columns

ID_LIMIT = 256  # characters; GA4's own limit is 256, and an index entry must hold four of them
TEXT_LIMIT = 1_024  # characters of titles, names, places and terms; GA4 sends at most 500
URL_LIMIT = 2_048  # characters of addresses and referrers; GA4 sends at most 1,000
ITEMS_LIMIT = 1_000_000  # bytes of an event's items as JSON; GA4's own limit is 200 items
SAMPLE_CHARACTERS = 100

_DAY_CHARACTERS = len("20250401")
_EARLIEST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_IDS = ("user_pseudo_id", "user_id", "company_id", "branch_id")
_URLS = ("page_url", "page_referrer")
_VERBATIM = ("transaction_id",)  # _order_key decides what identifies an order
_SAMPLE_COLUMNS = ("event_date", "event_ts", "event_name", "source_table")

Sample = dict[str, str | None]


@dataclass
class Refusals:
    """Refused rows by reason, with samples, and cut texts by column, summed over batches."""

    counts: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    cut: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.counts.total()


def raw_batch(table: EventTable, rows: Sequence[Sequence[str | None]]) -> pa.RecordBatch:
    """Rows of a REST page (text cells in the query's order) as a batch of text columns."""
    names = output_columns(table)
    cells = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.record_batch([_text_column(c) for c in cells], names=names)


def _text_column(cells: Sequence[str | None]) -> pa.Array:
    """Cells as an Arrow column; lone surrogates, which UTF-8 cannot encode, become "?"."""
    try:
        return pa.array(cells, pa.string())
    except UnicodeEncodeError:
        whole = [c if c is None else c.encode("utf-8", "replace").decode() for c in cells]
        return pa.array(whole, pa.string())


def transform(table: EventTable, batch: pa.RecordBatch, refusals: Refusals) -> pa.RecordBatch:
    """The storable rows of `batch` in the spool's schema; the others are added to `refusals`.

    `batch` has the columns of `output_columns(table)`, as text or typed.
    """
    sieve = _Sieve(batch, refusals)
    ready = {name: _COLUMN[name](sieve, name) for name in _FIRST}
    for name in table.schema.names:
        if name not in ready:
            ready[name] = _clean(sieve, table, name, ready)
    clean = pa.record_batch([ready[name] for name in table.schema.names], schema=table.schema)
    kept = sieve.close()
    return clean if kept.all() else clean.filter(columns.full(kept))


class _Sieve:
    """Which rows of a batch are kept, and why the others are refused."""

    def __init__(self, batch: pa.RecordBatch, refusals: Refusals) -> None:
        self.batch = batch
        self._refusals = refusals
        self._kept: Mask = np.ones(batch.num_rows, dtype=np.bool_)

    def column(self, name: str) -> pa.Array:
        return self.batch.column(name)

    def refuse(self, mask: Mask, reason: str, name: str) -> None:
        """Refuse the rows of `mask` not refused before; `name` is the column at fault."""
        fresh = np.flatnonzero(mask & self._kept)
        if not len(fresh):
            return
        self._kept[fresh] = False
        self._refusals.counts[reason] += len(fresh)
        samples = self._refusals.samples.setdefault(reason, [])
        for position in fresh[: KEPT_PER_REASON - len(samples)]:
            samples.append(self._sample(int(position), name))

    def note_cut(self, name: str, count: int) -> None:
        """Count `count` cut texts of column `name`."""
        if count:
            self._refusals.cut[name] += count

    def close(self) -> Mask:
        return self._kept

    def _sample(self, position: int, name: str) -> Sample:
        wanted = dict.fromkeys((*_SAMPLE_COLUMNS, name))
        return {column: _shown(self.column(column)[position].as_py()) for column in wanted}


def _shown(value: object) -> str | None:
    return None if value is None else str(value)[:SAMPLE_CHARACTERS]


def _event_date(sieve: _Sieve, name: str) -> pa.Array:
    text = pc.replace_substring(columns.as_text(sieve.column(name)), "-", "")
    coded = pc.dictionary_encode(text)
    known = pa.array([_day(day) for day in coded.dictionary.to_pylist()], pa.date32())
    days = known.take(coded.indices)
    sieve.refuse(columns.as_mask(pc.is_null(days)), "the event date is not a day", name)
    table_day = pc.utf8_slice_codeunits(columns.as_text(sieve.column("source_table")), -8)
    other_day = ~columns.as_mask(pc.equal(text, table_day))
    sieve.refuse(other_day, "the event date is another day than its table's", name)
    return pc.fill_null(days, date(1970, 1, 1))


def _day(text: str) -> date | None:
    if len(text) != _DAY_CHARACTERS or not text.isascii():
        return None
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None


def _instant(sieve: _Sieve, name: str) -> pa.Array:
    column = sieve.column(name)
    if pa.types.is_timestamp(column.type):
        column = pc.cast(pc.cast(column, pa.timestamp("us")), pa.int64())
    micros, bad = columns.whole_numbers(column, pa.int64())
    absent = columns.as_mask(pc.is_null(micros))
    sieve.refuse(bad | absent, "the event time is not a number of microseconds", name)
    inside = pc.and_(pc.greater_equal(micros, _EARLIEST), pc.less(micros, _LATEST))
    sieve.refuse(~columns.as_mask(inside), "the event time is outside 2000 to 2099", name)
    return pc.cast(pc.fill_null(micros, 0), INSTANT)


def _source_table(sieve: _Sieve, name: str) -> pa.Array:
    return columns.as_text(sieve.column(name))


def _event_name(sieve: _Sieve, name: str) -> pa.Array:
    return columns.as_text(sieve.column(name))


def _clean(sieve: _Sieve, table: EventTable, name: str, ready: dict[str, pa.Array]) -> pa.Array:
    kind = table.schema.field(name).type
    if name == "term":
        return columns.normalised_terms(ready["search_term"])
    if name == "is_engaged":
        return columns.engagement(sieve.column(name))
    if name == "items_json":
        return _items(sieve, name)
    if kind == INSTANT:
        return _instant(sieve, name)
    if kind == MONEY:
        return _money(sieve, name)
    if pa.types.is_integer(kind):
        return _number(sieve, name, kind)
    return _id(sieve, name) if name in (*_IDS, *_VERBATIM) else _text(sieve, name)


def _items(sieve: _Sieve, name: str) -> pa.Array:
    items, bad = columns.clean_items(sieve.column(name), ITEMS_LIMIT)
    sieve.refuse(bad, "the items are not a list that can be stored", name)
    return items


def _money(sieve: _Sieve, name: str) -> pa.Array:
    amounts, bad = columns.money(sieve.column(name))
    sieve.refuse(bad, f"{name} is not a number below 1,000,000,000,000", name)
    return amounts


def _number(sieve: _Sieve, name: str, kind: pa.DataType) -> pa.Array:
    numbers, bad = columns.whole_numbers(sieve.column(name), kind)
    sieve.refuse(bad, f"{name} is not a whole number that can be stored", name)
    return numbers


def _id(sieve: _Sieve, name: str) -> pa.Array:
    column = sieve.column(name)
    if name in _VERBATIM:
        ids = pc.replace_substring(columns.as_text(column), "\x00", "")
    else:
        ids = columns.clean_id(column)
    too_long = columns.as_mask(pc.greater(pc.utf8_length(ids), ID_LIMIT))
    sieve.refuse(too_long, f"{name} is longer than {ID_LIMIT} characters", name)
    return ids


def _text(sieve: _Sieve, name: str) -> pa.Array:
    limit = URL_LIMIT if name in _URLS else TEXT_LIMIT
    text, cut = columns.clean_text(sieve.column(name), limit)
    sieve.note_cut(name, cut)
    if name in ("item_id", "item_name", "item_category"):
        return columns.clean_id(text)
    return text


_FIRST = ("event_date", "event_ts", "event_name", "source_table")
_COLUMN: dict[str, Callable[[_Sieve, str], pa.Array]] = {
    "event_date": _event_date,
    "event_ts": _instant,
    "event_name": _event_name,
    "source_table": _source_table,
}
