"""The folder of one run: customers' files and event rows lie there until they are stored.

A process that is killed cannot tidy up. Each folder holds a locked file; a lock ends with its
process, so whoever can take one has found the folder of a dead run and removes it.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "ingest-"
_LOCK = "lock"


@contextmanager
def run_folder() -> Iterator[Path]:
    """An empty folder until the end of the block; those of dead runs are removed first."""
    remove_abandoned()
    made = Path(tempfile.mkdtemp(prefix=f"new-{PREFIX}"))
    with (made / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Nobody looks at it under the first name, which it had before it was locked.
        folder = made.rename(made.with_name(made.name.removeprefix("new-")))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def remove_abandoned() -> None:
    """Remove the folders of runs that died on this machine. Frozen ones keep theirs."""
    for lock in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{_LOCK}"):
        try:
            with lock.open("w") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
        except OSError:  # alive, another account's, or removed by somebody else just now
            continue
