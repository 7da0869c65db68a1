"""Search terms in tests: asking for them, marking them, and counting them in plain Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from app.config import Config
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.tasks.terms import queries as terms_queries
from app.tasks.terms.queries import Decision, SearchTerm, TermQuestion, decide_term
from tests.loading import Row
from tests.oracle.rows import failed_search, purchase, search
from tests.sql.conftest import Shop

Decide = Callable[..., None]
DAY, NEXT = "2025-04-01", "2025-04-02"
APRIL = DateRange(date(2025, 4, 1), date(2025, 4, 30))


def ask(shop: Shop, function: str = "get_search_terms", **asked: Any) -> list[Any]:
    """The answer of one of the functions about terms."""
    question = TermQuestion(**{"period": APRIL, "limit": 200} | asked)
    with tenant_transaction(shop.tenant_id) as conn:
        found: list[Any] = getattr(terms_queries, function)(conn, shop.tenant_id, question)
    return found


def by_term(shop: Shop, **asked: Any) -> dict[str, SearchTerm]:
    """The terms of a question by themselves."""
    return {row.term: row for row in ask(shop, **asked)}


@pytest.fixture
def decide(shop: Shop, config: Config) -> Decide:
    """Marks a term as a manager does, in the role of the pages."""

    def made(term: str, status: str | None, **more: Any) -> None:
        db.configure(config)
        try:
            with tenant_transaction(shop.tenant_id) as conn:
                decision = Decision(status, **more)
                decide_term(conn, shop.tenant_id, None, term, decision, "meg@acme.test")
        finally:
            db.configure(config, role="worker")

    return made


def history(seed: int) -> list[Row]:
    """Sessions of three branches over a week, some past midnight, some without consent."""
    rng, rows = random.Random(seed), []
    for number in range(60):
        start = datetime(2025, 4, 1, 23, 50) + timedelta(hours=rng.randrange(0, 168, 3))  # noqa: DTZ001 - rows are UTC
        who = {"branch": rng.choice([None, "D01", "D02"])}
        if number % 10:
            who |= {"visitor": f"v{number % 17}", "session": number}
            who |= {"contact": f"U{number % 17}"} if number % 17 % 3 == 0 else {}
        else:
            who |= {"visitor": None, "session": None}
        for step in range(rng.randrange(1, 6)):
            make = rng.choice([search, failed_search])
            term = rng.choice(["valve", "Valve ", "hose", "pipe 3in", ""])
            moment = f"{start + timedelta(minutes=4 * step):%Y-%m-%d %H:%M}"
            rows.append(make(moment, term, **who))
        if rng.random() < 0.3:
            order = {"transaction_id": f"T{number}", "revenue": 10}
            rows.append(purchase(f"{start + timedelta(minutes=30):%Y-%m-%d %H:%M}", **order, **who))
    return rows


def counted(rows: list[Row], period: DateRange, branch: str | None) -> dict[str, tuple[int, ...]]:
    """failed, found, failed sessions, sessions, customers and unconverted, counted in Python."""
    searches = [_search(row) for row in rows if "search" in row["event_name"]]
    ordered = {_session(row) for row in rows if row["event_name"] == "purchase"}
    firsts: dict[tuple[str, str, bool], Any] = {}
    for found in sorted(searches, key=lambda s: s["ts"]):
        for failed in {False, found["failed"]}:
            firsts.setdefault((found["term"], found["session"], failed), found)
    sums: dict[str, list[Any]] = defaultdict(lambda: [0, 0, 0, 0, set(), 0])
    for found in searches:
        if found["day"] in period.days and branch in (None, found["branch"]):
            line, has_session = sums[found["term"]], found["session"] != "-"
            line[0 if found["failed"] else 1] += 1
            line[2] += has_session and firsts.get((found["term"], found["session"], True)) is found
            line[3] += has_session and firsts[found["term"], found["session"], False] is found
            line[4] |= {found["customer"]} if has_session else set()
            line[5] += has_session and not found["failed"] and found["session"] not in ordered
    return {term: (*line[:4], len(line[4]), line[5]) for term, line in sums.items()}


def _search(row: Row) -> dict[str, Any]:
    params = {p["key"]: p["value"].get("string_value") for p in row["event_params"]}
    named = {p["key"]: p["value"].get("string_value") for p in row["user_properties"]}
    return {
        "term": (params.get("search_term") or "").strip().lower(),
        "failed": row["event_name"] == "no_search_results",
        "session": _session(row),
        "ts": int(row["event_timestamp"]),
        "day": datetime.strptime(row["event_date"], "%Y%m%d").date(),  # noqa: DTZ007 - a day
        "branch": named.get("default_branch_id") or "",
        "customer": named.get("WebUserId") or row.get("user_pseudo_id"),
    }


def _session(row: Row) -> str:
    params = {p["key"]: p["value"].get("int_value") for p in row["event_params"]}
    visitor, session = row.get("user_pseudo_id"), params.get("ga_session_id")
    return f"{visitor}.{session}" if visitor and session else "-"
