"""Temporary folders of jobs, and removal of those left by dead jobs.

A folder belongs to its job while the lock in it is held. The kernel releases the lock when the last
process holding it ends, for any reason; a process that gets the lock may remove the folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.log import logger

PREFIX = "ingest-"
_LOCK = ".held-by-job"


@contextmanager
def job_folder() -> Iterator[Path]:
    """An empty folder, removed after the block; first removes those of dead jobs."""
    clear_leftovers()
    folder, lock = _make()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clear_leftovers() -> int:
    """Remove the folders of dead jobs on this machine; returns how many."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or already gone
            removed += _remove_if_left(folder)
    if removed:
        logger.info("ingest.leftovers.removed", folders=removed)
    return removed


def _make() -> tuple[Path, int]:
    """A new folder and its held lock; retries if the folder is removed before it is locked."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        os.close(lock)


def _remove_if_left(folder: Path) -> bool:
    """Remove a folder of this user's jobs that no live job holds; returns whether it did."""
    if folder.lstat().st_uid != os.geteuid():
        return False
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
    return True
