"""Reading a query's result by the Storage Read API, and what becomes of each of its faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import grpc  # type: ignore[import-untyped] # ships no types
import pytest

from app.errors import Upstream
from app.ingest.attempts import Cancelled
from app.ingest.bigquery.source import BigQuerySettings
from tests.ingest import storage_server
from tests.ingest.bigquery_server import FakeBigQuery, Fault
from tests.ingest.reading import DAY, limits, page_view, read, spooled
from tests.ingest.storage_server import FakeStorage, StorageFault

URLS = [f"https://shop.example/{n}" for n in range(5)]
PASSING = [
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
]
REFUSING = [
    grpc.StatusCode.PERMISSION_DENIED,
    grpc.StatusCode.UNAUTHENTICATED,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.NOT_FOUND,
]


@pytest.fixture
def storage(server: FakeBigQuery) -> Iterator[FakeStorage]:
    with storage_server.running(server) as fake:
        yield fake


@pytest.fixture
def fast(settings: BigQuerySettings, storage: FakeStorage) -> BigQuerySettings:
    """Settings of a deployment that has the Storage Read API."""
    return replace(settings, storage_endpoint=storage.endpoint, call_timeout_s=30)


def test_every_batch_is_spooled_and_no_row_is_read_by_rest(
    server: FakeBigQuery, storage: FakeStorage, fast: BigQuerySettings, tmp_path: Path
) -> None:
    extraction = read(fast, tmp_path)

    assert spooled(extraction) == URLS
    assert extraction.rows_by_day == {DAY: 5}
    assert storage.calls == [("CreateReadSession", 0), ("ReadRows", 0)]
    assert server.count("queries.get") == 1


def test_several_streams_are_read_one_after_the_other(
    storage: FakeStorage, fast: BigQuerySettings, tmp_path: Path
) -> None:
    storage.streams = 3

    assert spooled(read(fast, tmp_path)) == URLS
    assert storage.count("ReadRows") == 3


def test_a_result_without_rows_asks_for_no_session(
    server: FakeBigQuery, storage: FakeStorage, fast: BigQuerySettings, tmp_path: Path
) -> None:
    server.tables["events_20250401"].rows.clear()

    extraction = read(fast, tmp_path)

    assert (extraction.rows, extraction.rows_by_day, spooled(extraction)) == (0, {DAY: 0}, [])
    assert storage.calls == []


@pytest.mark.parametrize("code", PASSING, ids=lambda code: code.name)
def test_a_broken_stream_is_read_on_from_the_row_it_broke_at(
    server: FakeBigQuery,
    storage: FakeStorage,
    fast: BigQuerySettings,
    tmp_path: Path,
    code: grpc.StatusCode,
) -> None:
    storage.fail("ReadRows", StorageFault(code, after=2), StorageFault(code, after=2))

    assert spooled(read(fast, tmp_path)) == URLS
    assert [offset for name, offset in storage.calls if name == "ReadRows"] == [0, 2, 4]
    assert (server.count("jobs.insert"), storage.count("CreateReadSession")) == (1, 1)


@pytest.mark.parametrize("call", ["CreateReadSession", "ReadRows"])
@pytest.mark.parametrize("code", PASSING, ids=lambda code: code.name)
def test_a_passing_fault_is_tried_again_and_the_query_is_not(
    server: FakeBigQuery,
    storage: FakeStorage,
    fast: BigQuerySettings,
    tmp_path: Path,
    call: str,
    code: grpc.StatusCode,
) -> None:
    storage.fail(call, StorageFault(code), StorageFault(code))

    assert spooled(read(fast, tmp_path)) == URLS
    assert (server.count("jobs.insert"), storage.count(call)) == (1, 3)


@pytest.mark.parametrize("call", ["CreateReadSession", "ReadRows"])
@pytest.mark.parametrize("code", REFUSING, ids=lambda code: code.name)
def test_a_refusal_falls_back_to_rest_without_a_second_query(
    server: FakeBigQuery,
    storage: FakeStorage,
    fast: BigQuerySettings,
    tmp_path: Path,
    call: str,
    code: grpc.StatusCode,
) -> None:
    storage.fail(call, *[StorageFault(code)] * 9)

    assert spooled(read(fast, tmp_path)) == URLS
    assert storage.count(call) == (4 if code is grpc.StatusCode.UNIMPLEMENTED else 1)
    assert (server.count("jobs.insert"), len(server.jobs)) == (1, 1)


@pytest.mark.parametrize(
    "fault",
    [
        StorageFault(grpc.StatusCode.UNAVAILABLE),
        StorageFault(manner="hang"),
        StorageFault(manner="garbage"),
        StorageFault(manner="end", after=2),
        StorageFault(manner="again", after=2),
    ],
    ids=lambda fault: fault.manner or "unavailable",
)
def test_a_fault_that_stays_falls_back_to_rest_after_four_tries(
    server: FakeBigQuery,
    storage: FakeStorage,
    fast: BigQuerySettings,
    tmp_path: Path,
    fault: StorageFault,
) -> None:
    storage.fail("ReadRows", *[fault] * 99)

    quick = replace(fast, call_timeout_s=1)
    assert spooled(read(quick, tmp_path)) == URLS
    assert storage.count("ReadRows") == 4
    assert server.count("jobs.insert") == 1


def test_a_session_without_streams_is_no_empty_result(
    server: FakeBigQuery, storage: FakeStorage, fast: BigQuerySettings, tmp_path: Path
) -> None:
    storage.streams = 0

    assert spooled(read(fast, tmp_path)) == URLS
    assert (storage.count("CreateReadSession"), server.count("jobs.insert")) == (4, 1)


def test_rows_that_rest_does_not_bring_either_are_a_fault_and_no_spool_is_left(
    server: FakeBigQuery, storage: FakeStorage, fast: BigQuerySettings, tmp_path: Path
) -> None:
    server.fail("queries.get", *[Fault(total=7)] * 20)

    with pytest.raises(Upstream, match="announced 7 rows and sent 5"):
        read(fast, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_stream_that_fell_silent_is_read_on_from_the_next_row(
    storage: FakeStorage, fast: BigQuerySettings, tmp_path: Path
) -> None:
    storage.fail("ReadRows", StorageFault(manner="hang", after=2))

    assert spooled(read(replace(fast, call_timeout_s=1), tmp_path)) == URLS
    assert [offset for name, offset in storage.calls if name == "ReadRows"] == [0, 2]


@pytest.mark.parametrize("call", ["CreateReadSession", "ReadRows"])
def test_a_hanging_call_ends_with_the_deadline(
    server: FakeBigQuery, storage: FakeStorage, fast: BigQuerySettings, tmp_path: Path, call: str
) -> None:
    storage.fail(call, *[StorageFault(manner="hang")] * 9)

    with pytest.raises(Upstream) as caught:
        read(replace(fast, call_timeout_s=600), tmp_path, within=limits(seconds=1.5))

    assert not caught.value.permanent
    assert storage.count(call) == 1
    assert list(tmp_path.iterdir()) == []


def test_cancelling_stops_between_batches_and_ends_the_call(
    storage: FakeStorage, fast: BigQuerySettings, tmp_path: Path
) -> None:
    storage.fail("ReadRows", StorageFault(manner="hang", after=2))

    with pytest.raises(Cancelled):
        read(fast, tmp_path, within=limits(cancelled=lambda: storage.count("ReadRows") > 0))

    assert list(tmp_path.iterdir()) == []


def test_refused_rows_are_counted_as_with_rest(
    server: FakeBigQuery, storage: FakeStorage, fast: BigQuerySettings, tmp_path: Path
) -> None:
    server.tables["events_20250401"].rows.append(page_view(9, event_ts="soon"))

    extraction = read(fast, tmp_path)

    assert (extraction.rows, extraction.refused.total()) == (5, 1)
