"""The subjects of reports and digests: what is new and open, where, and of which day."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date

_LONGEST_PLACE = 60


def report_subject(new: int, still_open: int, branches: Sequence[str], day: date) -> str:
    """One line such as “2 new, 4 open – D02 Uptown – Tue 19 Nov”.

    `branches` are ids with names as people know them; of several only their number is told. They
    come from customers' files: whatever breaks a header, turns text or hides in it becomes a space.
    """
    place = one_line(branches[0]) if len(branches) == 1 else f"{len(branches)} branches"
    if len(place) > _LONGEST_PLACE:
        place = place[: _LONGEST_PLACE - 1].rstrip() + "…"
    return f"{new} new, {still_open} open – {place} – {_WEEKDAYS[day.weekday()]} {_day(day)}"


def digest_subject(made: int, worked: int, tenant_name: str, day: date) -> str:
    """One line such as “Week to Sun 24 Nov: 96 of 140 tasks worked – Acme”."""
    when = f"{_WEEKDAYS[day.weekday()]} {_day(day)}"
    return f"Week to {when}: {worked} of {made} tasks worked – {one_line(tenant_name)[:60]}"


def one_line(words: str) -> str:
    """`words` in one line without control, format, surrogate or separator characters."""
    seen = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in words)
    return " ".join(seen.split())


def _day(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"


# Not strftime: a server's locale must not change what a report says.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
