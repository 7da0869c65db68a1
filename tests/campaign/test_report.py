"""Results that survive the death of the campaign itself."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from app.jobs.failpoints import POINTS
from tests.campaign import plan, report
from tests.campaign.judge import Verdict
from tests.campaign.plan import Trial
from tests.campaign.trial import Result


def line(verdict: Verdict, *, kind: str = "kill", is_struck: bool = True) -> report.Line:
    course = [(0.0, [("queued", 0)]), (4.0, [("completed", 2)])]
    trial = Trial(kind, 3, "both")
    return Result(trial, 1, is_struck, 1.5, 9.0, "AA", "BB", 4.0, course, verdict).line()


def test_a_line_cut_off_by_a_death_is_run_again(tmp_path: Path) -> None:
    out = tmp_path / "results.jsonl"
    report.append(out, line(Verdict()))
    with out.open("a") as file:
        file.write('{"name": "kill 4')
    assert [found["name"] for found in report.read(out)] == ["kill 3 both -"]
    report.append(out, line(Verdict(), kind="freeze"))
    assert [found["name"] for found in report.read(out)] == ["kill 3 both -", "freeze 3 both -"]


def test_the_table_counts_by_kind_and_names_what_was_wrong() -> None:
    bad = Verdict(reads=1_200, torn_reads=2, longest_untrue_s=3.25, examples=["torn_reads: x"])
    good = Verdict(reads=30, pages=40, mails=9, wrong_mails=1)
    lines = [line(good), line(bad), line(Verdict(), kind="cut", is_struck=False)]
    table = report.table(lines).splitlines()
    counts = "1,230 | 2 | 0 | 0 | 0 | 40 | 0 | 9 | 1"
    assert table[2] == f"| kill | 2 | 2 | 2 | {counts} | 3.2 s | 4.0 s |"
    assert table[-1].startswith("| **all** | 3 | 2 |")
    assert report.examples(lines) == "kill 3 both -: torn_reads: x\ncut 3 both -: never struck"
    assert not report.is_clean(lines[1:2])
    assert not report.is_clean(lines[2:])
    assert report.is_clean(lines[:1])


def test_a_plan_has_every_failpoint_twice_and_each_trial_a_name_of_its_own() -> None:
    trials = plan.whole(1)
    names = [trial.name for trial in trials]
    assert len(set(names)) == len(names)
    at_points = [trial.point for trial in trials if trial.kind == "failpoint"]
    assert Counter(at_points) == Counter(2 * POINTS)
    assert plan.whole(1) == trials
    kinds = {trial.kind for trial in trials}
    assert {trial.kind for trial in plan.sample(5, len(kinds))} == kinds
