"""Reports made by hand, to be rendered: one of everything, and one by an enemy."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.dashboard.queries import Overview
from app.dates import DateRange
from app.email.message.content import Figures, Report
from app.email.message.digest import BranchWork, Digest, Manager
from app.email.message.render import Frame, MailFormat
from app.email.sending.ledger import Addressee
from app.tasks.board.queries import BoardRow, Recovered, RecoveredRow
from app.tasks.contacts import Contact
from app.tasks.queries import Card, Task
from app.tasks.queue.queries import Lead, Summary

DAY = date(2024, 11, 19)
MOMENT = datetime(2024, 11, 19, 21, 20, tzinfo=UTC)
PERIOD = DateRange(DAY, DAY)
FRAME = Frame(
    "Acme Industrial Supply",
    "https://sales.example",
    MailFormat("en-US", "USD", "America/New_York", "America/New_York"),
)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7*7 }}${7*7}",
    "evil.example/pay",
    "https://evil.example",
    "javascript:alert(1)",
    "boss@evil.example",
    "a\r\nBcc: x@evil.example",
    "\u202egnp.exe",
    "=cmd|'/c calc'!A1",
    "x" * 3000,
    "\x1b[31m",
)


def task(number: int, task_type: str, **more: Any) -> Task:
    """An open task about a company."""
    values: dict[str, Any] = {
        "task_id": UUID(int=number),
        "task_type": task_type,
        "state": "open",
        "outcome": None,
        "version": 0,
        "score": 89.1,
        "value": Decimal(2340),
        "is_estimate": False,
        "currency": "",
        "is_value_incomplete": False,
        "first_at": MOMENT,
        "last_at": MOMENT,
        "ready_at": MOMENT,
        "expires_at": MOMENT + timedelta(days=30),
        "closed_at": None,
        "closed_reason": None,
        "snoozed_until": None,
        "branch_id": "D02",
        "customer_key": f"k:{number}",
        "customer_name": f"Customer {number}",
        "company_id": str(number),
        "contact_id": None,
        "contact_name": "Robin Birch",
        "contact_email": "robin@customer.example",
        "contact_phone": "+1 555-0142",
        "owner": None,
        "is_flagged": False,
        "is_known_buyer": True,
        "has_checkout": True,
        "reach": 10,
        "order_key": "",
        "detail": {"lines": [1, 2, 3]},
    }
    return Task(**{**values, **more})


def lead(*tasks: Task, people: tuple[Contact, ...] = ()) -> Lead:
    """A card of these tasks."""
    first = tasks[0]
    summary = Summary(first.customer_key, Decimal(48210), 31, MOMENT - timedelta(days=12))
    card = Card(first.customer_key, 92.1, Decimal(2340), None, MOMENT, tasks)
    return Lead(card, (), summary, people)


def overview(revenue: int, orders: int) -> Overview:
    return Overview(
        900,
        620,
        orders,
        Decimal(revenue),
        Decimal(100),
        "USD",
        (),
        orders,
        200,
        4000,
        12,
        Decimal(9000),
        300,
        40,
        90,
        6,
        0,
        0,
    )


def report(**more: Any) -> Report:
    """New, open and closed, with figures."""
    cart = task(1, "cart")
    search = task(
        2,
        "no_results",
        customer_key="k:1",
        customer_name="Customer 1",
        detail={"terms": [{"term": "valve 3in", "searches": 4}]},
        value=None,
    )
    visit = task(
        3,
        "repeat_visit",
        contact_phone=None,
        value=Decimal(800),
        is_estimate=True,
        detail={"visits": 4, "items": [{"item_name": "Pump 2 in"}, {"item_name": "Seal kit"}]},
    )
    told = task(4, "cart", detail={"lines": [1]})
    won = task(5, "cart", state="closed", closed_reason="recovered")
    done = task(6, "bounce", state="done", outcome="no_answer", value=None)
    values: dict[str, Any] = {
        "addressee": Addressee("rep@acme.example", "Rosa", ("D02",)),
        "branches": ("D02 Uptown",),
        "period": PERIOD,
        "new": (lead(cart, search), lead(visit, people=(Contact("c9", "Toni", None, "555"),))),
        "untold": frozenset({cart.task_id, visit.task_id}),
        "later": 3,
        "open": (Card("k:4", 60.0, Decimal(100), None, MOMENT, (told,)),),
        "open_count": 2,
        "closed": (won, done),
        "figures": Figures(
            overview(5000, 20),
            overview(4000, 25),
            RecoveredRow("", None, 4, 2, Decimal(900), Decimal(400), 4, 2),
        ),
        "last_day": DAY,
    }
    return Report(**{**values, **more})


def hostile_report() -> Report:
    """The same with an enemy's words wherever strangers' words can stand."""
    bad = " ".join(HOSTILE)
    tasks = [
        task(
            10 + n,
            kind,
            customer_name=bad,
            contact_name=bad,
            contact_phone=bad,
            branch_id=bad,
            customer_key=f"c:{bad}",
            detail={
                "lines": [],
                "terms": [{"term": bad, "searches": 2}],
                "transaction_id": bad,
                "items": [{"item_name": bad}],
                "visits": 3,
            },
        )
        for n, kind in enumerate(
            ("cart", "no_results", "no_conversion", "repeat_visit", "purchase", "bounce")
        )
    ]
    closed = task(30, "cart", customer_name=bad, state="closed", closed_reason="ordered")
    return report(
        branches=(f"D02 {bad}", f"D03 {bad}"),
        closed=(closed,),
        new=tuple(lead(one, people=(Contact("c", bad, bad, bad),)) for one in tasks),
        untold=frozenset(one.task_id for one in tasks),
        open=(Card(f"c:{bad}", 1.0, Decimal(0), None, MOMENT, (tasks[0],)),),
    )


def digest() -> Digest:
    """A manager's week."""
    branches = (
        BranchWork("D01", "D01 Harbour", 90, 70, 8, 3, 9, 4, 1, 4.5),
        BranchWork("D02", "D02 Uptown", 50, 26, 3, 1, 2, 0, 0, None),
    )
    people = (
        _rep("rosa@acme.example", 30, 2, 60, 9, 5.0),
        _rep("theo@acme.example", 12, 0, 36, 2, None),
    )
    rows = (
        RecoveredRow("cart", "rosa@acme.example", 20, 5, Decimal(9120), Decimal(4000), 20, 5),
        RecoveredRow("cart", None, 0, 0, Decimal(0), Decimal(0), 44, 3),
    )
    return Digest(
        Manager("meg@acme.example", "Meg", None),
        DateRange(DAY - timedelta(days=6), DAY),
        branches,
        people,
        {"rosa@acme.example": "Rosa Lind"},
        Recovered(rows),
    )


def _rep(
    email: str, customers: int, overdue: int, worked: int, won: int, hours: float | None
) -> BoardRow:
    return BoardRow(email, email, None, None, customers, 2 * customers, overdue, worked, won, hours)
