"""Runs a campaign, or what is left of it, and prints its table.

    python -m tests.campaign --seed 1 [--sample 20 | --shipped] [--only freeze] [--out FILE]

The exit status is 1 when anything was wrong.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.campaign import plan, report, stack
from tests.campaign.front import run_behind_nginx
from tests.campaign.plan import Trial
from tests.campaign.trial import Campaign


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    options = _options(arguments)
    trials = [trial for trial in _plan(options) if options.only in (None, trial.kind)]
    lines = [line for line in report.read(options.out) if line["seed"] == options.seed]
    done = {line["name"] for line in lines}
    left = [trial for trial in trials if trial.name not in done]
    if left:
        lines += _run(options, left)
    names = {trial.name for trial in trials}
    lines = [line for line in lines if line["name"] in names]
    report.say(report.table(lines))
    report.say(report.examples(lines))
    return 0 if report.is_clean(lines) else 1


def _plan(options: argparse.Namespace) -> list[Trial]:
    if options.shipped:
        return plan.as_shipped()
    return plan.sample(options.seed, options.sample) if options.sample else plan.whole(options.seed)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign")
    parser.add_argument("--seed", type=int, default=1, help="decides every random moment")
    parser.add_argument("--sample", type=int, help="only so many trials, some of every kind")
    parser.add_argument("--only", help="only trials of this kind")
    parser.add_argument(
        "--shipped", action="store_true", help="a few trials with the waits of a deployment"
    )
    parser.add_argument("--out", type=Path, help="results as JSON lines; what is there is kept")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace, trials: Sequence[Trial]) -> list[report.Line]:
    waits = stack.SHIPPED if options.shipped else stack.SHORT
    with (
        tempfile.TemporaryDirectory(prefix="campaign-") as folder,
        run_behind_nginx(Path(folder), waits) as front,
    ):
        return _try_all(options, trials, Campaign(front.stack, options.seed, front))


def _try_all(
    options: argparse.Namespace, trials: Sequence[Trial], campaign: Campaign
) -> list[report.Line]:
    lines = []
    for number, trial in enumerate(trials, 1):
        result = campaign.run(trial)
        lines.append(result.line())
        report.append(options.out, lines[-1])
        report.say(
            f"{number}/{len(trials)} {trial.name}: {result.seconds:.1f} s, "
            f"{'struck' if result.is_struck else 'NEVER STRUCK'}, "
            f"{result.verdict.examples or 'clean'}"
        )
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
