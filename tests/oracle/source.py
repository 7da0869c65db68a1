"""Raw export rows: which table holds a day, and its rows read through DuckDB."""

import gzip
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import lru_cache
from pathlib import Path

import duckdb

from .event import EVENT_NAMES, Event, Item, clean_text, money, number, whole

FILE_NAME = re.compile(r"events_(?:(intraday|fresh)_)?(\d{8})\.json\.gz")
ENGAGED_ANYWAY = frozenset({"session_start", "first_visit"})  # Google writes the number 1 there
FIRST_MICROS = 946_684_800_000_000  # 2000-01-01
LAST_MICROS = 4_102_444_800_000_000  # 2100-01-01

VALUE = "struct(string_value varchar, int_value varchar, float_value varchar, double_value varchar)"
KEYED = f"struct(key varchar, value {VALUE})[]"
# Every scalar is read as text, so numbers and strings of numbers are the same thing.
COLUMNS = {
    "event_date": "varchar",
    "event_timestamp": "varchar",
    "event_name": "varchar",
    "user_pseudo_id": "varchar",
    "event_params": KEYED,
    "user_properties": KEYED,
    "ecommerce": "struct(transaction_id varchar, purchase_revenue varchar, refund_value varchar)",
    "items": "struct(item_id varchar, item_name varchar, price varchar, quantity varchar)[]",
    "batch_page_id": "varchar",
    "batch_ordering_id": "varchar",
    "batch_event_index": "varchar",
}
MACROS = """
create macro scalar(v) as
    coalesce(v.string_value, v.int_value, v.double_value, v.float_value);
create macro text_of(pairs, wanted) as list_filter(
    list_transform(list_filter(pairs, lambda p: p.key = wanted), lambda p: p.value.string_value),
    lambda v: v is not null
)[1];
create macro value_of(pairs, wanted) as list_filter(
    list_transform(list_filter(pairs, lambda p: p.key = wanted), lambda p: scalar(p.value)),
    lambda v: v is not null
)[1];
"""
QUERY = """
select
    event_date, event_timestamp, event_name, user_pseudo_id,
    value_of(event_params, 'ga_session_id'),
    value_of(user_properties, $contact),
    value_of(user_properties, $company),
    value_of(user_properties, $branch),
    value_of(event_params, 'session_engaged'), text_of(event_params, 'session_engaged'),
    value_of(event_params, 'page_location'),
    value_of(event_params, 'value'),
    value_of(event_params, 'currency'),
    ecommerce.transaction_id, ecommerce.purchase_revenue, ecommerce.refund_value,
    batch_page_id, batch_ordering_id, batch_event_index,
    to_json(items),
    value_of(event_params, 'search_term')
from read_json($path, format = 'newline_delimited', columns = {columns})
"""


class SourceKind(IntEnum):
    """What a day can be read from, best first."""

    DAILY = 0
    INTRADAY = 1
    FRESH = 2


@dataclass(frozen=True)
class Properties:
    """Names of the user properties that say who a visitor is."""

    contact: str
    company: str
    branch: str


@dataclass(frozen=True)
class Day:
    """One loaded day: the events that are stored, and those that only sessions are made of."""

    event_date: date
    kind: SourceKind
    events: tuple[Event, ...]
    others: tuple[Event, ...] = ()


def files_by_day(directory: Path) -> dict[date, dict[SourceKind, Path]]:
    """Every export file of the directory, by day and kind."""
    days: dict[date, dict[SourceKind, Path]] = {}
    for path in sorted(directory.glob("events_*.json.gz")):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            continue
        kind = SourceKind[(match[1] or "daily").upper()]
        days.setdefault(date.fromisoformat(match[2]), {})[kind] = path
    return days


def choose_sources(
    available: Mapping[date, Mapping[SourceKind, Path]], loaded: Mapping[date, SourceKind] | None
) -> dict[date, SourceKind]:
    """Exactly one source per day: what `loaded` says, else the best there is for every day."""
    if loaded is not None:
        return dict(loaded)
    return {day: min(kinds) for day, kinds in available.items()}


def read_directory(
    directory: Path, properties: Properties, loaded: Mapping[date, SourceKind] | None
) -> list[Day]:
    """The loaded days in order. A loaded day without its file is a day without events."""
    available = files_by_day(directory)
    chosen = choose_sources(available, loaded)
    days = []
    for day, kind in sorted(chosen.items()):
        path = available.get(day, {}).get(kind)
        events = () if path is None else read_file(path, day, properties)
        stored = tuple(event for event in events if event.name in EVENT_NAMES)
        others = tuple(event for event in events if event.name not in EVENT_NAMES)
        days.append(Day(day, kind, stored, others))
    return days


def read_file(path: Path, day: date, properties: Properties) -> tuple[Event, ...]:
    """The events of one file; a row of another day or without an instant is refused."""
    stamp = path.stat()
    rows = _read_rows(path, properties, (stamp.st_mtime_ns, stamp.st_size))
    events = (to_event(row) for row in rows)
    return tuple(event for event in events if event is not None and event.event_date == day)


@lru_cache(maxsize=64)
def _read_rows(
    path: Path, properties: Properties, _version: tuple[int, int]
) -> list[tuple[str | None, ...]]:
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        arguments = {
            "contact": properties.contact,
            "company": properties.company,
            "branch": properties.branch,
            "path": str(path),
        }
        with _without_copies(path) as once:
            arguments["path"] = str(once)
            return connection.execute(QUERY.format(columns=COLUMNS), arguments).fetchall()


@contextmanager
def _without_copies(path: Path) -> Iterator[Path]:
    """The export file, or a copy of it in which rows equal in every column stand only once."""
    with gzip.open(path, "rt") as file:
        lines = file.readlines()
    rows = {json.dumps(json.loads(line), sort_keys=True): line for line in lines if line.strip()}
    if len(rows) == len(lines):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        once = Path(folder) / path.name
        with gzip.open(once, "wt") as file:
            file.writelines(rows.values())
        yield once


def to_event(row: tuple[str | None, ...]) -> Event | None:
    """An event from the texts of QUERY, or None when its day or instant is no such thing."""
    day, micros = find_day(row[0]), whole(row[1])
    if day is None or micros is None or not FIRST_MICROS <= micros < LAST_MICROS:
        return None
    name = row[2] or ""
    engaged = clean_text(row[9] if name in ENGAGED_ANYWAY else row[8])
    told = row[15] if name == "refund" else row[14]
    amount = number(told)
    return Event(
        event_date=day,
        micros=micros,
        name=name,
        visitor=clean_text(row[3]),
        ga_session_id=whole(row[4]),
        contact=clean_text(row[5]),
        company=clean_text(row[6]),
        branch=clean_text(row[7]),
        is_engaged=None if engaged is None else number(engaged) == 1,
        batch=(whole(row[16]), whole(row[17]), whole(row[18])),
        page_url=clean_text(row[10]),
        transaction_id=row[13],
        raw_amount=number(row[11]) if amount is None else amount,
        currency=clean_text(row[12]),
        items=to_items(row[19]),
        term=row[20],
    )


def to_items(text: str | None) -> tuple[Item, ...]:
    """The elements of `items` in export order."""
    return tuple(
        Item(
            clean_text(element["item_id"]),
            clean_text(element["item_name"]),
            money(number(element["price"])),
            number(element["quantity"]),
        )
        for element in json.loads(text or "null") or []
        if element is not None
    )


def find_day(text: str | None) -> date | None:
    """A day of the calendar written YYYYMMDD, else None."""
    if text is None or re.fullmatch(r"\d{8}", text) is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
