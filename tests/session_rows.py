"""What the query of sessions answers, worked out in plain Python from exported rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

Row = dict[str, Any]
_NOTHING = frozenset({"", "(not set)", "undefined", "null", "none"})
_ALWAYS_ENGAGED = ("session_start", "first_visit")
_ORIGINS: tuple[tuple[tuple[str, ...], tuple[str, str, str]], ...] = (
    (
        ("session_traffic_source_last_click", "cross_channel_campaign"),
        ("source", "medium", "campaign_name"),
    ),
    (
        ("session_traffic_source_last_click", "manual_campaign"),
        ("source", "medium", "campaign_name"),
    ),
    (("collected_traffic_source",), ("manual_source", "manual_medium", "manual_campaign_name")),
)
_FIRST = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_LAST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def session_parts(source: str, rows: Sequence[Row]) -> list[Row]:
    """One row for each session of the table `source`, by the names of the query's columns."""
    grouped: dict[tuple[str, str, int], list[Row]] = {}
    once = {json.dumps(row, sort_keys=True): row for row in rows}
    for row in once.values():
        device = (row.get("user_pseudo_id") or "").strip()
        number = _whole(_param(row, "ga_session_id"))
        inside = _FIRST <= (_whole(row.get("event_timestamp")) or 0) < _LAST
        if device not in ("", "(not set)") and number is not None and inside:
            grouped.setdefault((row["event_date"], device, number), []).append(row)
    return [
        {
            "event_date": day,
            "user_pseudo_id": device,
            "ga_session_id": number,
            "source_table": source,
            "event_name": "session",
            **_summed(events),
        }
        for (day, device, number), events in grouped.items()
    ]


def _summed(events: list[Row]) -> Row:
    events = sorted(events, key=_position)
    flags = [flag for flag in map(_engaged, events) if flag is not None]
    times = [_whole(_param(event, "engagement_time_msec")) for event in events]
    known = [max(time, 0) for time in times if time is not None]
    origin = _origin(events)
    return {
        "event_ts": events[0]["event_timestamp"],
        "last_ts": events[-1]["event_timestamp"],
        "is_engaged": str(any(flags)).lower() if flags else None,
        "engagement_ms": sum(known) if known else None,
        "page_views": sum(event["event_name"] == "page_view" for event in events),
        **dict(zip(("source", "medium", "campaign"), origin, strict=True)),
        "user_id": _last(events, "WebUserId"),
        "company_id": _last(events, "WebCustomerId"),
        "branch_id": _last(events, "default_branch_id"),
        "device_category": _first(events, lambda row: (row.get("device") or {}).get("category")),
        "country": _first(events, lambda row: (row.get("geo") or {}).get("country")),
    }


def _position(row: Row) -> tuple[Any, ...]:
    batch = ("batch_page_id", "batch_ordering_id", "batch_event_index")
    numbers = [_whole(row.get(name)) for name in batch]
    return (
        int(row["event_timestamp"]),
        row["event_name"] == "purchase",
        *((value is not None, value or 0) for value in numbers),
        row["event_name"],
    )


def _param(row: Row, key: str) -> Any:
    values = [p.get("value") or {} for p in row.get("event_params") or () if p.get("key") == key]
    names = ("int_value", "string_value", "double_value", "float_value")
    return _known(value.get(name) for value in values for name in names)


def _property(row: Row, key: str) -> Any:
    pairs = row.get("user_properties") or ()
    values = [p.get("value") or {} for p in pairs if p.get("key") == key]
    names = ("string_value", "int_value", "double_value", "float_value")
    return _known(value.get(name) for value in values for name in names)


def _engaged(row: Row) -> bool | None:
    pairs = row.get("event_params") or ()
    values = [p.get("value") or {} for p in pairs if p.get("key") == "session_engaged"]
    text = _known(value.get("string_value") for value in values)
    numbers = ("int_value", "double_value", "float_value")
    number = _known(value.get(name) for value in values for name in numbers)
    if text in ("1", "1.0", "true", "True"):
        return True
    if row["event_name"] in _ALWAYS_ENGAGED:
        return None if text is None else False
    if number is not None and float(number) == 1:
        return True
    return None if text is None and number is None else False


def _origin(events: list[Row]) -> tuple[str | None, str | None, str | None]:
    """Source, medium and campaign: the best kind of record, its earliest event."""
    for path, names in _ORIGINS:
        for event in events:
            record: Row = event
            for step in path:
                record = record.get(step) or {}
            if record.get(names[0]):
                return record[names[0]], record.get(names[1]), record.get(names[2])
    for event in events:
        if _param(event, "source"):
            return _param(event, "source"), _param(event, "medium"), _param(event, "campaign")
    return None, None, None


def _last(events: list[Row], key: str) -> Any:
    """The last value; one that is no word for nothing, if there is any."""
    found = [value for event in events if (value := _property(event, key)) is not None]
    named = [value for value in found if str(value).strip().lower() not in _NOTHING]
    return (named or found or [None])[-1]


def _first(events: list[Row], pick: Callable[[Row], Any]) -> Any:
    return _known(pick(event) for event in events)


def _known(values: Iterable[Any]) -> Any:
    return next((value for value in values if value is not None), None)


def _whole(value: Any) -> int | None:
    try:
        return None if value is None else int(float(value)) if "." in str(value) else int(value)
    except ValueError:
        return None
