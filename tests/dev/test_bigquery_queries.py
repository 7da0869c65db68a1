"""Queries of the emulator: what they cost, how their rows are read, many at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core.exceptions import BadRequest, NotFound
from google.cloud import bigquery as google
from google.cloud.bigquery_storage import BigQueryReadClient
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
    BigQueryReadGrpcTransport,
)

from dev.bigquery import BigQuery
from tests.dev.bigquery_peer import PROJECT, SESSION, ask, client, dataset, event, load, write


def test_bytes_are_counted_as_bigquery_counts_them(server: BigQuery, tmp_path: Path) -> None:
    write(tmp_path / "export", "events_20261101", [event("page_view", 1)])
    write(tmp_path / "export", "events_20261102", [event("page_view", 1), event("view_item", 2)])
    load(server, tmp_path)
    name = f"{PROJECT}.{dataset(tmp_path)}"
    date, timestamp, parameters = 2 + 8, 8, 2 + len("ga_session_id") + 8
    row = date + timestamp + 2 + len("page_view") + parameters
    assert client(server).get_table(f"{name}.events_20261101").num_bytes == row
    dry = google.QueryJobConfig(dry_run=True)

    def estimate(query: str) -> Any:
        return client(server).query(query, job_config=dry).total_bytes_processed

    assert estimate(f"select event_date from `{name}.events_20261102` limit 1") == 2 * date
    assert estimate(f"select * from `{name}.events_*`") == 3 * row
    both = f"select event_date, {SESSION} from `{name}.events_2026110%d` where event_date = '1'"
    assert estimate(f"{both % 1} union all {both % 2}") == 3 * (date + parameters)
    with pytest.raises((BadRequest, NotFound)):
        estimate(f"select nothing from `{name}.events_20261101`")


def test_storage_api_reads_a_query_s_rows_in_bounded_messages(
    server: BigQuery, tmp_path: Path
) -> None:
    count = 3_000
    rows = [event("page_view", n, user_id=f"{n}".rjust(9_000)) for n in range(count)]
    write(tmp_path / "export", "events_20261101", rows)
    load(server, tmp_path)
    query = f"select event_timestamp, user_id from {dataset(tmp_path)}.events_20261101"
    with grpc.insecure_channel(
        server.storage_endpoint, [("grpc.max_receive_message_length", 8 * 1024 * 1024)]
    ) as channel:
        storage = BigQueryReadClient(transport=BigQueryReadGrpcTransport(channel=channel))
        result = client(server).query(query).result()
        batches = list(result.to_arrow_iterable(bqstorage_client=storage))
    assert len(batches) > 1
    assert sum(batch.num_rows for batch in batches) == result.total_rows == count
    numbers = {value for batch in batches for value in batch.column(0).to_pylist()}
    assert numbers == {1_793_500_000_000_000 + n for n in range(count)}


def test_six_queries_at_once_each_get_their_own_rows(server: BigQuery, tmp_path: Path) -> None:
    names = [f"event_{number}" for number in range(6)]
    rows = [event(name, n) for name in names for n in range(200)]
    write(tmp_path / "export", "events_20261101", rows)
    load(server, tmp_path)

    def extract(name: str) -> set[tuple[Any, ...]]:
        parameter = google.ArrayQueryParameter("names", "STRING", [name])
        query = f"select event_name, {SESSION} from {dataset(tmp_path)}.events_20261101"
        return set(ask(server, f"{query} where event_name in unnest(@names)", parameter))

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(extract, names * 3))
    assert results == [{(name, n) for n in range(200)} for name in names * 3]
