"""What My queue is asked for. All of it lives in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from werkzeug.datastructures import MultiDict

from app.dates import DateRange
from app.errors import Invalid
from app.tasks.queries import TASK_TYPES

RANGES = {"30d": 30, "60d": 60, "90d": 90, "180d": 180, "365d": 365}
DEFAULT_RANGE = "90d"
SCOPES = {"mine": "Mine", "branch": "My branches", "all": "Everybody’s"}
SORTS = {"score": "Score", "value": "Value", "last_at": "Latest activity"}
_LEAST_MAX = Decimal(1_000_000_000)


@dataclass(frozen=True)
class QueueFilters:
    """One view of the queue; `types` empty is every reason, `location_ids` empty every branch."""

    scope: str
    range_name: str = DEFAULT_RANGE
    location_ids: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    reachable: bool = False
    least_value: Decimal | None = None
    sort_field: str = "score"
    default_scope: str = field(default="mine", compare=False)

    def period(self, today: date) -> DateRange:
        """The days of the last evidence, today included."""
        return DateRange(today - timedelta(days=RANGES[self.range_name] - 1), today)

    @property
    def is_default(self) -> bool:
        """Whether nothing but the own view is asked for."""
        return not self.arguments()

    def arguments(self, **changes: str) -> dict[str, Any]:
        """The query string as a mapping, defaults left out, `changes` on top."""
        found: dict[str, Any] = {}
        if self.scope != self.default_scope:
            found["scope"] = self.scope
        if self.range_name != DEFAULT_RANGE:
            found["range"] = self.range_name
        if self.location_ids:
            found["location_id"] = list(self.location_ids)
        if self.types:
            found["type"] = list(self.types)
        if self.reachable:
            found["reachable"] = "1"
        if self.least_value is not None:
            found["least_value"] = f"{self.least_value:f}"
        if self.sort_field != "score":
            found["sort_field"] = self.sort_field
        return found | changes


def parse_queue_filters(arguments: MultiDict[str, str], role: str) -> QueueFilters:
    """Read a query string; reps see their own customers unless they ask for more.

    Raises:
        Invalid: a value is unknown or no number.
    """
    if any(not value.isprintable() for _, value in arguments.items(multi=True)):
        raise Invalid("The address holds characters that cannot be read.")
    default = "mine" if role == "rep" else "all"
    branches = dict.fromkeys(v.strip() for v in arguments.getlist("location_id") if v.strip())
    return QueueFilters(
        scope=_choice(arguments, "scope", SCOPES, default),
        range_name=_choice(arguments, "range", RANGES, DEFAULT_RANGE),
        location_ids=tuple(branches)[:500],
        types=_types(arguments.getlist("type")),
        reachable=arguments.get("reachable") in ("1", "on"),
        least_value=_least(arguments.get("least_value", "").strip()),
        sort_field=_choice(arguments, "sort_field", SORTS, "score"),
        default_scope=default,
    )


def default_filters(role: str) -> QueueFilters:
    """The queue as it opens for this role."""
    return parse_queue_filters(MultiDict(), role)


def _types(values: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(dict.fromkeys(value for value in values if value))
    if unknown := [value for value in wanted if value not in TASK_TYPES]:
        raise Invalid(f"There is no reason named “{unknown[0][:40]}”.")
    return wanted


def _least(text: str) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value <= _LEAST_MAX:
        raise Invalid(f"“{text[:40]}” is no least value. Write a number like 500.")
    return value or None


def _choice(
    arguments: MultiDict[str, str], name: str, allowed: Mapping[str, object], default: str
) -> str:
    value = arguments.get(name, "")
    if not value:
        return default
    if value not in allowed:
        raise Invalid(f"{name} “{value[:40]}” is not known. Use one of {', '.join(allowed)}.")
    return value
