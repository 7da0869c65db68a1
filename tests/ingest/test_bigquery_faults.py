"""Every refusal and break of BigQuery: named in plain words, retried only when it can pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.errors import Upstream
from app.ingest.bigquery.source import BigQuerySettings
from tests.ingest.bigquery_server import FakeBigQuery, Fault
from tests.ingest.reading import limits, read, spooled

CREATE = "Access Denied: User does not have bigquery.jobs.create permission in project p."
PERMANENT = [
    ("tables.list", Fault(401, "authError"), r"did not accept the sign-in of reader@", 3),
    ("tables.list", Fault(404, "notFound", "Not found: Dataset p:d"), r"no such dataset", 1),
    ("jobs.insert", Fault(403, "accessDenied", CREATE), r"bigquery\.jobs\.create.*Job User", 1),
    ("jobs.insert", Fault(400, "invalidQuery", "Syntax error"), r"refused the query: Syntax", 1),
    ("jobs.insert", Fault(403, "billingNotEnabled"), r"Billing is off", 1),
    ("token", Fault(400, "invalid_grant"), r"does not accept the key of reader@", 1),
]
PASSING = [
    Fault(429, "rateLimitExceeded"),
    Fault(500, "internalError"),
    Fault(503, "backendError"),
    Fault(403, "quotaExceeded"),
    Fault(manner="cut"),
    Fault(404, "notFound", "Not found: Table p:d.events_20250401 was not found"),
]


@pytest.mark.parametrize(("call", "fault", "words", "asked"), PERMANENT)
def test_a_permanent_fault_names_cause_and_fix_and_is_not_tried_again(
    server: FakeBigQuery,
    settings: BigQuerySettings,
    tmp_path: Path,
    call: str,
    fault: Fault,
    words: str,
    asked: int,
) -> None:
    server.fail(call, *[fault] * 10)

    with pytest.raises(Upstream, match=words) as caught:
        read(settings, tmp_path)

    assert caught.value.permanent
    assert server.count(call) == asked


@pytest.mark.parametrize("fault", PASSING, ids=lambda f: f.reason or f.manner)
@pytest.mark.parametrize("call", ["tables.list", "jobs.insert", "queries.get"])
def test_a_passing_fault_is_tried_again_and_one_query_is_billed(
    server: FakeBigQuery,
    settings: BigQuerySettings,
    tmp_path: Path,
    call: str,
    fault: Fault,
) -> None:
    server.fail(call, fault, fault)

    assert len(spooled(read(settings, tmp_path))) == 5
    assert len(server.jobs) == 1


@pytest.mark.parametrize("reason", ["quotaExceeded", "rateLimitExceeded", "backendError"])
def test_a_query_that_fails_after_it_was_accepted_is_asked_anew(
    server: FakeBigQuery,
    settings: BigQuerySettings,
    tmp_path: Path,
    reason: str,
) -> None:
    server.fail("jobs.insert", Fault(job_reason=reason))

    assert len(spooled(read(settings, tmp_path))) == 5
    assert [job_id[-2:] for job_id in server.jobs] == ["_0", "_1"]


def test_the_byte_limit_is_a_permanent_fault_inside_a_success(
    server: FakeBigQuery,
    settings: BigQuerySettings,
    tmp_path: Path,
) -> None:
    server.fail("jobs.insert", Fault(job_reason="bytesBilledLimitExceeded"))

    with pytest.raises(Upstream, match="more than the allowed number of bytes") as caught:
        read(settings, tmp_path)

    assert caught.value.permanent


@pytest.mark.parametrize("manner", ["hang", "drip"])
@pytest.mark.parametrize("call", ["token", "tables.list", "jobs.insert", "queries.get"])
def test_an_answer_that_does_not_come_ends_in_time(
    server: FakeBigQuery,
    settings: BigQuerySettings,
    tmp_path: Path,
    call: str,
    manner: str,
) -> None:
    server.fail(call, Fault(manner=manner))
    quick = BigQuerySettings(**{**vars(settings), "call_timeout_s": 0.5})

    assert len(spooled(read(quick, tmp_path))) == 5


def test_fewer_rows_than_announced_are_never_stored(
    server: FakeBigQuery,
    settings: BigQuerySettings,
    tmp_path: Path,
) -> None:
    server.fail("queries.get", *[Fault(total=6)] * 20)

    with pytest.raises(Upstream, match="announced 6 rows and sent 5"):
        read(settings, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_deadline_ends_a_query_and_stops_it_at_bigquery(
    server: FakeBigQuery,
    settings: BigQuerySettings,
    tmp_path: Path,
) -> None:
    server.polls_until_done = 8

    with pytest.raises(Upstream, match="Timeout"):
        read(settings, tmp_path, within=limits(seconds=1))

    assert server.count("jobs.cancel") == 1
