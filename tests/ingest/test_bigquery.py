"""Reading the export from a BigQuery of scripted answers, over a real socket."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from app.errors import Invalid, Upstream
from app.ingest import bigquery
from app.ingest.attempts import Cancelled, Limits
from app.ingest.bigquery import BigQuerySettings, Extraction, ServiceAccount
from app.ingest.spool import open_spool
from tests.ingest.bigquery_server import SCHEMA, FakeBigQuery, FakeTable, Fault, running

DAY = date(2025, 4, 1)
NEXT = date(2025, 4, 2)
NOON = int(datetime(2025, 4, 1, 12, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture(scope="session")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem.decode()


@pytest.fixture
def server() -> Iterator[FakeBigQuery]:
    with running() as fake:
        fake.tables["events_20250401"] = FakeTable(rows=[page_view(n) for n in range(5)])
        yield fake


@pytest.fixture
def settings(server: FakeBigQuery, private_key: str) -> BigQuerySettings:
    account = ServiceAccount("project-one", "reader@project-one.iam", "k1", private_key)
    return BigQuerySettings(
        "project-one", "analytics_1", account, location="EU", endpoint=server.endpoint,
        token_uri=server.token_uri, call_timeout_s=5, first_pause_s=0.01,
    )  # fmt: skip


def page_view(second: int, **cells: str | None) -> dict[str, str | None]:
    """A page view of 1 April 2025, `second` seconds after noon UTC."""
    row: dict[str, str | None] = {
        "event_date": "20250401", "event_ts": str(NOON + second * 1_000_000),
        "event_name": "page_view", "user_pseudo_id": "1.2", "ga_session_id": "100",
        "source_table": "events_20250401", "page_url": f"https://shop.example/{second}",
    }  # fmt: skip
    return row | cells


def limits(seconds: float = 60, cancelled: Callable[[], bool] = lambda: False) -> Limits:
    return Limits(time.monotonic() + seconds, cancelled)


def read(
    settings: BigQuerySettings,
    folder: Path,
    *,
    within: Limits | None = None,
    job_key: str = "job-1",
    event_table: str = "page_view",
) -> Extraction:
    """One extraction of 1 April, from nothing to its spool."""
    connection = bigquery.open_bigquery(settings)
    within = within or limits()
    sources = bigquery.list_sources(connection, settings, [DAY], within)
    return bigquery.extract(
        connection, settings, event_table, sources, folder / "spool.arrow", job_key=job_key,
        progress=lambda done, total: None, limits=within,
    )  # fmt: skip


def spooled(extraction: Extraction) -> list[str]:
    batches = open_spool(extraction.spool_path)
    return [url for batch in batches for url in batch.column("page_url").to_pylist()]


def test_every_row_of_the_day_is_spooled(settings: BigQuerySettings, tmp_path: Path) -> None:
    extraction = read(settings, tmp_path)

    assert extraction.rows == 5
    assert extraction.rows_by_day == {DAY: 5}
    assert extraction.bytes_billed == 1_048_576
    assert spooled(extraction) == [f"https://shop.example/{n}" for n in range(5)]


def test_rows_of_several_pages_are_all_read(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.page_rows = 2

    assert len(spooled(read(settings, tmp_path))) == 5
    assert server.count("queries.get") >= 3


def test_refused_rows_are_counted_with_samples(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.tables["events_20250401"].rows.append(page_view(9, event_ts="soon"))

    extraction = read(settings, tmp_path)

    assert extraction.rows == 5
    assert extraction.refused == {"the event time is not a number of microseconds": 1}
    (samples,) = extraction.samples.values()
    assert samples[0]["event_ts"] == "soon"


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["events_20250401", "events_intraday_20250401", "events_fresh_20250401"], "daily"),
        (["events_fresh_20250401", "events_intraday_20250401"], "intraday"),
        (["events_fresh_20250401", "events_intraday_20250402"], "fresh"),
    ],
)
def test_a_day_has_one_source(
    server: FakeBigQuery, settings: BigQuerySettings, names: list[str], chosen: str
) -> None:
    server.tables.clear()
    server.tables.update({name: FakeTable() for name in [*names, "pseudonymous_users"]})
    connection = bigquery.open_bigquery(settings)

    sources = bigquery.list_sources(connection, settings, [DAY], limits())

    assert [(day, source.kind) for day, source in sources.items()] == [(DAY, chosen)]
    assert sources[DAY].modified_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


def test_a_day_without_a_table_is_absent(settings: BigQuerySettings) -> None:
    connection = bigquery.open_bigquery(settings)

    assert bigquery.list_sources(connection, settings, [NEXT], limits()) == {}


def test_no_source_gives_an_empty_spool_and_asks_nothing(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.tables.clear()

    extraction = read(settings, tmp_path)

    assert (extraction.rows, spooled(extraction)) == (0, [])
    assert server.count("jobs.insert") == 0


def test_the_estimate_adds_the_six_dry_runs(settings: BigQuerySettings) -> None:
    connection = bigquery.open_bigquery(settings)
    sources = bigquery.list_sources(connection, settings, [DAY], limits())

    assert bigquery.estimate(connection, settings, sources, limits()) == 6 * 7


def test_the_same_job_again_pays_for_no_second_query(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    first = read(settings, tmp_path)
    second = read(settings, tmp_path)

    assert (first.rows, second.rows) == (5, 5)
    assert len(server.jobs) == 1


def test_a_changed_table_is_a_new_query(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    read(settings, tmp_path)
    server.tables["events_20250401"].modified_ms += 1
    read(settings, tmp_path)

    assert len(server.jobs) == 2


def test_property_names_are_bound_and_never_written_into_sql(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    hostile = "x') or true --"
    read(BigQuerySettings(**{**vars(settings), "contact_property": hostile}), tmp_path)

    (job,) = server.jobs.values()
    query = job["configuration"]["query"]
    assert hostile not in query["query"]
    assert hostile in str(query["queryParameters"])
    assert query["maximumBytesBilled"] == str(settings.max_bytes_billed)


@pytest.mark.parametrize("project", ["", "a`b", "x; drop", "project one"])
def test_an_identifier_that_is_none_is_refused(settings: BigQuerySettings, project: str) -> None:
    with pytest.raises(Invalid, match="is not a Google Cloud project id"):
        BigQuerySettings(**{**vars(settings), "project_id": project})


def test_a_table_that_is_no_export_names_what_it_lacks(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.tables["events_20250401"].schema = SCHEMA[:2]

    with pytest.raises(Upstream, match="has no column event_name, event_params") as caught:
        read(settings, tmp_path)

    assert caught.value.permanent


def test_cancelling_stops_between_batches_and_leaves_no_spool(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.page_rows = 1

    with pytest.raises(Cancelled):
        read(settings, tmp_path, within=limits(cancelled=lambda: server.count("queries.get") > 2))

    assert not (tmp_path / "spool.arrow").exists()


def test_cancelling_a_running_query_stops_it_at_bigquery(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.polls_until_done = 1_000

    with pytest.raises(Cancelled):
        read(settings, tmp_path, within=limits(cancelled=lambda: bool(server.jobs)))

    assert server.count("jobs.cancel") == 1


def test_one_failing_type_does_not_stop_the_others(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.fail("jobs.insert", Fault(403, "accessDenied", "bigquery.jobs.create"))
    connection = bigquery.open_bigquery(settings)
    sources = bigquery.list_sources(connection, settings, [DAY], limits())

    results = bigquery.extract_all(
        connection, settings, ["page_view", "purchase", "view_item"], sources, tmp_path,
        job_key="job-1", progress=lambda name, done, total: None, limits=limits(),
    )  # fmt: skip

    kinds = sorted(type(result).__name__ for result in results.values())
    assert kinds == ["Extraction", "Extraction", "Upstream"]
