"""Folders of jobs: a dead one's is removed, a living one's and everybody else's is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.ingest.scratch import clear_leftovers, job_folder

HOLD = """
import sys
from app.ingest.scratch import job_folder
with job_folder() as folder:
    (folder / "page_view.arrow").write_bytes(b"rows")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder for temporary files of a machine without any."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@contextmanager
def another_job() -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that has a folder with something in it, until the block ends."""
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as job:
        assert job.stdout is not None
        try:
            yield job, Path(job.stdout.readline().strip())
        finally:
            job.kill()


def test_folder_of_a_killed_job_stays_behind_and_is_removed_by_whoever_comes_next() -> None:
    with another_job() as (job, folder):
        os.kill(job.pid, signal.SIGKILL)
        job.wait()
        assert [path.name for path in folder.glob("*.arrow")] == ["page_view.arrow"]

        assert clear_leftovers() == 1

        assert not folder.exists()
        assert clear_leftovers() == 0


def test_folder_of_a_living_job_is_left_alone() -> None:
    with another_job() as (_, folder):
        assert clear_leftovers() == 0
        assert (folder / "page_view.arrow").read_bytes() == b"rows"


def test_a_job_that_begins_removes_what_a_dead_one_left_and_then_its_own(machine: Path) -> None:
    with another_job() as (job, folder):
        os.kill(job.pid, signal.SIGKILL)
        job.wait()

        with job_folder() as ours:
            assert not folder.exists()
            assert list(machine.iterdir()) == [ours]
            assert clear_leftovers() == 0

    assert list(machine.iterdir()) == []


def test_a_job_that_fails_leaves_nothing(machine: Path) -> None:
    with pytest.raises(RuntimeError), job_folder():
        raise RuntimeError

    assert list(machine.iterdir()) == []


def test_what_only_looks_like_a_jobs_folder_is_left_alone(
    machine: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / ".held-by-job").touch()
    (machine / "ingest-of-somebody").mkdir()
    (machine / "ingest-notes.txt").write_text("theirs")
    (machine / "ingest-link").symlink_to(elsewhere)

    assert clear_leftovers() == 0

    assert len(list(machine.iterdir())) == 3
    assert (elsewhere / ".held-by-job").exists()


def test_jobs_that_begin_while_others_clear_up_keep_their_folders() -> None:
    stopping = threading.Event()

    def clear() -> None:
        while not stopping.is_set():
            clear_leftovers()

    cleaners = [threading.Thread(target=clear) for _ in range(3)]
    for cleaner in cleaners:
        cleaner.start()
    try:
        for number in range(100):
            with job_folder() as folder:
                (folder / "rows").write_text(str(number))
                assert (folder / "rows").read_text() == str(number)
    finally:
        stopping.set()
        for cleaner in cleaners:
            cleaner.join()
