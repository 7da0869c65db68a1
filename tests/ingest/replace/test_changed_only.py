"""Only what changed: per event type, the days that were not loaded from their very source."""

from __future__ import annotations

from datetime import timedelta

from tests.ingest.replace.export_server import DENIED
from tests.ingest.replace.rows import TYPES, day_rows
from tests.ingest.replace.world import FIRST, World, days

LAST = FIRST + timedelta(days=2)
NOTHING = "Nothing to load: no day has changed or is exported yet."


def load_three_days(world: World) -> None:
    """Three days of two visits each, loaded."""
    for day in days(FIRST, LAST):
        world.publish(f"events_{day:%Y%m%d}", day_rows(day, 2))
    assert world.load(FIRST, LAST).status == "completed"
    world.expect(FIRST, LAST)
    world.export.queries.clear()


def test_nothing_changed_costs_no_query(world: World) -> None:
    load_three_days(world)

    job = world.load(FIRST, LAST, changed_only=True)

    assert (job.status, job.message) == ("completed", NOTHING)
    assert world.export.queries == []
    world.check()


def test_a_type_that_failed_is_loaded_alone_afterwards(world: World) -> None:
    load_three_days(world)
    world.publish(f"events_{LAST:%Y%m%d}", day_rows(LAST, 4))
    world.export.refused["add_to_cart"] = DENIED
    assert world.load(FIRST, LAST).status == "completed_with_warnings"
    world.expect(FIRST, LAST, but=["add_to_cart"])
    world.check()
    world.export.refused.clear()
    world.export.queries.clear()

    job = world.load(FIRST, LAST, changed_only=True)

    assert (job.status, job.message) == ("completed", "Loaded 4 events of 1 day.")
    assert world.export.queries == ["add_to_cart"]
    world.expect(FIRST, LAST)
    world.check()
    world.check_derived()
    assert {s.name: s.status for s in job.steps if s.name.startswith("extract:")} == {
        **{f"extract:{name}": "skipped" for name in TYPES},
        "extract:add_to_cart": "done",
    }


def test_a_changed_day_is_read_for_all_types_and_an_unchanged_one_for_those_that_failed(
    world: World,
) -> None:
    for day in days(FIRST, LAST):
        world.publish(f"events_{day:%Y%m%d}", day_rows(day, 2))
    world.export.refused["purchase"] = DENIED
    world.load(FIRST, LAST)
    world.expect(FIRST, LAST, but=["purchase"])
    world.check()
    world.export.refused.clear()
    world.publish(f"events_{FIRST:%Y%m%d}", day_rows(FIRST, 5))

    job = world.load(FIRST, LAST, changed_only=True)

    assert (job.status, job.message) == ("completed", "Loaded 34 events of 3 days.")
    world.expect(FIRST, LAST)
    world.check()
    world.check_derived()
    assert world.load(FIRST, LAST, changed_only=True).message == NOTHING


def test_a_day_that_changed_while_it_was_read_is_read_again_next_time(world: World) -> None:
    load_three_days(world)

    def grow(event_type: str) -> None:
        if event_type == "purchase":
            world.publish(f"events_{LAST:%Y%m%d}", day_rows(LAST, 6))

    world.export.on_query = grow
    assert world.load(FIRST, LAST).status == "completed"
    world.export.on_query = None

    assert world.load(FIRST, LAST, changed_only=True).message == "Loaded 36 events of 1 day."
    world.expect(FIRST, LAST)
    world.check()


def test_forced_it_reads_all_types_of_all_days_again(world: World) -> None:
    load_three_days(world)

    assert world.load(FIRST, LAST).message == "Loaded 36 events of 3 days."

    assert sorted(world.export.queries) == sorted(TYPES)
    world.check()
    world.check_derived()
