"""The failpoints: where they stand, and that production has none."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs import failpoints
from app.jobs.failpoints import MAIL_POINTS, POINTS, reached
from tests.campaign.arming import FOLDER, Signals

ROOT = Path(__file__).resolve().parents[2]
DIES = "from tests.campaign.arming import arm_this_process as arm; arm();"
REACHES = "from app.jobs.failpoints import reached; reached('store.begun'); print('alive')"


def points_in_code() -> Iterator[str]:
    for path in (ROOT / "app").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "reached":
                assert isinstance(node.args[0], ast.Constant), f"{path}: a name that is not plain"
                yield str(node.args[0].value)


def run(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ) | {FOLDER: str(folder)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def test_code_and_registry_name_the_same_points_once_each() -> None:
    assert Counter(points_in_code()) == Counter([*POINTS, *MAIL_POINTS])
    assert len(POINTS) >= 25


def test_a_process_without_a_hook_passes_every_point() -> None:
    for point in POINTS:
        reached(point)


def test_a_hook_hears_the_name_until_it_is_taken_away() -> None:
    heard: list[str] = []
    failpoints.hook(heard.append)
    reached("store.begun")
    failpoints.hook(None)
    reached("store.locked")
    assert heard == ["store.begun"]


def test_the_environment_alone_arms_nothing(tmp_path: Path) -> None:
    Signals(tmp_path).arm("store.begun", "child")
    assert run(tmp_path, REACHES).stdout == "alive\n"


def test_an_armed_point_ends_the_first_process_that_reaches_it(tmp_path: Path) -> None:
    signals = Signals(tmp_path)
    signals.arm("store.begun", "child")
    assert run(tmp_path, DIES + REACHES).returncode == -9
    assert signals.hit("store.begun")
    assert run(tmp_path, DIES + REACHES).stdout == "alive\n"


@pytest.mark.parametrize("point", ["store.locked", "sweep.cut"])
def test_another_point_that_is_armed_harms_nobody(tmp_path: Path, point: str) -> None:
    Signals(tmp_path).arm(point, "both")
    assert run(tmp_path, DIES + REACHES).stdout == "alive\n"
