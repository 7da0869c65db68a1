"""Whatever happens to an export and to the jobs that load it, in any order: rows follow.

After every step exactly those rows are stored that the rules say, and at the end everything
derived is what a tenant has that loaded the final rows once. Where a load touches few rows it
may read them alone, else it reads the whole tenant: any limit between the two comes to the same.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.ingest.replace.history import History, generated_shop
from tests.ingest.replace.steps import EVERYTHING, LENGTH, ROUNDS, Publish, Step
from tests.ingest.replace.world import World

FEW = 20_000


def test_the_limit_is_the_shipped_one(world: World) -> None:
    asked = world.superuser.execute(
        "select cardinality(_few(array_fill(1, array[%s]))), _few(array_fill(1, array[%s]))",
        (FEW, FEW + 1),
    )
    assert asked.fetchone() == (FEW, None)


@given(seed=st.integers(0, 10_000), rounds=ROUNDS, few=st.sampled_from([0, 4, FEW]))
@settings(
    max_examples=9,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking loads for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sequence_of_changes_and_jobs_stores_what_the_rules_say(
    world: World, seed: int, rounds: list[tuple[list[Step], Step]], few: int
) -> None:
    world.export.reset()
    made = World(world.export, world.superuser, world.account)
    history = History(made, generated_shop(seed))
    start: list[Step] = [Publish(day, "", 3) for day in range(LENGTH)]

    steps = [step for changes, load in rounds for step in (*changes, load)]

    call_few(world, few)
    for step in [*start, EVERYTHING, *steps]:
        history.take(step)

    call_few(world, FEW)
    made.check_derived()


def call_few(world: World, most: int) -> None:
    """From here on, so many keys are sought in an index and not by reading a whole table."""
    world.superuser.execute(
        "create or replace function _few(p_keys anyarray) returns anyarray language sql immutable"
        f" as $$ select case when cardinality(p_keys) <= {most} then p_keys end $$"
    )
