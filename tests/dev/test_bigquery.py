"""The BigQuery emulator of the local stack, with Google's client as the peer."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import BadRequest, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google
from google.cloud.bigquery_storage import BigQueryReadClient
from google.cloud.bigquery_storage_v1.services.big_query_read.transports import (
    BigQueryReadGrpcTransport,
)

from dev import bigquery
from dev.bigquery import BigQuery
from dev.process import StackError

PROJECT = "acme-shop"
SESSION = "(select p.value.int_value from unnest(event_params) as p where p.key = 'ga_session_id')"


def event(name: str, number: int, **more: Any) -> dict[str, Any]:
    """A row as `bq extract` writes it."""
    return {
        "event_date": "20261101",
        "event_timestamp": str(1_793_500_000_000_000 + number),
        "event_name": name,
        "event_params": [{"key": "ga_session_id", "value": {"int_value": str(number)}}],
        **more,
    }


def write(directory: Path, table: str, rows: list[dict[str, Any]]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    with gzip.open(directory / f"{table}.json.gz", "wt") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def client(server: BigQuery) -> google.Client:
    return google.Client(
        project=PROJECT,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options=ClientOptions(api_endpoint=server.endpoint),
    )


def ask(server: BigQuery, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    settings = google.QueryJobConfig(query_parameters=list(parameters))
    return [row.values() for row in client(server).query(query, job_config=settings).result()]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, bigquery_venv: Path) -> Iterator[BigQuery]:
    with bigquery.start(tmp_path_factory.mktemp("bigquery"), venv=bigquery_venv) as running:
        yield running


def load(server: BigQuery, directory: Path, **more: bool) -> bigquery.LoadReport:
    """Load into a dataset named after the test's directory."""
    return server.load_directory(PROJECT, dataset(directory), directory / "export", **more)


def dataset(directory: Path) -> str:
    return directory.name.replace("-", "_")


def test_values_come_back_as_exported(server: BigQuery, tmp_path: Path) -> None:
    full = event(
        "purchase",
        1,
        user_pseudo_id="é1.2",
        is_active_user=True,
        ecommerce={"purchase_revenue": "NaN", "total_item_quantity": "3"},
        items=[{"item_id": "A", "price": 2.5, "quantity": "3"}],
        user_properties=[{"key": "WebUserId", "value": {"string_value": "u1"}}],
    )
    write(tmp_path / "export", "events_20261101", [full, event("page_view", 2, not_a_column="x")])
    report = load(server, tmp_path)
    assert (report.loaded, report.unchanged, report.dropped) == ({"events_20261101": 2}, (), ())
    rows = ask(
        server,
        f"select event_name, event_timestamp, {SESSION}, user_pseudo_id, is_active_user,"
        " ecommerce.purchase_revenue, ecommerce.total_item_quantity, array_length(items),"
        " (select i.price from unnest(items) as i), geo.country,"
        " (select p.value.string_value from unnest(user_properties) as p)"
        f" from {dataset(tmp_path)}.events_20261101 order by event_timestamp",
    )
    assert math.isnan(rows[0][5])
    assert rows[0][:5] + rows[0][6:] == (
        "purchase",
        1_793_500_000_000_001,
        1,
        "é1.2",
        True,
        3,
        1,
        2.5,
        None,
        "u1",
    )
    assert rows[1] == (
        ("page_view", 1_793_500_000_000_002, 2, None, None, None, None, 0, None, None, None)
    )


def test_unchanged_files_are_kept_and_a_grown_day_is_replaced(
    tmp_path: Path, bigquery_venv: Path
) -> None:
    export, name = tmp_path / "export", f"{PROJECT}.{dataset(tmp_path)}"
    for day in ("events_20261101", "events_intraday_20261102"):
        write(export, day, [event("page_view", 1)])
    with bigquery.start(tmp_path, venv=bigquery_venv) as first:
        load(first, tmp_path)
        before = {t: client(first).get_table(f"{name}.{t}").modified for t in report_of(export)}
    write(export, "events_intraday_20261102", [event("page_view", n) for n in range(3)])
    with bigquery.start(tmp_path, venv=bigquery_venv) as second:
        assert second.endpoint == first.endpoint
        report = load(second, tmp_path)
        assert report.loaded == {"events_intraday_20261102": 3}
        assert report.unchanged == ("events_20261101",)
        after = {t: client(second).get_table(f"{name}.{t}").modified for t in report_of(export)}
        assert after["events_20261101"] == before["events_20261101"]
        assert after["events_intraday_20261102"] > before["events_intraday_20261102"]
        counted = ask(second, f"select count(*) from `{name}.events_intraday_20261102`")
        assert counted == [(3,)]


def report_of(export: Path) -> list[str]:
    return [path.name.removesuffix(".json.gz") for path in export.iterdir()]


def test_tables_whose_file_is_gone_are_dropped_only_when_asked(
    server: BigQuery, tmp_path: Path
) -> None:
    for day in ("events_20261101", "events_fresh_20261102"):
        write(tmp_path / "export", day, [event("page_view", 1)])
    load(server, tmp_path)
    (tmp_path / "export" / "events_fresh_20261102.json.gz").unlink()
    table = f"{PROJECT}.{dataset(tmp_path)}.events_fresh_20261102"
    assert load(server, tmp_path).dropped == ()
    assert client(server).get_table(table).num_rows == 1
    assert load(server, tmp_path, prune=True).dropped == ("events_fresh_20261102",)
    with pytest.raises(NotFound):
        client(server).get_table(table)
    with pytest.raises((NotFound, BadRequest)):
        ask(server, f"select count(*) from `{table}`")


@pytest.mark.parametrize("content", [b"not gzip", gzip.compress(b'{"event_date": ')])
def test_unreadable_file_is_named_and_the_old_table_stands(
    server: BigQuery, tmp_path: Path, content: bytes
) -> None:
    write(tmp_path / "export", "events_20261101", [event("page_view", 1)])
    load(server, tmp_path)
    (tmp_path / "export" / "events_20261101.json.gz").write_bytes(content)
    with pytest.raises(StackError, match=r"events_20261101\.json\.gz"):
        load(server, tmp_path)
    assert ask(server, f"select count(*) from {dataset(tmp_path)}.events_20261101") == [(1,)]


def test_missing_directory_and_other_names_are_errors(server: BigQuery, tmp_path: Path) -> None:
    with pytest.raises(StackError, match="not a directory"):
        load(server, tmp_path)
    write(tmp_path / "export", "visits_20261101", [])
    with pytest.raises(StackError, match="not named events_YYYYMMDD"):
        load(server, tmp_path)


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
