"""What runs leave on the disk, however they end."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.ingest.folder import remove_abandoned, run_folder

HOLDS = """
from app.ingest.folder import run_folder
with run_folder() as folder:
    (folder / "users.csv").write_text("a customer")
    print(folder, flush=True)
    input()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield tmp_path
    monkeypatch.undo()


def start() -> tuple[subprocess.Popen[str], Path]:
    """Another run, which has fetched something and waits."""
    command = [sys.executable, "-c", HOLDS]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_a_run_that_ends_leaves_nothing(temporary: Path) -> None:
    with pytest.raises(ValueError), run_folder() as folder:
        (folder / "users.csv").write_text("a customer")
        raise ValueError
    assert list(temporary.iterdir()) == []


def test_the_next_run_removes_what_a_killed_one_left(temporary: Path) -> None:
    process, folder = start()
    process.kill()
    process.communicate()
    assert (folder / "users.csv").exists()
    with run_folder() as own:
        assert list(temporary.iterdir()) == [own]


def test_a_run_that_lives_or_is_frozen_keeps_its_folder(temporary: Path) -> None:
    process, folder = start()
    process.send_signal(signal.SIGSTOP)
    remove_abandoned()
    assert (folder / "users.csv").exists()
    process.send_signal(signal.SIGCONT)
    process.communicate("\n")
    assert list(temporary.iterdir()) == []
