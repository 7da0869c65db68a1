"""What becomes of a job when its handler does not succeed."""

from __future__ import annotations

import pytest

from app.jobs import outcomes, rows, sweep
from tests.jobs.bench import Bench
from tests.jobs.handlers import SECRET, Failures


def test_error_of_the_tenant_is_shown_in_its_words(bench: Bench) -> None:
    job_id = bench.enqueue("refuses")
    bench.run(job_id)
    message = "The SFTP password is wrong. Enter it again under Settings."
    assert bench.row(job_id) == ("failed", message)


def test_error_of_ours_says_of_which_kind_and_not_where_or_what(bench: Bench) -> None:
    job_id = bench.enqueue("breaks")
    bench.run(job_id)

    status, message, detail = bench.row(job_id, "status, message, detail")
    assert (status, message) == ("failed", outcomes.UNEXPECTED)
    assert "RuntimeError" in detail
    assert ".py" not in detail, "places in the code are for the log"
    assert SECRET not in detail
    assert bench.steps(job_id) == [("store", "failed", None), ("later", "skipped", None)]


def test_handler_that_forgets_to_finish_has_failed(bench: Bench) -> None:
    job_id = bench.enqueue("forgets")
    bench.run(job_id)
    assert bench.row(job_id) == ("failed", outcomes.NO_RESULT)
    assert bench.steps(job_id) == [("store", "failed", None)]


def test_warning_makes_a_success_one_with_warnings(bench: Bench) -> None:
    job_id = bench.enqueue("warns")
    bench.run(job_id)
    assert bench.row(job_id, "status, warnings") == (
        "completed_with_warnings",
        ["12 rows were refused."],
    )


def test_permanent_fault_is_not_tried_again(bench: Bench) -> None:
    job_id = bench.enqueue("upstream", Failures(("permanent",)))
    bench.run(job_id)
    assert bench.row(job_id, "status, message, attempt") == (
        "failed",
        "BigQuery refuses the project.",
        1,
    )


def test_passing_fault_waits_longer_each_time(bench: Bench) -> None:
    job_id = bench.enqueue("upstream", Failures(("a", "b")))
    delay = "extract(epoch from available_at - clock_timestamp())::float8"

    bench.run(job_id)
    status, message, first = bench.row(job_id, f"status, message, {delay}")
    assert status == "queued"
    assert message == "BigQuery does not answer. Trying again, attempt 2 of 5."
    assert 2 < first <= 7.5
    bench.run(job_id)
    assert bench.row(job_id, "attempt") == (1,), "it ran before it was due"

    bench.change(job_id, "available_at = now()")
    bench.run(job_id)
    assert 14 < bench.row(job_id, delay)[0] <= 25
    bench.change(job_id, "available_at = now()")
    bench.run(job_id)

    assert bench.row(job_id, "status, attempt, fence, message") == ("completed", 3, 3, None)
    assert bench.stored(job_id) == 1


def test_fault_that_does_not_pass_fails_with_its_cause(bench: Bench) -> None:
    job_id = bench.enqueue("upstream", Failures(tuple("abcdefg")))
    for _ in range(6):
        bench.run(job_id)
        bench.change(job_id, "available_at = now(), deadline_at = now() + interval '1 hour'")

    assert bench.row(job_id, "status, attempt, message") == (
        "failed",
        5,
        "BigQuery does not answer. It was tried 5 times.",
    )


def test_no_attempt_is_planned_after_the_deadline(bench: Bench) -> None:
    job_id = bench.enqueue("upstream", Failures(("a",)))
    bench.change(job_id, "deadline_at = now() + interval '1 second'")
    bench.run(job_id)
    assert bench.row(job_id) == ("failed", "BigQuery does not answer.")


def test_deadline_runs_from_the_first_start(bench: Bench) -> None:
    job_id = bench.enqueue("upstream", Failures(("a",)))
    bench.run(job_id)
    before = bench.row(job_id, "deadline_at, started_at")
    bench.change(job_id, "available_at = now()")
    bench.run(job_id)

    assert bench.row(job_id, "deadline_at, started_at") == before
    assert bench.row(job_id, "extract(epoch from deadline_at - started_at)::float8 - 60")[
        0
    ] == pytest.approx(0, abs=0.01)


def test_queued_job_past_its_deadline_times_out(bench: Bench) -> None:
    job_id = bench.enqueue("upstream", Failures(("a",)))
    bench.run(job_id)
    bench.change(job_id, "deadline_at = now() - interval '1 second', available_at = now()")

    bench.run(job_id)
    sweep()

    assert bench.status(job_id) == "failed"
    assert bench.message(job_id).startswith("Timeout: the job did not end within 60 seconds.")


@pytest.mark.parametrize("attempt", [1, 2, 3, 4, 20])
def test_backoff_grows_within_bounds(attempt: int) -> None:
    middle = min(5 * 4 ** (attempt - 1), 300)
    waits = [outcomes.backoff_s(attempt) for _ in range(50)]
    assert all(middle * 0.75 <= wait <= middle * 1.25 for wait in waits)
    assert len(set(waits)) > 1


def test_all_attempts_together_outlast_five_minutes() -> None:
    waits = (outcomes.backoff_s(attempt) for attempt in range(1, rows.MAX_ATTEMPTS))
    assert sum(waits) > 300
