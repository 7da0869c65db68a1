"""What the scripted BigQuery holds: tables, the faults to come, and a log of what was asked."""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

Cells = dict[str, str | None]

SCHEMA: list[dict[str, Any]] = [
    {"name": "event_date", "type": "STRING"},
    {"name": "event_timestamp", "type": "INTEGER"},
    {"name": "event_name", "type": "STRING"},
    {
        "name": "event_params",
        "type": "RECORD",
        "mode": "REPEATED",
        "fields": [
            {"name": "key", "type": "STRING"},
            {
                "name": "value",
                "type": "RECORD",
                "fields": [
                    {"name": "string_value", "type": "STRING"},
                    {"name": "int_value", "type": "INTEGER"},
                    {"name": "double_value", "type": "FLOAT"},
                ],
            },
        ],
    },
    {"name": "user_pseudo_id", "type": "STRING"},
]


@dataclass
class FakeTable:
    """A day's table: rows as the cells a query answers, by column name."""

    rows: list[Cells] = field(default_factory=list)
    modified_ms: int = 1_700_000_000_000
    size: int = 1_000
    schema: list[dict[str, Any]] = field(default_factory=lambda: SCHEMA)


@dataclass(frozen=True)
class Fault:
    """What happens instead of an answer: an error, or a `manner`.

    That is hang, drip, cut; lost: the call took effect; html: a proxy answers in its place;
    empty, list: JSON that means nothing; uncounted: a result that does not say how many rows.
    `job_reason` lets the call succeed and the job fail, as BigQuery reports quotas.
    `total` makes the result announce another number of rows than it has.
    """

    status: int = 0
    reason: str = ""
    message: str = "as scripted"
    manner: str = ""
    job_reason: str = ""
    total: int | None = None


@dataclass
class FakeBigQuery:
    """The running server. `faults[call]` are used up one per call, in order.

    `paid` counts queries that ran, by the question they answer: their ids without the attempt.
    """

    endpoint: str = ""
    tables: dict[str, FakeTable] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    paid: Counter[str] = field(default_factory=Counter)
    cancelled: list[str] = field(default_factory=list)
    location: str = "EU"
    samples: list[dict[str, Any]] = field(default_factory=list)
    polls_until_done: int = 0
    page_rows: int = 10_000
    stopping: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def token_uri(self) -> str:
        return f"{self.endpoint}/token"

    def fail(self, call: str, *faults: Fault) -> None:
        """The next calls of that name meet these faults."""
        self.faults.setdefault(call, deque()).extend(faults)

    def restore(self) -> None:
        """No faults, an export of the usual form, nothing asked yet."""
        for kept in (self.faults, self.calls, self.jobs, self.paid, self.cancelled):
            kept.clear()
        self.polls_until_done = 0
        for table in self.tables.values():
            table.schema = SCHEMA

    def finish_queries(self) -> None:
        """Running queries are done when next asked for, and new ones at once."""
        self.polls_until_done = 0
        for job in self.jobs.values():
            job["polls"] = 0

    def let_go(self) -> None:
        """Calls that hang end now."""
        self.stopping.set()
        self.stopping = threading.Event()

    def count(self, call: str) -> int:
        return self.calls.count(call)

    def result(self, job_id: str) -> tuple[list[str], list[Cells]]:
        """The columns and rows of a finished query."""
        query = self.jobs[job_id]["configuration"]["query"]
        names = re.findall(r" as (\w+)(?=,|$)", query["query"].partition("\nfrom")[0])
        bound = {p["name"]: p["parameterValue"] for p in query["queryParameters"]}
        events = {value["value"] for value in bound["event_names"]["arrayValues"]}
        tables = re.findall(r"from `[^`]*\.(\w+)`", query["query"])
        rows = [row for name in tables for row in self.tables[name].rows]
        return names, [row for row in rows if row["event_name"] in events]

    def take_fault(self, call: str) -> Fault | None:
        with self.lock:
            self.calls.append(call)
            waiting = self.faults.get(call)
            return waiting.popleft() if waiting else None
