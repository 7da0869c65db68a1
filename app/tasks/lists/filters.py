"""What a list of tasks is asked for: days, branches, words, states, order, and which page of it.

All of it lives in the address; this is the one place that reads and writes it.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.database.tenancy import Membership, allowed_locations
from app.dates import DateRange, parse_instant, utc_now
from app.errors import Malformed
from app.http.periods import parse_period, period_arguments
from app.http.query_string import (
    DEFAULT_LIMIT,
    SORT_ORDERS,
    check_readable,
    choice,
    parse_branches,
    parse_least_value,
    parse_limit,
    parse_owner,
    parse_page,
    parse_query,
    several,
    without_defaults,
)
from app.tasks.owners import ANYONE, holders_of
from app.tasks.queries import SORT_FIELDS, STATES, Place, TaskFilters

DEFAULT_RANGE = "30d"
_DEFAULTS = {
    "owner": ANYONE,
    "sort_field": "score",
    "sort_order": "desc",
    "limit": str(DEFAULT_LIMIT),
}
_SCORE = re.compile(r"\d{1,3}(\.\d{1,20})?(e-\d{1,2})?")
_VALUE = re.compile(r"-?\d{1,20}(\.\d{1,40})?")
_OLDEST_NOW = timedelta(days=1)


@dataclass(frozen=True)
class Cursor:
    """The row that a page follows, or comes before when `is_back`."""

    key: str
    task_id: UUID
    is_back: bool = False

    def __str__(self) -> str:
        """As an address holds it; the key may be anybody's name, with anything in it."""
        return f"{self.task_id}~{urlsafe_b64encode(self.key.encode()).decode().rstrip('=')}"


@dataclass(frozen=True)
class ListFilters:
    """One question to a list. `location_ids`, `states` and `types` empty ask for all.

    `owner` as in holders_of().
    """

    period: DateRange
    range_name: str = DEFAULT_RANGE
    location_ids: tuple[str, ...] = ()
    query: str = ""
    states: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    reachable: bool = False
    least_value: Decimal | None = None
    only: str = ""
    owner: str = ANYONE
    sort_field: str = "score"
    sort_order: str = "desc"
    limit: int = DEFAULT_LIMIT
    page: int = 1
    cursor: Cursor | None = None
    now: datetime | None = None

    def arguments(self, **changes: object) -> dict[str, Any]:
        """The query string of the first page, defaults left out, `changes` on top.

        A change to None or nothing takes the argument away.
        """
        found: dict[str, Any] = {
            "location_id": list(self.location_ids),
            "query": self.query,
            "state": list(self.states),
            "type": list(self.types),
            "reachable": "1" if self.reachable else None,
            "least_value": None if self.least_value is None else f"{self.least_value:f}",
            "only": self.only,
            "owner": self.owner,
            "sort_field": self.sort_field,
            "sort_order": self.sort_order,
            "limit": str(self.limit),
        }
        found = without_defaults(found, _DEFAULTS) | self.period_arguments()
        return without_defaults(found | changes, {})

    def period_arguments(self) -> dict[str, str]:
        """The days alone: two of them, a preset, or nothing for the default."""
        return period_arguments(self.period, self.range_name, DEFAULT_RANGE)

    def toggled(self, name: str, value: str) -> dict[str, Any]:
        """The query string with `value` added to, or taken from, the states or types."""
        held = self.states if name == "state" else self.types
        kept = [other for other in held if other != value]
        return self.arguments(**{name: kept if value in held else [*held, value]})

    @property
    def narrows(self) -> bool:
        """Whether anything but the days is asked for."""
        asked = (self.location_ids, self.query, self.states, self.types, self.only)
        is_of_some = self.owner != ANYONE or self.least_value is not None
        return any(asked) or self.reachable or is_of_some

    def question(self, membership: Membership) -> TaskFilters:
        """What the queries take for this member.

        Raises:
            Forbidden: none of the branches asked for is the member's.
        """
        location_ids = allowed_locations(membership, self.location_ids)
        return TaskFilters(
            period=self.period,
            scope=membership.scope,
            location_ids=location_ids,
            query=self.query,
            states=self.states,
            types=self.types,
            reachable=self.reachable,
            least_value=self.least_value,
            only=self.only or None,
            holders=holders_of(self.owner, membership),
            sort_field=self.sort_field,
            sort_order=self.sort_order,
        )

    def place(self, now: datetime) -> Place:
        """Where the page lies: at its cursor, else so many pages from the start."""
        if self.cursor is None:
            return Place(self.limit, (self.page - 1) * self.limit, now=now)
        after = self.cursor
        return Place(self.limit, 0, after.key, after.task_id, after.is_back, now)


def parse_list_filters(
    arguments: MultiDict[str, str],
    today: date,
    types: Collection[str] = (),
    only: Mapping[str, str] | None = None,
) -> ListFilters:
    """Read a query string; `types` and `only` are what this list offers.

    Raises:
        Invalid: a value is unknown, a day is none, the range is backwards or too long.
    """
    check_readable(arguments, "query")
    period, range_name = parse_period(arguments, today, DEFAULT_RANGE)
    asked = ListFilters(
        period=period,
        range_name=range_name,
        location_ids=parse_branches(arguments.getlist("location_id")),
        query=parse_query(arguments),
        states=several(arguments, "state", STATES),
        types=several(arguments, "type", types),
        reachable=arguments.get("reachable", "") not in ("", "0"),
        least_value=parse_least_value(arguments),
        only=choice(arguments, "only", only or {}, ""),
        owner=parse_owner(arguments) or ANYONE,
    )
    return _placed(asked, arguments)


def _placed(asked: ListFilters, arguments: MultiDict[str, str]) -> ListFilters:
    """The same question with its order and page."""
    sort_field = choice(arguments, "sort_field", SORT_FIELDS, "score")
    return replace(
        asked,
        sort_field=sort_field,
        sort_order=choice(arguments, "sort_order", SORT_ORDERS, "desc"),
        limit=parse_limit(arguments),
        page=parse_page(arguments),
        cursor=_cursor(arguments, sort_field),
        now=_now(arguments.get("now", "")),
    )


def write_now(now: datetime) -> str:
    """The instant that scores and states of a list are read at, as an address holds it."""
    return now.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _cursor(arguments: MultiDict[str, str], sort_field: str) -> Cursor | None:
    """The row in `after` or `before`; anything odd is a first page, never an error."""
    is_back = bool(arguments.get("before"))
    identity, _, written = arguments.get("before" if is_back else "after", "").partition("~")
    try:
        key = urlsafe_b64decode(written + "=" * (-len(written) % 4)).decode()
        return Cursor(key, UUID(identity), is_back) if _is_key(key, sort_field) else None
    except ValueError:
        return None


def _is_key(key: str, sort_field: str) -> bool:
    if not key or "\x00" in key:
        return sort_field in ("customer", "branch") and not key
    if sort_field == "score":
        return _SCORE.fullmatch(key) is not None
    if sort_field == "value":
        return _VALUE.fullmatch(key) is not None
    if sort_field == "last_at":
        return _moment(key) is not None
    return len(key) <= 1_000


def _moment(text: str) -> datetime | None:
    try:
        return parse_instant(text)
    except Malformed:
        return None


def _now(text: str) -> datetime | None:
    """The instant a list was first read at, when that was today."""
    moment, present = _moment(text), utc_now()
    if moment is None or not present - _OLDEST_NOW <= moment <= present:
        return None
    return moment
