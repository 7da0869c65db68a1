"""What becomes of a query at BigQuery when the work on it must stop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.errors import Upstream
from app.ingest.bigquery.source import BigQuerySettings
from app.jobs import JobCancelled, JobLost, JobStopped, JobTimeout
from tests.ingest.bigquery_server import FakeBigQuery, Fault
from tests.ingest.reading import limits, read, spooled

NOBODY_WANTS_IT = [JobCancelled(), JobTimeout(60)]
ANOTHER_RUN_WANTS_IT = [JobStopped(), JobLost()]


def stop_with(
    server: FakeBigQuery, reason: Exception, settings: BigQuerySettings, to: Path
) -> None:
    """Read until the query exists at BigQuery, then be told to stop."""

    def told() -> bool:
        if server.jobs:
            raise reason
        return False

    with pytest.raises(type(reason)):
        read(settings, to, within=limits(cancelled=told))


@pytest.mark.parametrize("reason", NOBODY_WANTS_IT, ids=lambda r: type(r).__name__)
def test_a_running_query_that_nobody_wants_is_stopped_by_its_id(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path, reason: Exception
) -> None:
    server.polls_until_done = 1_000

    stop_with(server, reason, settings, tmp_path)

    assert server.cancelled == list(server.jobs)


@pytest.mark.parametrize("manner", ["lost", "hang after"])
def test_a_query_whose_start_was_never_answered_is_stopped_too(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path, manner: str
) -> None:
    server.polls_until_done = 1_000
    server.fail("jobs.insert", Fault(manner=manner))

    stop_with(server, JobCancelled(), replace(settings, call_timeout_s=0.3), tmp_path)

    assert server.cancelled == list(server.jobs)


def test_a_query_whose_start_hangs_until_the_deadline_is_stopped_too(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.polls_until_done = 1_000
    server.fail("jobs.insert", Fault(manner="hang after"))

    with pytest.raises(Upstream):
        read(settings, tmp_path, within=limits(seconds=1.5))

    assert server.cancelled == list(server.jobs)


@pytest.mark.parametrize("reason", ANOTHER_RUN_WANTS_IT, ids=lambda r: type(r).__name__)
def test_a_query_that_another_run_will_want_goes_on_and_is_paid_once(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path, reason: Exception
) -> None:
    server.polls_until_done = 3

    stop_with(server, reason, settings, tmp_path)

    assert server.cancelled == []
    assert len(spooled(read(settings, tmp_path))) == 5
    assert list(server.paid.values()) == [1]


def test_a_stop_that_bigquery_refuses_changes_nothing(
    server: FakeBigQuery, settings: BigQuerySettings, tmp_path: Path
) -> None:
    server.polls_until_done = 1_000
    server.fail("jobs.cancel", Fault(403, "accessDenied", "bigquery.jobs.update"))

    stop_with(server, JobCancelled(), settings, tmp_path)

    assert server.count("jobs.cancel") == 1
