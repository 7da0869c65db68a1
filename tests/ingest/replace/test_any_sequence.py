"""Whatever happens to an export and to the jobs that load it, in any order: rows follow.

After every step exactly those rows are stored that the rules say, and at the end everything
derived is what a tenant has that loaded the final rows once.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.ingest.replace.history import History, generated_shop
from tests.ingest.replace.steps import EVERYTHING, LENGTH, ROUNDS, Publish, Step
from tests.ingest.replace.world import World


@given(seed=st.integers(0, 10_000), rounds=ROUNDS)
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking loads for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sequence_of_changes_and_jobs_stores_what_the_rules_say(
    world: World, seed: int, rounds: list[tuple[list[Step], Step]]
) -> None:
    world.export.reset()
    made = World(world.export, world.superuser, world.account)
    history = History(made, generated_shop(seed))
    start: list[Step] = [Publish(day, "", 3) for day in range(LENGTH)]

    steps = [step for changes, load in rounds for step in (*changes, load)]

    for step in [*start, EVERYTHING, *steps]:
        history.take(step)

    made.check_derived()
