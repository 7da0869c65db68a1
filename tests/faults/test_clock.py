"""The clock of PostgreSQL, the only one that leases go by, steps in the middle of a load.

libfaketime does it. Workers keep their clock: Python's sleep does not work under that library,
and nothing in them compares times of day.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaign.stack import SHORT, run
from tests.faults.disk import NOT_ALLOWED
from tests.faults.shop import Shop, open_shop
from tests.folders import let_others_pass

LIBRARY = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
STEP_S = 600


class Clock:
    """A file that says how wrong the clock is."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.step(0)

    def step(self, seconds: int) -> None:
        """All at once, for whoever reads this clock."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.chmod(0o644)
        fresh.rename(self._file)

    def variables(self) -> dict[str, str]:
        """What a process needs to live by it; time that passes is measured as ever."""
        return {
            "LD_PRELOAD": str(LIBRARY), "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1",
        }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if LIBRARY is None:
        pytest.skip(f"needs the system package libfaketime: {NOT_ALLOWED}")
    made = tmp_path_factory.mktemp("clock")
    let_others_pass(made)
    return made


@pytest.fixture(scope="module")
def clock(folder: Path) -> Clock:
    return Clock(folder / "clock")


@pytest.fixture(scope="module")
def shop(folder: Path, clock: Clock) -> Iterator[Shop]:
    waits = SHORT | {"job_deadline_s": 1800.0}
    with run(folder, waits, clock.variables()) as stack:
        yield open_shop(stack)


@pytest.mark.parametrize("step_s", [STEP_S, -STEP_S])
def test_a_load_goes_on_and_nothing_is_mixed(shop: Shop, clock: Clock, step_s: int) -> None:
    before, seen = shop.state, set()
    shop.stack.signals.clear()
    shop.stack.signals.arm("store.begun", "hold")
    began = shop.stack.query("select clock_timestamp()")[0][0]
    job_id = shop.start()
    while shop.stack.signals.hit("store.begun") is None:
        time.sleep(0.02)
    clock.step(step_s)
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
        clock.step(0)
    assert seen <= {before, shop.state}
