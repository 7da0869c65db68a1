"""A month at once; more in parts by month, each replaced by itself and tried again by itself."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app import jobs
from app.errors import Invalid
from tests.ingest.replace.export_server import DENIED
from tests.ingest.replace.rows import day_rows, in_table, of_type
from tests.ingest.replace.world import World, days


def publish(world: World, first: date, last: date, visits: int = 1) -> None:
    for day in days(first, last):
        world.publish(f"events_{day:%Y%m%d}", day_rows(day, visits))


def parts(world: World, first: date, last: date) -> list[tuple[date, date]]:
    """The ranges of the parts of a job over that range, which is run."""
    job_id = world.queue(first, last)
    job = world.run(job_id)
    children = [world.job(child) for child in world.children(job_id)]
    assert {child.status for child in children} <= {"completed"}
    assert (job.status, job.warnings) == ("completed", ())
    assert all(child.start_date and child.end_date for child in children)
    return [(c.start_date, c.end_date) for c in children if c.start_date and c.end_date]


def test_31_days_across_two_months_are_one_job_and_32_are_two_parts(world: World) -> None:
    first = date(2025, 1, 15)
    publish(world, first, first + timedelta(days=31))

    assert parts(world, first, first + timedelta(days=30)) == []
    world.expect(first, first + timedelta(days=30))
    world.check()

    assert parts(world, first, first + timedelta(days=31)) == [
        (first, date(2025, 1, 31)),
        (date(2025, 2, 1), date(2025, 2, 15)),
    ]
    world.expect(first, first + timedelta(days=31))
    world.check()
    world.check_derived()
    world.export.queries.clear()
    assert world.load(first, first + timedelta(days=31), changed_only=True).status == "completed"
    assert world.export.queries == []


def test_each_month_of_a_year_is_a_part(world: World) -> None:
    first, last = date(2024, 2, 10), date(2025, 2, 8)
    publish(world, first, last)

    found = parts(world, first, last)

    assert found[0] == (first, date(2024, 2, 29))
    assert found[-1] == (date(2025, 2, 1), last)
    assert len(found) == 13
    assert [day for part in found for day in days(*part)] == days(first, last)
    world.expect(first, last)
    world.check()


def test_two_years_of_which_few_days_are_exported_are_24_parts(world: World) -> None:
    first, last = date(2023, 3, 1), date(2025, 2, 28)
    for day in (first, date(2023, 12, 31), date(2024, 2, 29), last):
        publish(world, day, day, visits=3)

    job_id = world.queue(first, last)
    job = world.run(job_id)

    assert len(world.children(job_id)) == 24
    assert (job.status, len(job.warnings)) == ("completed_with_warnings", 24)
    world.expect(first, last)
    assert len(world.expected) == 4 * 7
    world.check()
    world.check_derived()


def test_a_day_more_than_two_years_is_refused(world: World) -> None:
    with pytest.raises(Invalid, match="732 days are too many at once"):
        world.queue(date(2023, 3, 1), date(2025, 3, 1))


def test_a_part_that_fails_keeps_its_month_and_is_named_and_can_be_tried_again(
    world: World,
) -> None:
    first, last = date(2025, 1, 20), date(2025, 3, 10)
    publish(world, first, last, visits=1)
    world.load(first, last)
    world.expect(first, last)
    publish(world, first, last, visits=2)
    world.export.denied = {"events_20250214"}

    job_id = world.queue(first, last)
    job = world.run(job_id)

    world.expect(first, date(2025, 1, 31))
    world.expect(date(2025, 3, 1), last)
    world.check()
    assert (job.status, job.message) == (
        "completed_with_warnings",
        "1 of 3 parts are missing: 2025-02-01 to 2025-02-28.",
    )
    assert len(job.warnings) == 1
    assert job.warnings[0].startswith("2025-02-01 to 2025-02-28: ")

    world.export.denied = set()
    february = world.children(job_id)[1]
    assert world.retry(february).status == "completed"
    world.expect(first, last)
    world.check()
    world.check_derived()


def test_a_type_that_fails_in_one_part_is_named_on_the_parent(world: World) -> None:
    first, last = date(2025, 1, 30), date(2025, 3, 2)
    publish(world, first, last)
    world.load(first, last)
    world.expect(first, last)
    publish(world, first, last, visits=2)
    job_id = world.queue(first, last)
    jobs.run_job(str(job_id))
    january, february, march = world.children(job_id)

    jobs.run_job(str(january))
    world.export.refused["purchase"] = DENIED
    jobs.run_job(str(february))
    world.export.refused.clear()
    jobs.run_job(str(march))

    world.expect(first, last)
    for day in days(date(2025, 2, 1), date(2025, 2, 28)):
        old = in_table(day_rows(day, 1), f"events_{day:%Y%m%d}")
        world.expected["purchase", day] = of_type(old, "purchase")
    world.check()
    job = world.job(job_id)
    assert job.message == "All 3 parts are loaded. Warnings in 2025-02-01 to 2025-02-28."
    assert job.warnings == (
        "2025-02-01 to 2025-02-28: Loaded 280 events of 28 days. Not loaded: purchase.",
    )
    assert world.load(first, last, changed_only=True).status == "completed"
    world.expect(first, last)
    world.check()
    world.check_derived()


def test_trying_the_parent_again_loads_the_whole_range(world: World) -> None:
    first, last = date(2025, 1, 30), date(2025, 3, 2)
    publish(world, first, last)
    world.export.denied = {"events_20250214"}
    job_id = world.queue(first, last)
    assert world.run(job_id).status == "completed_with_warnings"
    world.export.denied = set()

    again = world.retry(job_id)

    assert (again.status, len(world.children(again.job_id))) == ("completed", 3)
    world.expect(first, last)
    world.check()


def test_if_every_part_fails_the_job_fails_and_nothing_changes(world: World) -> None:
    first, last = date(2025, 1, 30), date(2025, 3, 2)
    publish(world, first, last)
    world.load(first, last)
    world.expect(first, last)
    publish(world, first, last, visits=2)
    world.export.denied = set(world.export.tables)

    job = world.load(first, last)

    assert job.status == "failed"
    assert str(job.message).startswith("None of the 3 parts succeeded.")
    world.check()
