"""One visit, written row by row in the export's JSON shape (`bq extract`)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from dev.generator.calendar import SECOND
from dev.generator.catalogue import Row
from dev.generator.day import Day, Line
from dev.generator.people import Contact, Visitor

Engagement = Literal["string", "integer", "absent"]
CONSENTED: Row = {"analytics_storage": "Yes", "ads_storage": "Yes", "uses_transient_token": "No"}
DENIED: Row = {"analytics_storage": "No", "ads_storage": "No", "uses_transient_token": "Yes"}
CHANNELS = {
    "(none)": "Direct",
    "organic": "Organic Search",
    "email": "Email",
    "cpc": "Paid Search",
    "referral": "Referral",
}
NOT_SET_ID: Row = {"transaction_id": "(not set)"}


def param(key: str, value: str | float | None) -> Row:
    """One entry of `event_params`; None makes a value without any field, as the export does."""
    if value is None:
        return {"key": key, "value": {}}
    if isinstance(value, str):
        return {"key": key, "value": {"string_value": value}}
    if isinstance(value, int):
        return {"key": key, "value": {"int_value": str(value)}}
    return {"key": key, "value": {"double_value": value}}


def user_property(key: str, value: str | int, at: int) -> Row:
    """One entry of `user_properties`, set at `at`."""
    kind, text = ("int_value", str(value)) if isinstance(value, int) else ("string_value", value)
    return {"key": key, "value": {kind: text, "set_timestamp_micros": str(at)}}


def exported_items(lines: Iterable[Line]) -> list[Row]:
    """Cart lines as entries of `items`, with quantities."""
    return [{**line.item, "quantity": str(line.quantity)} for line in lines]


class Session:
    """A visit in progress: every method adds rows and moves its clock forward.

    A visitor without `pseudo_id` denied consent: its rows carry neither visitor nor session.
    """

    def __init__(
        self,
        day: Day,
        visitor: Visitor,
        at: int,
        contact: Contact | None = None,
        *,
        ga_session_id: int | None = None,
        engagement: Engagement | None = None,
    ) -> None:
        self.day = day
        self.visitor = visitor
        self.at = at
        self.ga_session_id = at // SECOND if ga_session_id is None else ga_session_id
        self.engagement = (
            engagement or day.rng.choices(("string", "integer", "absent"), (78, 14, 8))[0]
        )
        self.is_engaged = False
        self.contact: Contact | None = None
        self.properties: list[Row] = []
        self._batch = [at // 1000, 1, 0]
        self._page: tuple[Row, Row] | None = None
        self._fixed = self._fixed_params()
        self._last_click = _last_click(visitor)
        if contact:
            self.sign_in(contact)

    def _fixed_params(self) -> list[Row]:
        if self.visitor.pseudo_id is None:
            return []
        self.visitor.sessions += 1
        self.visitor.first_touch = self.visitor.first_touch or self.at
        return [
            param("ga_session_id", self.ga_session_id),
            param("ga_session_number", self.visitor.sessions),
        ]

    def sign_in(self, contact: Contact) -> None:
        """From here on the rows name `contact`, its company and its branch."""
        self.contact = contact
        number = contact.company.company_id
        sends_integer = self.day.world.profile.is_customer_number_integer
        self.properties = [
            user_property("WebUserId", contact.contact_id, self.at),
            user_property("WebCustomerId", int(number) if sends_integer else number, self.at),
            user_property("default_branch_id", contact.company.branch_id, self.at),
        ]

    def choose_branch(self, branch_id: str) -> None:
        """An anonymous visitor picks a branch in the shop's header."""
        self.properties = [user_property("default_branch_id", branch_id, self.at)]

    def wait(self, seconds: float | None = None) -> None:
        """Let time pass and start a new batch; without `seconds`, as long as people take.

        After 0 seconds the batch goes on: the next row shares its instant.
        """
        if seconds == 0:
            return
        pause = self.day.rng.lognormvariate(3.1, 0.8) if seconds is None else seconds
        self.at += int(min(pause, 1500) * SECOND)
        self._batch[1:] = [self._batch[1] + 1, 0]

    def page(self, path: str, title: str, *extra: Row) -> Row:
        """A page view; the first one also starts the session."""
        previous, self._page = self._page, self._known_page(path, title)
        self._batch = [self.at // 1000, 1, 0]
        self.is_engaged = self.is_engaged or previous is not None
        referrer = (
            param("page_referrer", previous[0]["value"]["string_value"]) if previous else None
        )
        params = (*extra, referrer) if referrer else extra
        if previous or self.visitor.pseudo_id is None:
            return self.emit("page_view", *params)
        row = self.emit("page_view", *params, param("entrances", 1))
        if self.visitor.sessions == 1:
            self.emit("first_visit")
        self.emit("session_start")
        return row

    def _known_page(self, path: str, title: str) -> tuple[Row, Row]:
        pages = self.day.world.pages
        if path not in pages:
            url = f"https://{self.day.world.profile.host}{path}"
            pages[path] = (param("page_location", url), param("page_title", title))
        return pages[path]

    def emit(
        self,
        name: str,
        *params: Row,
        items: list[Row] | None = None,
        ecommerce: Row | None = None,
    ) -> Row:
        """Add one row at the session's clock and return it; rows may still be changed."""
        self._batch[2] += 1
        row: Row = {
            "event_date": "",
            "event_timestamp": str(self.at),
            "event_name": name,
            "event_params": [*(self._page or ()), *self._fixed, *self._engagement(), *params],
            **self._who(),
            "device": self.visitor.device,
            "geo": self.visitor.geo,
            "traffic_source": self.visitor.source,
            "stream_id": "4100450278",
            "platform": "WEB",
            "ecommerce": {} if ecommerce is None else ecommerce,
            "items": items or [],
            "is_active_user": self.is_engaged,
            "batch_event_index": str(self._batch[2]),
            "batch_page_id": str(self._batch[0]),
            "batch_ordering_id": str(self._batch[1]),
            "session_traffic_source_last_click": self._last_click,
        }
        self.day.world.calendar.add(self.at, row)
        return row

    def _who(self) -> Row:
        visitor = self.visitor
        if visitor.pseudo_id is None:
            return {"privacy_info": DENIED, "user_properties": []}
        account = {"user_id": self.contact.account_id} if self.contact else {}
        return {
            **account,
            "user_pseudo_id": visitor.pseudo_id,
            "privacy_info": CONSENTED,
            "user_properties": self.properties,
            "user_first_touch_timestamp": str(visitor.first_touch),
            "user_ltv": {
                "revenue": round(visitor.revenue, 2),
                "currency": self.day.world.profile.currency,
            },
        }

    def _engagement(self) -> tuple[Row, ...]:
        if self.engagement == "absent" or self.visitor.pseudo_id is None:
            return ()
        value = int(self.is_engaged)
        if self.engagement == "integer":
            return (ENGAGED_INTEGER[value],)
        return (ENGAGED_STRING[value],)


ENGAGED_STRING = (param("session_engaged", "0"), param("session_engaged", "1"))
ENGAGED_INTEGER = (param("session_engaged", 0), param("session_engaged", 1))


def _last_click(visitor: Visitor) -> Row:
    source = visitor.source
    manual = {
        "campaign_name": source["name"],
        "source": source["source"],
        "medium": source["medium"],
    }
    group = CHANNELS[source["medium"]]
    return {
        "manual_campaign": manual,
        "cross_channel_campaign": {**manual, "default_channel_group": group},
    }
