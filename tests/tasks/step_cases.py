"""Steps that people ask for, good and bad, whatever the door."""

from __future__ import annotations

from datetime import timedelta

from app.dates import utc_now
from tests.running import GUS, REP, VIEWER


def day(count: int) -> str:
    """So many days from now, in UTC, the zone of this tenant."""
    return (utc_now().date() + timedelta(days=count)).isoformat()


# Step, fields, whether it may be taken.
CASES: list[tuple[str, dict[str, str], bool]] = [
    ("assign", {"owner": REP.email}, True),
    ("assign", {"owner": f" {REP.email.upper()} "}, True),
    ("assign", {"owner": "<script>alert(1)</script>"}, False),
    ("assign", {"owner": GUS.email}, False),
    ("assign", {"owner": VIEWER.email}, False),
    ("assign", {"owner": "x" * 200}, False),
    ("assign", {"owner": f"{REP.email}\x00"}, False),
    ("snooze", {"until": day(1)}, True),
    ("snooze", {"until": day(366)}, True),
    ("snooze", {"until": day(367)}, False),
    ("snooze", {"until": "2099-01-01"}, False),
    ("snooze", {"until": day(0)}, False),
    ("snooze", {"until": day(-1)}, False),
    ("snooze", {"until": "soon"}, False),
    ("snooze", {}, False),
    ("done", {"outcome": "won"}, True),
    ("done", {}, False),
    ("done", {"outcome": "gone"}, False),
    ("done", {"outcome": "won", "amount": "1250.50"}, True),
    ("done", {"outcome": "won", "amount": "999999999.99"}, True),
    ("done", {"outcome": "won", "amount": "5e11"}, False),
    ("done", {"outcome": "won", "amount": "500000000000"}, False),
    ("done", {"outcome": "won", "amount": "1.23456"}, False),
    ("done", {"outcome": "won", "amount": "0"}, False),
    ("done", {"outcome": "won", "amount": "-5"}, False),
    ("done", {"outcome": "won", "amount": "NaN"}, False),
    ("done", {"outcome": "no_answer", "amount": "5"}, False),
    ("done", {"outcome": "won", "reason": "ordered_elsewhere"}, False),
    ("done", {"outcome": "not_interested", "reason": "price"}, True),
    ("done", {"outcome": "not_relevant", "reason": "price"}, False),
    ("done", {"outcome": "will_order_later", "until": day(5)}, True),
    ("done", {"outcome": "will_order_later", "until": "2099-01-01"}, False),
    ("done", {"outcome": "will_order_later"}, False),
    ("done", {"outcome": "won", "note": "n" * 2_001}, False),
    ("done", {"outcome": "won", "note": "a\x00b"}, False),
    ("note", {"note": "n" * 2_000}, True),
    ("note", {"note": " " + "n" * 2_000 + "\n"}, True),
    ("note", {"note": "n" * 2_001}, False),
    ("note", {"note": "n" * 3_000}, False),
    ("note", {"note": "a\x00b"}, False),
    ("note", {"note": " \n"}, False),
    ("call", {}, True),
    ("call", {"note": "n" * 2_001}, False),
    ("call", {"note": "a\x00b"}, False),
]
