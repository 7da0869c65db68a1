"""Who an event belongs to, and the sessions events form."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from .event import PAGE_VIEW, PURCHASE, Event, SessionId

Named = Literal["contact", "company", "branch"]


@dataclass(frozen=True, eq=False)
class Session:
    """All events of one visitor and one ga_session_id, in order. Counted at its first event."""

    session_id: SessionId
    events: tuple[Event, ...]
    has_order: bool

    @property
    def anchor(self) -> Event:
        """Its first event, which says to which day, hour and bucket it belongs."""
        return self.events[0]

    @property
    def branch(self) -> str | None:
        """The last branch seen in it."""
        return self.events[-1].branch

    @property
    def identity(self) -> tuple[str, str]:
        """Whom a visit is counted for: the last contact seen, else the device."""
        contact = self.events[-1].contact
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
        flags = [event.is_engaged for event in self.events if event.is_engaged is not None]
        if flags:
            return not any(flags)
        return [event.name for event in self.events] == [PAGE_VIEW]


def build_sessions(events: Iterable[Event], winning: Container[int]) -> list[Session]:
    """Sessions of the events (in order), with contact, company and branch resolved in each.

    `winning` holds the `id()` of the purchase events that are orders, not repeats.
    """
    grouped: dict[SessionId, list[Event]] = {}
    for event in events:
        if event.session_id is not None:
            grouped.setdefault(event.session_id, []).append(event)
    for members in grouped.values():
        resolve(members, "contact")
        resolve(members, "company")
        resolve(members, "branch")
    return [
        Session(session_id, tuple(members), any(id(event) in winning for event in members))
        for session_id, members in grouped.items()
    ]


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
