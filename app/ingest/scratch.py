"""A job's folder for what it fetches, and the folders that dead jobs left behind.

A folder is its job's for as long as the lock in it is held. The kernel lets go of the lock when
the last process that has it ends, however it ends; whoever can take it may remove the folder.
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
    """An empty folder that is removed with the block; first what dead jobs left is removed."""
    clear_leftovers()
    folder, lock = _make()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def clear_leftovers() -> int:
    """Remove the folders of jobs on this machine that are dead; answers how many."""
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):  # another user's, or gone meanwhile
            removed += _remove_if_left(folder)
    if removed:
        logger.info("ingest.leftovers.removed", folders=removed)
    return removed


def _make() -> tuple[Path, int]:
    """A new folder and its held lock. One removed before the lock was held is made again."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            return folder, lock
        os.close(lock)


def _remove_if_left(folder: Path) -> bool:
    """Whether it was a folder of this user's jobs that no living job holds; it is gone then."""
    if folder.lstat().st_uid != os.geteuid():
        return False
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    finally:
        os.close(lock)
    return True
