"""Whatever happens to an export and to the jobs that load it, in any order: rows follow.

After every step exactly those rows are stored that the rules say, and at the end everything
derived is what a tenant has that loaded the final rows once.
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.ingest.replace.history import History, generated_shop
from tests.ingest.replace.steps import EVERYTHING, LENGTH, STEPS, Publish, Step
from tests.ingest.replace.world import World


@given(seed=st.integers(0, 10_000), steps=st.lists(STEPS, min_size=6, max_size=14))
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking loads for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_sequence_of_changes_and_jobs_stores_what_the_rules_say(
    world: World, seed: int, steps: list[Step]
) -> None:
    world.export.reset()
    made = World(world.export, world.superuser, world.account)
    history = History(made, generated_shop(seed))
    start: list[Step] = [Publish(day, "", 2) for day in range(LENGTH)]

    for step in [*start, EVERYTHING, *steps]:
        history.take(step)

    made.check_derived()
