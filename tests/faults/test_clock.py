"""The clock of PostgreSQL, the only one that leases go by, steps in the middle of a load.

Workers keep theirs, as on another machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev.clock import steered_clock, step_clock
from tests.campaign.stack import SHORT, run
from tests.faults.shop import Shop, open_shop
from tests.folders import let_others_pass

STEP_S = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("clock")
    let_others_pass(made)
    return made


@pytest.fixture(scope="module")
def clock(folder: Path) -> Path:
    step_clock(folder / "clock", 0)
    return folder / "clock"


@pytest.fixture(scope="module")
def shop(folder: Path, clock: Path) -> Iterator[Shop]:
    waits = SHORT | {"job_deadline_s": 1800.0}
    with run(folder, waits, steered_clock(clock)) as stack:
        yield open_shop(stack)


@pytest.mark.parametrize("step_s", [STEP_S, -STEP_S])
def test_a_load_goes_on_and_nothing_is_mixed(shop: Shop, clock: Path, step_s: int) -> None:
    before, seen = shop.state, set()
    shop.stack.signals.clear()
    shop.stack.signals.arm("store.begun", "hold")
    began = shop.stack.query("select clock_timestamp()")[0][0]
    job_id = shop.start()
    while shop.stack.signals.hit("store.begun") is None:
        time.sleep(0.02)
    step_clock(clock, step_s)
    try:
        stepped = shop.stack.query("select clock_timestamp()")[0][0]
        assert abs((stepped - began).total_seconds() - step_s) < 300, "the clock did not step"
        end = time.monotonic() + 3
        while time.monotonic() < end:
            seen.add(shop.state_seen())
            time.sleep(0.1)
        shop.stack.signals.release("store.begun")
        shop.wait_loaded(job_id)
    finally:
        step_clock(clock, 0)
    assert seen <= {before, shop.state}
