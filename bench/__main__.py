"""`make bench`: measure everything, print the table, write bench/results.json and results.md."""

from __future__ import annotations

import argparse
import sys
import time

from bench import figures, loading, tasks
from bench.duck import Duck
from bench.ground import ground
from bench.results import shown, table, write
from bench.scale import SCALES


def main() -> int:
    """Answer 1 when a goal was missed at full scale; a small run only shows."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--scale", choices=SCALES, default="full")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    scale, begin = SCALES[arguments.scale], time.monotonic()
    duck = Duck()
    with ground(scale, arguments.seed) as stack:
        results = loading.measure_first(stack, duck)
        results += figures.measure(stack, duck)
        results += tasks.measure(stack)
        results += loading.measure_replacing(stack)
        results += figures.measure_worn(stack)
    results.append(shown("the whole run", (time.monotonic() - begin) / 60, "min"))
    print(table(results))
    if scale.name != "full":
        return 0
    heading = f"Measured at scale {scale.name}, seed {arguments.seed}"
    write(results, heading)
    return int(any(result.reached is False for result in results))


if __name__ == "__main__":
    sys.exit(main())
