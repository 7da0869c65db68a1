"""Whom and what exported ids name: SEMANTICS "Identity", words for nothing and the files."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .event import Event

WORDS = frozenset(
    {
        "",
        "(not set)",
        "(none)",
        "none",
        "null",
        "(null)",
        "nil",
        "undefined",
        "nan",
        "n/a",
        "#n/a",
        "-",
        "--",
        "\\n",
        "false",
        "true",
        "[object object]",
        "unknown",
        "anonymous",
        "guest",
        "0",
        "-1",
    }
)
TEMPLATE = re.compile(r"\{\{.*\}\}|%.+%|\$\{.*\}", re.DOTALL)


def is_nothing(text: str | None, own: Collection[str] = ()) -> bool:
    """Whether the text names nobody and nothing; `own` are the tenant's words, in lower case."""
    trimmed = (text or "").strip()
    return trimmed.lower() in WORDS or trimmed.lower() in own or bool(TEMPLATE.fullmatch(trimmed))


@dataclass(frozen=True)
class Names:
    """The ids of the tenant's files, and its own words for nothing."""

    contacts: frozenset[str]
    companies: frozenset[str]
    branches: frozenset[str]
    own: frozenset[str]

    def apply(self, event: Event) -> Event:
        """The event with what its texts name."""
        event.contact = self._find(event.contact, self.contacts, is_key=True)
        event.company = self._find(event.company, self.companies, is_key=False)
        event.branch = self._find(event.branch, self.branches, is_key=True)
        event.visitor = None if is_nothing(event.visitor) else event.visitor
        event.transaction_id = self._text(event.transaction_id)
        event.currency = self._text(event.currency)
        event.items = tuple(
            replace(i, item_id=self._text(i.item_id), item_name=self._text(i.item_name))
            for i in event.items
        )
        return event

    def _text(self, text: str | None) -> str | None:
        return None if is_nothing(text, self.own) else text

    def _find(self, text: str | None, listed: Iterable[str], *, is_key: bool) -> str | None:
        """The listed id that is the text, or the only one but for its case; else the text."""
        trimmed = (text or "").strip()
        nothing = is_nothing(trimmed, self.own)
        if not trimmed or (nothing and not is_key):
            return None
        if trimmed in listed:
            return trimmed
        alike = [one for one in listed if one.lower() == trimmed.lower()]
        if len(alike) == 1:
            return alike[0]
        return None if nothing else trimmed


def names_of(
    contacts: Iterable[Mapping[str, Any]],  # values as the customer file has them
    locations: Iterable[Mapping[str, Any]],
    own: Iterable[str],
) -> Names:
    """Names out of the rows of the two files."""
    rows = list(contacts)
    companies = (row.get("buying_company_erp_id") for row in rows)
    return Names(
        frozenset(str(row["user_id"]) for row in rows),
        frozenset(str(company) for company in companies if company),
        frozenset(str(row["location_id"]) for row in locations),
        frozenset(word.strip().lower() for word in own),
    )
