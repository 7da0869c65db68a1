"""The oracle: figures over any range, branches and granularity."""

import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from .buckets import HOURS, bucket_of, buckets_between
from .carts import Cart, build_carts
from .event import Event
from .figures import Counted, Slice, figures
from .identity import Session, build_sessions, buying_companies, excluded_parties
from .naming import names_of
from .orders import Order, build_orders, build_refunds
from .rows import Row, write_tables
from .source import Day, Properties, SourceKind, read_directory
from .tasks import OracleTask, build_tasks


@dataclass(frozen=True)
class OracleSettings:
    """The tenant's settings, and what was loaded when.

    `loaded` names exactly the days that are loaded and from which source; None means every day
    there is, from its best source. `now` is None for the real one. `excluded` holds (kind, value):
    contact, company or email_domain.
    """

    property_time_zone: str
    reporting_currency: str
    contact_property: str = "WebUserId"
    company_property: str = "WebCustomerId"
    branch_property: str = "default_branch_id"
    loaded: Mapping[date, SourceKind] | None = None
    now: datetime | None = None
    excluded: Collection[tuple[str, str]] = ()
    nothing_words: tuple[str, ...] = ()


class Oracle:
    """Reads the rows once and answers figures about them.

    The rows are either a directory of export files or export-shaped rows. Rows are put into the
    table of their `event_date`, a daily one unless `settings.loaded` says otherwise.
    """

    def __init__(
        self,
        directory: Path | None,
        rows: Iterable[Row] | None,
        contacts: Iterable[Mapping[str, Any]],  # values as the customer file has them
        locations: Iterable[Mapping[str, Any]],
        settings: OracleSettings,
    ) -> None:
        self.settings = settings
        self.zone = ZoneInfo(settings.property_time_zone)
        self._locations = {str(row["location_id"]): row for row in locations}
        self._days = read(directory, rows, settings)
        people = list(contacts)
        names = names_of(people, self._locations.values(), settings.nothing_words)
        found = [names.apply(one) for day in self._days for one in day.events]
        others = [names.apply(one) for day in self._days for one in day.others]
        events = sorted(found, key=Event.sort_key)
        self._companies = buying_companies(people)
        self._excluded = excluded_parties(settings.excluded, people)
        self.everything = self._build(events, others, self._companies)

    def _build(
        self, events: list[Event], others: list[Event], companies: Mapping[str, str]
    ) -> Slice:
        """Everything derived from the events, which are in order."""
        currency = self.settings.reporting_currency
        orders, repeats = build_orders(events, currency)
        sessions = build_sessions(events, others, {id(order.anchor) for order in orders})
        refunds = build_refunds(events, orders, currency)
        carts = build_carts(events, orders, companies, self.as_of, self._excluded)
        return Slice(
            tuple(events),
            tuple(sessions),
            tuple(orders),
            tuple(repeats),
            tuple(refunds),
            tuple(carts),
        )

    def as_of(self, event: Event | None = None) -> datetime:
        """The earlier of now and the end of the unbroken loaded days after the event.

        Without an event: after the last day there is.
        """
        now = self.settings.now or datetime.now(UTC)
        if not self._days:
            return now
        by_date = {day.event_date: day for day in self._days}
        last = self._days[-1].event_date if event is None else event.event_date
        while last + timedelta(days=1) in by_date or self._is_empty_day(last + timedelta(days=1)):
            last += timedelta(days=1)
        return min(now, self._end_of(last, by_date.get(last), now))

    def _is_empty_day(self, day: date) -> bool:
        """Whether it is loaded without a row: where nothing else is said, every day in between."""
        return self.settings.loaded is None and day < self._days[-1].event_date

    def _end_of(self, day: date, loaded: Day | None, now: datetime) -> datetime:
        """Its end when it is a daily table, else its last event (or its start).

        A day that has no daily table five days after its end gets none: it is over too.
        """
        closed = datetime.combine(day + timedelta(days=6), time(), self.zone)
        if loaded is not None and loaded.kind is not SourceKind.DAILY and now < closed:
            start = datetime.combine(day, time(), self.zone).astimezone(UTC)
            return max((event.at for event in loaded.events), default=start)
        following = day + timedelta(days=1)
        return datetime.combine(following, time(), self.zone).astimezone(UTC)

    def _figures(self, part: Slice) -> dict[str, Any]:
        return figures(part, self.settings.reporting_currency, self.as_of)

    def _range(
        self, start: date, end: date, location_ids: Collection[str | None] | None = None
    ) -> Slice:
        """What happened from `start` to `end`, both inclusive, in the branches (None: in all)."""

        def keep(counted: Counted) -> bool:
            is_inside = start <= counted.anchor.event_date <= end
            return is_inside and (location_ids is None or counted.branch in location_ids)

        return self.everything.only(keep)

    def overview(
        self, start: date, end: date, location_ids: Collection[str | None] | None = None
    ) -> dict[str, Any]:
        """Every figure of the range; a None among the branches stands for "no branch"."""
        return self._figures(self._range(start, end, location_ids))

    def chart(
        self,
        start: date,
        end: date,
        granularity: str,
        location_ids: Collection[str | None] | None = None,
    ) -> list[dict[str, Any]]:
        """Every figure of each bucket, with its naive wall-clock `bucket`; empty buckets too.

        Buckets of hours hold what happened in them by the property's wall clock, all others what
        has an event_date in the range.
        """
        wanted = buckets_between(start, end, granularity, self.zone)
        part = self.everything if granularity in HOURS else self._range(start, end)
        if location_ids is not None:
            part = part.only(lambda counted: counted.branch in location_ids)
        by_bucket = part.split(lambda counted: bucket_of(counted.anchor, granularity, self.zone))
        return [
            {"bucket": bucket, **self._figures(by_bucket.get(bucket, Slice()))} for bucket in wanted
        ]

    def branches(self, start: date, end: date) -> list[dict[str, Any]]:
        """Figures of every branch of the file, of unknown branches, and of no branch.

        Each has `location_id` (None: no branch), `name` and `status`; the last two kinds appear
        when something happened there. Sorted by id, no branch last.
        """
        by_branch = self._range(start, end).split(lambda counted: counted.branch)
        unknown = {branch for branch in by_branch if branch is not None} - self._locations.keys()
        known = sorted({*self._locations, *unknown})
        return [
            {**self._named(branch), **self._figures(by_branch.get(branch, Slice()))}
            for branch in [*known, *([None] if None in by_branch else [])]
        ]

    def _named(self, branch: str | None) -> dict[str, str | None]:
        if branch is None:
            return {"location_id": None, "name": "No branch", "status": "none"}
        if branch not in self._locations:
            return {"location_id": branch, "name": f"Unknown {branch}", "status": "unknown"}
        row = self._locations[branch]
        status = "active" if row.get("is_active", True) else "inactive"
        return {"location_id": branch, "name": str(row.get("name", branch)), "status": status}

    def rows_by_event_name(self, start: date, end: date) -> dict[str, int]:
        """How many rows each of the stored event names has in the range."""
        return dict(Counter(event.name for event in self._range(start, end).events))

    def carts(self) -> list[Cart]:
        """Every cart chain there is."""
        return list(self.everything.carts)

    def tasks(self) -> list[OracleTask]:
        """Every task there is, in whatever state."""
        currency = self.settings.reporting_currency
        return build_tasks(self.everything, self._companies, currency, self._excluded)

    def sessions(self) -> list[Session]:
        """Every session there is."""
        return list(self.everything.sessions)

    def orders(self) -> list[Order]:
        """Every order there is, in time order."""
        return list(self.everything.orders)


def read(directory: Path | None, rows: Iterable[Row] | None, settings: OracleSettings) -> list[Day]:
    """The loaded days of the directory, or of the rows written out as such a directory."""
    properties = Properties(
        settings.contact_property, settings.company_property, settings.branch_property
    )
    if directory is not None:
        return read_directory(directory, properties, settings.loaded)
    tables: dict[str, list[Row]] = {}
    loaded = settings.loaded or {}
    prefixes = {SourceKind.INTRADAY: "intraday_", SourceKind.FRESH: "fresh_"}
    for row in rows or ():
        day = date.fromisoformat(row["event_date"])
        prefix = prefixes.get(loaded.get(day, SourceKind.DAILY), "")
        tables.setdefault(f"events_{prefix}{row['event_date']}", []).append(row)
    with tempfile.TemporaryDirectory() as scratch:
        write_tables(Path(scratch), tables)
        return read_directory(Path(scratch), properties, settings.loaded)
