"""Six event types of which some fail: exactly what succeeded is replaced, and the job says so."""

from __future__ import annotations

from datetime import timedelta

from tests.ingest.replace.export_server import DENIED, Refusal
from tests.ingest.replace.rows import TYPES, day_rows, without
from tests.ingest.replace.world import FIRST, World, days

BROKEN = Refusal(503, "backendError", "try later")
LAST = FIRST + timedelta(days=2)


def load_three_days(world: World) -> None:
    """Three days of three visits each, loaded."""
    for day in days(FIRST, LAST):
        world.publish(f"events_{day:%Y%m%d}", day_rows(day, 3))
    assert world.load(FIRST, LAST).status == "completed"
    world.expect(FIRST, LAST)
    world.check()


def test_failed_type_keeps_its_rows_on_every_day_and_an_empty_one_is_emptied(
    world: World,
) -> None:
    load_three_days(world)
    for day in days(FIRST, LAST):
        world.publish(f"events_{day:%Y%m%d}", without(day_rows(day, 5), "view_item"))
    world.export.refused["purchase"] = DENIED

    job = world.load(FIRST, LAST)

    world.expect(FIRST, LAST, but=["purchase"])
    world.check()
    world.check_derived()
    assert (job.status, job.message) == (
        "completed_with_warnings",
        "Loaded 60 events of 3 days. No longer any view_item. Not loaded: purchase.",
    )
    assert len(job.warnings) == 1
    assert job.warnings[0].startswith("purchase: reader@project-one.iam lacks the permission")
    assert job.warnings[0].endswith("The old rows stay.")
    assert {s.name: (s.status, s.rows) for s in job.steps if s.name.startswith("extract:")} == {
        **{f"extract:{name}": ("done", 15) for name in TYPES},
        "extract:view_item": ("done", 0),
        "extract:purchase": ("failed", None),
    }


def test_type_that_keeps_failing_for_a_passing_reason_is_left_out_as_well(world: World) -> None:
    load_three_days(world)
    world.publish(f"events_{FIRST:%Y%m%d}", day_rows(FIRST, 1))
    world.export.refused["page_view"] = BROKEN

    job = world.load_at_last_try(FIRST, LAST)

    world.expect(FIRST, LAST, but=["page_view"])
    world.check()
    assert (job.status, len(job.warnings)) == ("completed_with_warnings", 1)
    assert job.warnings[0].startswith("page_view: BigQuery had a fault of its own")
    assert job.warnings[0].endswith("Try again later. The old rows stay.")


def test_if_every_type_is_refused_nothing_changes_and_the_job_fails(world: World) -> None:
    load_three_days(world)
    world.publish(f"events_{FIRST:%Y%m%d}", [])
    world.export.refused.update(dict.fromkeys(TYPES, DENIED))

    job = world.load(FIRST, LAST)

    world.check()
    assert job.status == "failed"
    assert "Grant it the role" in str(job.message)


def test_if_every_type_fails_for_a_passing_reason_the_job_tries_again_later(world: World) -> None:
    load_three_days(world)
    world.publish(f"events_{FIRST:%Y%m%d}", day_rows(FIRST, 1))
    world.export.refused.update(dict.fromkeys(TYPES, BROKEN))

    job_id = world.queue(FIRST, LAST)
    assert world.run(job_id).status == "queued"
    world.check()

    world.export.refused.clear()
    world.superuser.execute("update processing_jobs set available_at = now()")
    assert world.run(job_id).status == "completed"
    world.expect(FIRST, LAST)
    world.check()
    world.check_derived()
