"""Who an event belongs to, and the sessions events form."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, TypeAlias

from .event import PAGE_VIEW, PURCHASE, Event, SessionId

Named = Literal["contact", "company", "branch"]
NAMED: tuple[Named, ...] = ("contact", "company", "branch")
Excluded: TypeAlias = Container[tuple[str, str]]  # ("contact", "U1"), ("company", "K1")


@dataclass(frozen=True, eq=False)
class Session:
    """All events of one visitor and one ga_session_id, in order. Counted at its first event.

    `events` are the stored ones; `anchor` is its first event of any kind, which says to which day,
    hour and bucket it belongs; `last` holds the last contact, company and branch seen in it, and
    `flags` what its events of any kind say of engagement.
    """

    session_id: SessionId
    events: tuple[Event, ...]
    anchor: Event
    last: Event
    flags: tuple[bool, ...]
    has_order: bool

    @property
    def branch(self) -> str | None:
        """The last branch seen in it."""
        return self.last.branch

    @property
    def identity(self) -> tuple[str, str]:
        """Whom a visit is counted for: the last contact seen, else the device."""
        contact = self.last.contact
        return ("device", self.session_id[0]) if contact is None else ("contact", contact)

    @property
    def has_page_view(self) -> bool:
        """Whether any of its events is a page view."""
        return any(event.name == PAGE_VIEW for event in self.events)

    @property
    def is_bounce(self) -> bool:
        """Not engaged: by the flags its events carry, else exactly one page view and nothing more.

        A session with a purchase is engaged whatever the flags say.
        """
        if any(event.name == PURCHASE for event in self.events):
            return False
        if self.flags:
            return not any(self.flags)
        return [event.name for event in self.events] == [PAGE_VIEW]


def build_sessions(
    events: Iterable[Event], others: Iterable[Event], winning: Container[int]
) -> list[Session]:
    """Sessions of the events (in order), with contact, company and branch resolved in each.

    `others` are events of kinds that are not stored: they make and extend sessions. `winning`
    holds the `id()` of the purchase events that are orders, not repeats.
    """
    stored = _by_session(events)
    unstored = _by_session(others)
    return [
        _session(session_id, stored.get(session_id, []), unstored.get(session_id, []), winning)
        for session_id in {**stored, **unstored}
    ]


def _by_session(events: Iterable[Event]) -> dict[SessionId, list[Event]]:
    grouped: dict[SessionId, list[Event]] = {}
    for event in events:
        if event.session_id is not None:
            grouped.setdefault(event.session_id, []).append(event)
    return grouped


def _session(
    session_id: SessionId, stored: list[Event], unstored: list[Event], winning: Container[int]
) -> Session:
    everything = sorted([*stored, *unstored], key=Event.sort_key)
    # What a day's events say together comes after the last of them.
    ends = [_end_of_day(list(day)) for _, day in groupby(everything, lambda e: e.event_date)]
    members = sorted([*stored, *ends], key=lambda event: (event.micros, event.name == "session"))
    for named in NAMED:
        resolve(members, named)
    flags = tuple(e.is_engaged for e in everything if e.is_engaged is not None)
    has_order = any(id(event) in winning for event in stored)
    return Session(session_id, tuple(stored), everything[0], members[-1], flags, has_order)


def _end_of_day(events: list[Event]) -> Event:
    """The last contact, company and branch that any event of the day names."""
    last: dict[str, str | None] = {}
    for named in NAMED:
        values = [getattr(event, named) for event in events]
        last[named] = next((value for value in reversed(values) if value is not None), None)
    return replace(events[-1], name="session", **last)  # type: ignore[arg-type]  # named texts


def resolve(members: list[Event], named: Named) -> None:
    """Give each event its own value, else the nearest earlier one, else the nearest later.

    After it, the last event holds the last value seen in the session.
    """
    own = [getattr(event, named) for event in members]
    for position, event in enumerate(members):
        earlier = [value for value in reversed(own[: position + 1]) if value is not None]
        later = [value for value in own[position:] if value is not None]
        setattr(event, named, next(iter(earlier + later), None))


def buying_companies(contacts: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """Company by contact, of those contacts of the customer file that have one."""
    companies = ((row.get("user_id"), row.get("buying_company_erp_id")) for row in contacts)
    return {str(contact): str(company) for contact, company in companies if contact and company}


def company_of(event: Event, companies: Mapping[str, str]) -> str | None:
    """The event's company: its contact's in the customer file, else the property."""
    if event.contact is not None and event.contact in companies:
        return companies[event.contact]
    return event.company


def is_excluded(event: Event, companies: Mapping[str, str], excluded: Excluded) -> bool:
    """Whether the event is of an excluded contact or company."""
    parties = (("contact", event.contact), ("company", company_of(event, companies)))
    return any(name is not None and (kind, name) in excluded for kind, name in parties)


def excluded_parties(
    exclusions: Iterable[tuple[str, str]], contacts: Iterable[Mapping[str, object]]
) -> set[tuple[str, str]]:
    """Contacts and companies of (kind, value); an email domain is everybody who has it."""
    named = set(exclusions)
    domains = {value for kind, value in named if kind == "email_domain"}
    for row in contacts:
        if str(row.get("email") or "").rpartition("@")[2].lower() in domains:
            named.add(("contact", str(row["user_id"])))
    return named
