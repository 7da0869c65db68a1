"""A BigQuery of a few lines over a real socket, whose tables change between and during queries.

It answers what an extraction asks (token, tables.list, tables.get, jobs.insert,
jobs.getQueryResults). A query is done at once: its rows are those its tables had when it came.
Faults of BigQuery itself are played by tests/ingest/bigquery_server.py.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from app.ingest.store.event_tables import EVENT_TABLES

Cells = dict[str, str | None]
Answer = tuple[int, dict[str, Any]]

_SCHEMA = [
    {"name": "event_date", "type": "STRING"},
    {"name": "event_timestamp", "type": "INTEGER"},
    {"name": "event_name", "type": "STRING"},
    {
        "name": "event_params",
        "type": "RECORD",
        "mode": "REPEATED",
        "fields": [{"name": "key", "type": "STRING"}],
    },
]


@dataclass(frozen=True)
class Table:
    """A day's table: rows as the cells that queries answer, by column name."""

    rows: list[Cells]
    modified_ms: int


@dataclass(frozen=True)
class Refusal:
    """What a query meets instead of its answer."""

    status: int
    reason: str
    message: str


DENIED = Refusal(403, "accessDenied", "Access Denied: no permission bigquery.tables.getData")


@dataclass
class Export:
    """The export and what was asked of it.

    `refused[event type]` meets every query of that type, `denied` every query that names one of
    those tables. `on_query` hears the type before its query is looked at, `on_rows` a query's id
    before its rows are sent, both in a thread of the server: they may change tables, or wait.
    `queries` are the types that were asked for, in order.
    """

    endpoint: str = ""
    tables: dict[str, Table] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    on_query: Callable[[str], None] | None = None
    on_rows: Callable[[str], None] | None = None
    queries: list[str] = field(default_factory=list)
    answers: dict[str, tuple[list[str], list[Cells]]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def reset(self) -> None:
        """An export without tables that refuses nothing and was asked nothing yet."""
        self.tables, self.refused, self.denied, self.queries = {}, {}, set(), []
        self.on_query = self.on_rows = None

    def insert_job(self, asked: dict[str, Any]) -> Answer:
        """Run a query; one of a known id is not run again."""
        job_id = asked["jobReference"]["jobId"]
        event_type = next(name for name in EVENT_TABLES if f"_{name}_" in job_id)
        self.queries.append(event_type)
        if self.on_query:
            self.on_query(event_type)
        tables = re.findall(r"from `[^`]*\.(\w+)`", asked["configuration"]["query"]["query"])
        refusal = DENIED if self.denied & set(tables) else self.refused.get(event_type)
        if refusal:
            return _error(refusal)
        with self.lock:
            if job_id in self.jobs:
                return _error(Refusal(409, "duplicate", f"Already Exists: Job {job_id}"))
            try:
                self.answers[job_id] = self._answer(asked["configuration"]["query"], tables)
            except KeyError as gone:
                return _error(Refusal(404, "notFound", f"Not found: Table p:d.{gone.args[0]}"))
            self.jobs[job_id] = {
                "jobReference": {**asked["jobReference"], "projectId": "p", "location": "EU"},
                "configuration": asked["configuration"],
                "status": {"state": "DONE"},
                "statistics": {"query": {"totalBytesBilled": "1"}},
            }
        return 200, self.jobs[job_id]

    def _answer(self, query: dict[str, Any], tables: list[str]) -> tuple[list[str], list[Cells]]:
        """The columns the query names, and the rows of its tables that have its event names."""
        names = re.findall(r" as (\w+)(?=,|$)", query["query"].partition("\nfrom")[0])
        bound = {p["name"]: p["parameterValue"] for p in query["queryParameters"]}
        events = {value["value"] for value in bound["event_names"]["arrayValues"]}
        rows = [row for name in tables for row in self.tables[name].rows]
        return names, [row for row in rows if row["event_name"] in events]


@contextmanager
def running() -> Iterator[Export]:
    """A server on a free loopback port until the end of the block."""
    export = Export()
    handler = type("Handler", (_Handler,), {"export": export})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    export.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield export
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    export: Export
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        last = path.rpartition("/")[2]
        if "/queries/" in path:
            if self.export.on_rows:
                self.export.on_rows(last)
            self._send(_page(last, *self.export.answers[last]))
        elif "/jobs/" in path:
            self._send((200, self.export.jobs[last]))
        elif path.endswith("/tables"):
            listed = [{"tableReference": _reference(name)} for name in self.export.tables]
            self._send((200, {"tables": listed, "totalItems": len(listed)}))
        else:
            self._send(_described(last, self.export.tables.get(last)))

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            self._send((200, {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}))
        elif self.path.partition("?")[0].endswith("/jobs"):
            self._send(self.export.insert_job(json.loads(sent)))
        else:
            self._send(_error(Refusal(404, "notFound", "Not found: Job")))

    def _send(self, answer: Answer) -> None:
        content = json.dumps(answer[1]).encode()
        self.send_response(answer[0])
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read `queries` instead."""


def _reference(table: str) -> dict[str, str]:
    return {"projectId": "project-one", "datasetId": "analytics_1", "tableId": table}


def _described(name: str, table: Table | None) -> Answer:
    if table is None:
        return _error(Refusal(404, "notFound", f"Not found: Table p:d.{name}"))
    return 200, {
        "tableReference": _reference(name),
        "schema": {"fields": _SCHEMA},
        "lastModifiedTime": str(table.modified_ms),
        "numRows": str(len(table.rows)),
        "numBytes": "1000",
    }


def _page(job_id: str, names: list[str], rows: list[Cells]) -> Answer:
    return 200, {
        "jobComplete": True,
        "totalRows": str(len(rows)),
        "jobReference": {"projectId": "project-one", "jobId": job_id, "location": "EU"},
        "schema": {"fields": [{"name": name, "type": "STRING"} for name in names]},
        "rows": [{"f": [{"v": row.get(name)} for name in names]} for row in rows],
    }


def _error(refusal: Refusal) -> Answer:
    listed = [{"reason": refusal.reason, "message": refusal.message}]
    error = {"code": refusal.status, "message": refusal.message, "errors": listed}
    return refusal.status, {"error": error}
