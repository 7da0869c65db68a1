"""A parent ends with its last child, and says what became of all."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from uuid import UUID

from app.database.engine import tenant_transaction
from app.jobs import enqueue_children, sweep
from app.jobs.retention import forget_old_jobs
from tests.conftest import Cast
from tests.jobs.bench import Bench
from tests.jobs.handlers import Days, store_and_finish

# 2024-01-01 is a Monday; Saturdays warn and Sundays fail.
MONDAY, FRIDAY, SATURDAY, SUNDAY = "2024-01-01", "2024-01-05", "2024-01-06", "2024-01-07"


def run_all(bench: Bench, parent: UUID) -> None:
    """Run the parent, then its children in turn."""
    bench.run(parent)
    for child in bench.children(parent):
        bench.run(child)


def test_parent_waits_without_a_lease_until_all_succeeded(bench: Bench) -> None:
    parent = bench.split(MONDAY, FRIDAY)
    bench.run(parent)
    children = bench.children(parent)
    assert len(children) == 5

    for child in children:
        sweep()
        assert bench.row(parent, "status, leased_until, deadline_at, finished_at") == (
            "processing",
            None,
            None,
            None,
        )
        bench.run(child)

    assert bench.row(parent) == ("completed", None)
    assert sum(bench.stored(child) for child in children) == 5


def test_failed_and_warning_children_are_named(bench: Bench) -> None:
    parent = bench.split(FRIDAY, SUNDAY)
    run_all(bench, parent)

    status, message, warnings = bench.row(parent, "status, message, warnings")
    assert status == "completed_with_warnings"
    assert message == "1 of 3 parts are missing: 2024-01-07 to 2024-01-07."
    assert warnings == [
        "2024-01-06 to 2024-01-06: completed_with_warnings",
        "2024-01-07 to 2024-01-07: There is no table for this day.",
    ]


def test_parent_of_which_nothing_succeeded_has_failed(bench: Bench) -> None:
    run = bench.claim(bench.split(MONDAY, FRIDAY))
    sundays = [date(2024, 1, 7), date(2024, 1, 14)]
    enqueue_children(run, [Days(day, day) for day in sundays])
    for child in bench.children(run.job_id):
        bench.run(child)
    assert bench.row(run.job_id) == (
        "failed",
        "None of the 2 parts succeeded. There is no table for this day.",
    )


def test_splitting_again_makes_no_child_twice(bench: Bench) -> None:
    run = bench.claim(bench.split(MONDAY, FRIDAY))
    days = [Days(date(2024, 1, day), date(2024, 1, day)) for day in range(1, 6)]
    enqueue_children(run, days[:3])
    enqueue_children(run, days)
    assert len(bench.children(run.job_id)) == 5


def test_children_that_end_at_the_same_moment_end_their_parent(bench: Bench) -> None:
    parent = bench.split(MONDAY, "2024-01-02")
    bench.run(parent)
    first, second = (bench.claim(child) for child in bench.children(parent))

    with ThreadPoolExecutor(1) as pool:
        with tenant_transaction(bench.tenant_id) as conn:
            first.finish(conn, "completed")
            ending = pool.submit(store_and_finish, second)
            time.sleep(0.3)
        ending.result()

    assert bench.status(parent) == "completed"


def test_cancelling_a_parent_cancels_its_children(bench: Bench) -> None:
    parent = bench.split(MONDAY, FRIDAY)
    bench.run(parent)
    first, second, *others = bench.children(parent)
    bench.run(first)
    running = bench.claim(second)

    bench.cancel(parent)

    assert [bench.status(child) for child in others] == ["cancelled"] * 3
    assert (bench.status(second), bench.status(parent)) == ("processing", "processing")
    bench.change(running.job_id, "leased_until = now() - interval '1 second'")
    sweep()
    assert bench.status(second) == "cancelled"
    assert bench.row(parent) == ("cancelled", "The job was canceled. 1 of 5 parts were done.")


def test_cancelling_a_parent_of_queued_children_ends_it_at_once(bench: Bench) -> None:
    parent = bench.split(MONDAY, FRIDAY)
    bench.run(parent)
    bench.cancel(parent)
    assert bench.status(parent) == "cancelled"


def test_sweeper_ends_a_parent_left_behind(bench: Bench) -> None:
    parent = bench.split(MONDAY, "2024-01-02")
    bench.run(parent)
    for child in bench.children(parent):
        bench.change(child, "status = 'completed', finished_at = now()")
    assert bench.status(parent) == "processing"
    sweep()
    assert bench.status(parent) == "completed"


def test_stranger_sees_no_child(bench: Bench, cast: Cast) -> None:
    parent = bench.split(MONDAY, FRIDAY)
    bench.run(parent)
    with tenant_transaction(cast.globex) as conn:
        assert conn.exec_driver_sql("select count(*) from processing_jobs").scalar() == 0


def test_after_ninety_days_a_job_is_gone_with_its_steps(bench: Bench) -> None:
    parent = bench.split(MONDAY, "2024-01-02")
    bench.run(parent)
    for child in bench.children(parent):
        bench.run(child)
    bench.superuser.execute("update processing_jobs set finished_at = now() - interval '89 days'")
    assert forget_old_jobs() == 0
    bench.superuser.execute("update processing_jobs set finished_at = now() - interval '91 days'")
    assert [forget_old_jobs(), forget_old_jobs()] == [2, 1], "the parent goes after its parts"
    assert not bench.superuser.execute("select from job_step").fetchall()
