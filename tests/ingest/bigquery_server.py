"""A small BigQuery over a real socket: answers from rows a test gives, and faults on demand.

It knows the calls an extraction makes (token, tables.list, tables.get, jobs.insert, jobs.get,
jobs.cancel, jobs.getQueryResults) and keeps a log of them. It computes nothing: a query
answers the rows of the tables its SQL names, for the event names bound to it.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.ingest.bigquery_state import SCHEMA, FakeBigQuery, FakeTable, Fault

__all__ = ["SCHEMA", "FakeBigQuery", "FakeTable", "Fault", "running"]


@contextmanager
def running() -> Iterator[FakeBigQuery]:
    """A server on a free loopback port until the end of the block."""
    fake = FakeBigQuery()
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = _Server(("127.0.0.1", 0), handler)
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


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers that are killed hang up in the middle; anything else is worth a word."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


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
            self._refuse(call, fault)
            return
        if fault and fault.manner == "hang":
            self.fake.stopping.wait()
            self.close_connection = True
            return
        status, body = getattr(self, f"_{call.replace('.', '_')}")(match, query, sent, fault)
        self._send(status, body, fault.manner if fault else "")

    def _refuse(self, call: str, fault: Fault) -> None:
        error = _error(fault.status, fault.reason, fault.message)
        if call == "token":
            error = {"error": fault.reason, "error_description": fault.message}
        self._send(fault.status, error, fault.manner)

    def _send(self, status: int, body: dict[str, Any], manner: str = "") -> None:
        if manner == "lost":
            self.close_connection = True
            return
        content = _STRANGE.get(manner) or json.dumps(body).encode()
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

    def _datasets_list(self, *_: Any) -> tuple[int, dict[str, Any]]:
        return 200, {"datasets": [{"datasetReference": _DATASET}]}

    def _datasets_get(self, *_: Any) -> tuple[int, dict[str, Any]]:
        return 200, {"datasetReference": _DATASET, "location": self.fake.location}

    def _rows_list(self, match: re.Match[str], *_: Any) -> tuple[int, dict[str, Any]]:
        return 200, {"totalRows": str(len(self.fake.samples)), "rows": self.fake.samples}

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
            self.fake.paid[job_id.rpartition("_")[0]] += job["status"].get("errorResult") is None
        if fault and fault.manner == "hang after":
            self.fake.stopping.wait()
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
        with self.fake.lock:
            self.fake.cancelled.append(match["job"])
        job = self.fake.jobs.get(match["job"])
        return (200, {"job": job}) if job else (404, _error(404, "notFound", "Not found: Job"))

    def _queries_get(
        self, match: re.Match[str], query: dict[str, list[str]], _: bytes, fault: Fault | None
    ) -> tuple[int, dict[str, Any]]:
        names, rows = self.fake.result(match["job"])
        start = int(query.get("pageToken", ["0"])[0])
        size = min(int(query.get("maxResults", ["100000"])[0]), self.fake.page_rows)
        total = fault.total if fault and fault.total is not None else len(rows)
        if fault and fault.manner == "uncounted":
            return 200, {"jobComplete": True, "jobReference": {"jobId": match["job"]}}
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


def _reference(table: str) -> dict[str, str]:
    return {"projectId": "project-one", "datasetId": "analytics_1", "tableId": table}


def _job(asked: dict[str, Any], state: str) -> dict[str, Any]:
    statistics = {"query": {"totalBytesBilled": "1048576", "totalBytesProcessed": "7"}}
    return {
        "jobReference": {**asked["jobReference"], "projectId": "project-one", "location": "EU"},
        "configuration": _with_destination(asked),
        "status": {"state": state},
        "statistics": statistics,
    }


def _with_destination(asked: dict[str, Any]) -> dict[str, Any]:
    """The configuration as BigQuery answers it: with the table that takes the result."""
    query = asked["configuration"]["query"]
    destination = {"destinationTable": _reference(asked["jobReference"].get("jobId", "dry"))}
    return {**asked["configuration"], "query": query | destination}


def _error(status: int, reason: str, message: str) -> dict[str, Any]:
    listed = [{"reason": reason, "message": message}]
    return {"error": {"code": status, "message": message, "errors": listed}}


_DATASET = {"projectId": "project-one", "datasetId": "analytics_1"}
_STRANGE = {"html": b"<html>Sign in</html>", "empty": b"{}", "list": b"[]"}
_PROJECT = r"/bigquery/v2/projects/[\w-]+"
_CALLS = (
    (r"POST /token", "token"),
    (rf"GET {_PROJECT}/datasets", "datasets.list"),
    (rf"GET {_PROJECT}/datasets/\w+", "datasets.get"),
    (rf"GET {_PROJECT}/datasets/\w+/tables/\w+/data", "rows.list"),
    (rf"GET {_PROJECT}/datasets/\w+/tables", "tables.list"),
    (rf"GET {_PROJECT}/datasets/\w+/tables/(?P<table>\w+)", "tables.get"),
    (rf"POST {_PROJECT}/jobs", "jobs.insert"),
    (rf"GET {_PROJECT}/jobs/(?P<job>[\w-]+)", "jobs.get"),
    (rf"POST {_PROJECT}/jobs/(?P<job>[\w-]+)/cancel", "jobs.cancel"),
    (rf"GET {_PROJECT}/queries/(?P<job>[\w-]+)", "queries.get"),
)
