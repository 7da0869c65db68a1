"""Reading the export from a BigQuery of scripted answers, over a real socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.ingest.attempts import Cancelled
from app.ingest.bigquery import source as bigquery
from app.ingest.bigquery.source import BigQuerySettings
from tests.ingest.bigquery_server import FakeBigQuery, Fault
from tests.ingest.reading import DAY, limits, page_view, read, spooled


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


def test_no_source_gives_an_empty_spool_and_asks_nothing(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.tables.clear()

    extraction = read(settings, tmp_path)

    assert (extraction.rows, spooled(extraction)) == (0, [])
    assert server.count("jobs.insert") == 0


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
    connection = bigquery.open_bigquery(settings, limits())
    sources = bigquery.list_sources(connection, settings, [DAY], limits())

    results = bigquery.extract_all(
        connection,
        settings,
        dict.fromkeys(("page_view", "purchase", "view_item"), sources),
        tmp_path,
        job_key="job-1",
        progress=lambda name, done, total: None,
        limits=limits(),
    )

    kinds = sorted(type(result).__name__ for result in results.values())
    assert kinds == ["Extraction", "Extraction", "Upstream"]
