"""A small BigQuery over a real socket: answers from rows a test gives, and faults on demand.

It knows the calls an extraction makes (token, tables.list, tables.get, jobs.insert, jobs.get,
jobs.cancel, jobs.getQueryResults) and keeps a log of them. It computes nothing: a query
answers the rows of the tables its SQL names, for the event names bound to it.
"""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

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
    """What happens instead of an answer: an error, or `manner` hang, drip or cut.

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
    """The running server. `faults[call]` are used up one per call, in order."""

    endpoint: str = ""
    tables: dict[str, FakeTable] = field(default_factory=dict)
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
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

    def count(self, call: str) -> int:
        return self.calls.count(call)

    def take_fault(self, call: str) -> Fault | None:
        with self.lock:
            self.calls.append(call)
            waiting = self.faults.get(call)
            return waiting.popleft() if waiting else None


@contextmanager
def running() -> Iterator[FakeBigQuery]:
    """A server on a free loopback port until the end of the block."""
    fake = FakeBigQuery()
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    fake.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        fake.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    fake: FakeBigQuery
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._route()

    def do_POST(self) -> None:
        self._route()

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `calls` instead."""

    def _route(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        path = urlsplit(self.path)
        for pattern, call in _CALLS:
            match = re.fullmatch(pattern, f"{self.command} {path.path}")
            if match:
                self._answer(call, match, parse_qs(path.query), sent)
                return
        self._send(404, _error(404, "notFound", f"no such call {self.path}"))

    def _answer(
        self, call: str, match: re.Match[str], query: dict[str, list[str]], sent: bytes
    ) -> None:
        fault = self.fake.take_fault(call)
        if fault and fault.status:
            self._send(fault.status, _error(fault.status, fault.reason, fault.message))
            return
        if fault and fault.manner == "hang":
            self.fake.stopping.wait()
            self.close_connection = True
            return
        status, body = getattr(self, f"_{call.replace('.', '_')}")(match, query, sent, fault)
        self._send(status, body, fault.manner if fault else "")

    def _send(self, status: int, body: dict[str, Any], manner: str = "") -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if manner == "cut":
            self.wfile.write(content[: len(content) // 2])
            self.close_connection = True
            return
        if manner == "drip":
            self._drip(content)
            return
        self.wfile.write(content)

    def _drip(self, content: bytes) -> None:
        for byte in content:
            if self.fake.stopping.wait(0.05):
                break
            try:
                self.wfile.write(bytes([byte]))
            except OSError:
                break
        self.close_connection = True

    def _token(self, *_: Any) -> tuple[int, dict[str, Any]]:
        return 200, {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}

    def _tables_list(self, *_: Any) -> tuple[int, dict[str, Any]]:
        names = list(self.fake.tables)
        listed = [{"tableReference": _reference(name), "type": "TABLE"} for name in names]
        return 200, {"tables": listed, "totalItems": len(listed)}

    def _tables_get(self, match: re.Match[str], *_: Any) -> tuple[int, dict[str, Any]]:
        table = self.fake.tables.get(match["table"])
        if table is None:
            return 404, _error(404, "notFound", f"Not found: Table p:d.{match['table']}")
        return 200, {
            "tableReference": _reference(match["table"]),
            "schema": {"fields": table.schema},
            "lastModifiedTime": str(table.modified_ms),
            "numRows": str(len(table.rows)),
            "numBytes": str(table.size),
        }

    def _jobs_insert(
        self, _: Any, __: Any, sent: bytes, fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        asked = json.loads(sent)
        job_id = asked["jobReference"]["jobId"]
        if asked["configuration"].get("dryRun"):
            return 200, _job(asked, "DONE")
        with self.fake.lock:
            if job_id in self.fake.jobs:
                return 409, _error(409, "duplicate", f"Already Exists: Job {job_id}")
            job = _job(asked, "RUNNING" if self.fake.polls_until_done else "DONE")
            if fault and fault.job_reason:
                failed = {"reason": fault.job_reason, "message": fault.message}
                job["status"] = {"state": "DONE", "errorResult": failed, "errors": [failed]}
            job["polls"] = self.fake.polls_until_done
            self.fake.jobs[job_id] = job
        return 200, job

    def _jobs_get(self, match: re.Match[str], *_: Any) -> tuple[int, dict[str, Any]]:
        job = self.fake.jobs.get(match["job"])
        if job is None:
            return 404, _error(404, "notFound", "Not found: Job")
        job["polls"] -= 1
        if job["polls"] <= 0:
            job["status"].setdefault("state", "DONE")
            job["status"]["state"] = "DONE"
        return 200, job

    def _jobs_cancel(self, match: re.Match[str], *_: Any) -> tuple[int, dict[str, Any]]:
        return 200, {"job": self.fake.jobs[match["job"]]}

    def _queries_get(
        self, match: re.Match[str], query: dict[str, list[str]], _: bytes, fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        names, rows = self._result(self.fake.jobs[match["job"]])
        start = int(query.get("pageToken", ["0"])[0])
        size = min(int(query.get("maxResults", ["100000"])[0]), self.fake.page_rows)
        total = fault.total if fault and fault.total is not None else len(rows)
        page = rows[start : start + size]
        answer: dict[str, Any] = {
            "jobComplete": True,
            "jobReference": {"projectId": "project-one", "jobId": match["job"], "location": "EU"},
            "schema": {"fields": [{"name": n, "type": "STRING"} for n in names]},
            "totalRows": str(total),
            "rows": [{"f": [{"v": row.get(name)} for name in names]} for row in page],
        }
        if size and start + size < len(rows):
            answer["pageToken"] = str(start + size)
        return 200, answer

    def _result(self, job: dict[str, Any]) -> tuple[list[str], list[Cells]]:
        query = job["configuration"]["query"]
        names = re.findall(r" as (\w+)(?=,|$)", query["query"].partition("\nfrom")[0])
        bound = {p["name"]: p["parameterValue"] for p in query["queryParameters"]}
        events = {value["value"] for value in bound["event_names"]["arrayValues"]}
        tables = re.findall(r"from `[^`]*\.(\w+)`", query["query"])
        rows = [row for name in tables for row in self.fake.tables[name].rows]
        return names, [row for row in rows if row["event_name"] in events]


def _reference(table: str) -> dict[str, str]:
    return {"projectId": "project-one", "datasetId": "analytics_1", "tableId": table}


def _job(asked: dict[str, Any], state: str) -> dict[str, Any]:
    statistics = {"query": {"totalBytesBilled": "1048576", "totalBytesProcessed": "7"}}
    return {
        "jobReference": {**asked["jobReference"], "projectId": "project-one", "location": "EU"},
        "configuration": asked["configuration"],
        "status": {"state": state},
        "statistics": statistics,
    }


def _error(status: int, reason: str, message: str) -> dict[str, Any]:
    listed = [{"reason": reason, "message": message}]
    return {"error": {"code": status, "message": message, "errors": listed}}


_PROJECT = r"/bigquery/v2/projects/[\w-]+"
_CALLS = (
    (r"POST /token", "token"),
    (rf"GET {_PROJECT}/datasets/\w+/tables", "tables.list"),
    (rf"GET {_PROJECT}/datasets/\w+/tables/(?P<table>\w+)", "tables.get"),
    (rf"POST {_PROJECT}/jobs", "jobs.insert"),
    (rf"GET {_PROJECT}/jobs/(?P<job>[\w-]+)", "jobs.get"),
    (rf"POST {_PROJECT}/jobs/(?P<job>[\w-]+)/cancel", "jobs.cancel"),
    (rf"GET {_PROJECT}/queries/(?P<job>[\w-]+)", "queries.get"),
)
