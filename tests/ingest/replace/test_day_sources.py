"""A day's life in the export: it appears, grows, changes its table, shrinks. Rows follow."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.ingest.replace.rows import TYPES, day_rows, keys
from tests.ingest.replace.world import FIRST, World, days, stored

DAY = f"{FIRST:%Y%m%d}"


def test_a_day_appears_grows_for_three_days_and_is_created_again_smaller(world: World) -> None:
    assert world.load().warnings[0].startswith("Google Analytics has no export for 1 of 1 days")
    world.check()

    for visits in (2, 3, 5, 8, 1, 0):
        world.publish(f"events_{DAY}", day_rows(FIRST, visits))
        job = world.load(changed_only=True)
        assert job.status == "completed"
        assert str(job.message).startswith(f"Loaded {6 * visits} events of 1 day.")
        world.expect()
        world.check()
    world.check_derived()
    assert str(job.message).endswith(f"No longer any {', '.join(TYPES)}.")


def test_days_around_a_shrinking_one_keep_theirs(world: World) -> None:
    last = FIRST + timedelta(days=4)
    for day in days(FIRST, last):
        world.publish(f"events_{day:%Y%m%d}", day_rows(day, 4))
    world.load(FIRST, last)
    world.expect(FIRST, last)
    middle = FIRST + timedelta(days=2)
    world.publish(f"events_{middle:%Y%m%d}", day_rows(middle, 1))

    world.load(middle)

    world.expect(middle)
    world.check()
    world.check_derived()


def test_loading_twice_is_the_same(world: World) -> None:
    world.publish(f"events_{DAY}", day_rows(FIRST, 3))
    world.load()
    world.expect()
    for _ in range(2):
        world.load()
        world.check()
    world.check_derived()


def test_intraday_gives_way_to_daily_between_two_runs(world: World) -> None:
    world.publish(f"events_intraday_{DAY}", day_rows(FIRST, 3))
    world.load()
    world.expect()
    world.check()
    del world.export.tables[f"events_intraday_{DAY}"]
    world.publish(f"events_{DAY}", day_rows(FIRST, 4))

    assert world.load(changed_only=True).status == "completed"

    world.expect()
    world.check()
    world.check_derived()


@pytest.mark.parametrize("event_type", ["purchase", "page_view", "no_search_results"])
def test_intraday_gives_way_to_daily_between_two_types(world: World, event_type: str) -> None:
    world.publish(f"events_intraday_{DAY}", day_rows(FIRST, 3))

    def swap(asked: str) -> None:
        if asked == event_type and f"events_intraday_{DAY}" in world.export.tables:
            world.publish(f"events_{DAY}", day_rows(FIRST, 4))
            del world.export.tables[f"events_intraday_{DAY}"]

    world.export.on_query = swap
    job = world.load()

    assert (job.status, job.message, job.warnings) == (
        "completed",
        "Loaded 24 events of 1 day.",
        (),
    )
    world.expect()
    world.check()
    world.check_derived()


def test_daily_wins_while_intraday_is_still_there_and_fresh_comes_last(world: World) -> None:
    world.publish(f"events_fresh_{DAY}", day_rows(FIRST, 1))
    for better, visits in (("intraday_", 2), ("", 3)):
        world.load()
        world.expect()
        world.check()
        world.publish(f"events_{better}{DAY}", day_rows(FIRST, visits))
        world.publish(f"events_fresh_{DAY}", day_rows(FIRST, 9))
    world.load()
    world.expect()
    world.check()
    world.check_derived()
    tables = {
        str(key[0]) for rows in stored(world.superuser, world.tenant_id).values() for key in rows
    }
    assert tables == {f"events_{DAY}"}


@pytest.mark.parametrize("kind", ["intraday", "fresh"])
def test_a_tenant_whose_days_have_one_kind_of_table_alone_is_loaded_like_any_other(
    world: World, kind: str
) -> None:
    last = FIRST + timedelta(days=3)
    for visits in (2, 3):
        for day in days(FIRST, last):
            world.publish(f"events_{kind}_{day:%Y%m%d}", day_rows(day, visits))
        assert world.load(FIRST, last, changed_only=True).status == "completed"
        world.expect(FIRST, last)
        world.check()
    world.check_derived()
    kinds = "select distinct source_kind from day_load where tenant_id = %s"
    assert world.superuser.execute(kinds, (world.tenant_id,)).fetchall() == [(kind,)]


def test_another_export_replaces_the_days_although_its_tables_are_older(world: World) -> None:
    world.publish(f"events_{DAY}", day_rows(FIRST, 5))
    world.load()
    world.publish(f"events_{DAY}", day_rows(FIRST, 2), modified_ms=1_600_000_000_000)

    world.load(changed_only=True)

    world.expect()
    world.check()
    world.check_derived()


def test_a_day_whose_table_is_gone_keeps_its_rows_and_is_named(world: World) -> None:
    world.publish(f"events_{DAY}", day_rows(FIRST, 5))
    world.load()
    world.expect()
    rows = keys(world.source(FIRST) or [])
    world.export.tables.clear()

    job = world.load()

    assert (job.status, len(job.warnings)) == ("completed_with_warnings", 1)
    assert "What was loaded for them before stays." in job.warnings[0]
    world.check()
    found = stored(world.superuser, world.tenant_id)
    assert sorted((key for some in found.values() for key in some), key=repr) == rows
