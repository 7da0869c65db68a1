"""A small Storage Read API over a real gRPC socket: the rows of the scripted BigQuery's queries.

A table is the result of the query of that id, cut into batches of `batch_rows`. Cells are
texts, as REST's are, with the query's own column names.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc  # type: ignore[import-untyped] # ships no types
import pyarrow as pa
from google.cloud.bigquery_storage_v1 import types

from tests.ingest.bigquery_state import FakeBigQuery

_SERVICE = "google.cloud.bigquery.storage.v1.BigQueryRead"


@dataclass(frozen=True)
class StorageFault:
    """What goes wrong with a call once `after` rows of it are sent.

    An error's `code`, or a `manner`: hang; end, as if there were no more rows; garbage, a batch
    of no meaning; again, a batch that was sent before.
    """

    code: grpc.StatusCode | None = None
    manner: str = ""
    after: int = 0


@dataclass
class FakeStorage:
    """The running server. `faults[call]` are used up one per call, in order.

    `calls` has each call's name, and for ReadRows the row it began at.
    """

    bigquery: FakeBigQuery
    endpoint: str = ""
    faults: dict[str, deque[StorageFault]] = field(default_factory=dict)
    calls: list[tuple[str, int]] = field(default_factory=list)
    batch_rows: int = 2
    streams: int = 1
    ended: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def fail(self, call: str, *faults: StorageFault) -> None:
        """The next calls of that name meet these faults."""
        self.faults.setdefault(call, deque()).extend(faults)

    def restore(self) -> None:
        """No faults, nothing asked yet."""
        self.faults.clear()
        self.calls.clear()

    def count(self, call: str) -> int:
        """How often it was called."""
        return len([name for name, _ in self.calls if name == call])

    def create_session(self, asked: Any, context: grpc.ServicerContext) -> types.ReadSession:
        fault = self._take("CreateReadSession", 0)
        self._suffer(fault, context)
        path = asked.read_session.table
        packed = self._rows(path).schema.serialize().to_pybytes()
        schema = types.ArrowSchema(serialized_schema=packed)
        streams = [types.ReadStream(name=f"{path}/streams/{n}") for n in range(self.streams)]
        return types.ReadSession(name=path, arrow_schema=schema, streams=streams)

    def read_rows(
        self, asked: Any, context: grpc.ServicerContext
    ) -> Iterator[types.ReadRowsResponse]:
        path, _, number = asked.read_stream.partition("/streams/")
        fault = self._take("ReadRows", asked.offset)
        table = self._share(self._rows(path), int(number))
        position, sent = asked.offset, 0
        while position < table.num_rows:
            if fault and sent >= fault.after:
                if fault.manner == "again":
                    yield _message(table.slice(asked.offset, self.batch_rows))
                elif fault.manner == "garbage":
                    yield _garbage()
                self._suffer(fault, context)
                if fault.manner == "end":
                    return
                fault = None
            batch = table.slice(position, self.batch_rows)
            yield _message(batch)
            position, sent = position + batch.num_rows, sent + batch.num_rows
        self._suffer(fault, context)

    def _take(self, call: str, offset: int) -> StorageFault | None:
        self.calls.append((call, offset))
        waiting = self.faults.get(call)
        return waiting.popleft() if waiting else None

    def _suffer(self, fault: StorageFault | None, context: grpc.ServicerContext) -> None:
        if fault and fault.code:
            context.abort(fault.code, "as scripted")
        if fault and fault.manner == "hang":
            over = threading.Event()
            context.add_callback(over.set)
            while not (over.wait(0.05) or self.stopping.is_set()):
                pass
            self.ended += 1

    def _rows(self, path: str) -> pa.RecordBatch:
        names, rows = self.bigquery.result(path.rpartition("/")[2])
        cells = [pa.array([row.get(name) for row in rows], pa.string()) for name in names]
        return pa.record_batch(cells, names=names)

    def _share(self, table: pa.RecordBatch, number: int) -> pa.RecordBatch:
        """The rows of one of the streams."""
        size = -(-table.num_rows // self.streams)
        return table.slice(number * size, size)


def _message(batch: pa.RecordBatch) -> types.ReadRowsResponse:
    packed = types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes())
    return types.ReadRowsResponse(arrow_record_batch=packed, row_count=batch.num_rows)


def _garbage() -> types.ReadRowsResponse:
    packed = types.ArrowRecordBatch(serialized_record_batch=b"no batch at all")
    return types.ReadRowsResponse(arrow_record_batch=packed, row_count=1)


@contextmanager
def running(bigquery: FakeBigQuery) -> Iterator[FakeStorage]:
    """A server on a free loopback port until the end of the block."""
    fake = FakeStorage(bigquery)
    server = grpc.server(ThreadPoolExecutor(16))
    handlers = {
        "CreateReadSession": grpc.unary_unary_rpc_method_handler(
            fake.create_session,
            request_deserializer=types.CreateReadSessionRequest.deserialize,
            response_serializer=types.ReadSession.serialize,
        ),
        "ReadRows": grpc.unary_stream_rpc_method_handler(
            fake.read_rows,
            request_deserializer=types.ReadRowsRequest.deserialize,
            response_serializer=types.ReadRowsResponse.serialize,
        ),
    }
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(_SERVICE, handlers)])
    fake.endpoint = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield fake
    finally:
        fake.stopping.set()
        server.stop(grace=None).wait()
