"""`make test AT=2028-02-29T23:30Z`: run a command whose wall clock starts at that instant.

    python -m dev.clock 2028-02-29T23:30Z -m pytest

Everything the command starts lives by that clock: Python, PostgreSQL, Valkey, nginx, the browser.
The clock runs on; sleeps, timeouts and file times stay true. `clock.c` does it, preloaded.

libfaketime is not used: Python's sleep fails under it while monotonic clocks stay true, and
PostgreSQL's lock and statement timeouts never fire when the clock is ahead, because its signal
handlers then see the true time.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from dev.process import StackError

SOURCE = Path(__file__).with_name("clock.c")
LIBRARIES = Path("/var/tmp")  # every user may read there: PostgreSQL does not run as root
PRELOAD, OFFSET, FILE = "LD_PRELOAD", "CLOCK_OFFSET_S", "CLOCK_OFFSET_FILE"


def moved_clock() -> dict[str, str]:
    """What a process needs to live by the clock of this one; empty when nobody moved it."""
    if OFFSET not in os.environ:
        return {}
    return {name: os.environ[name] for name in (PRELOAD, OFFSET)}


def steered_clock(file: Path) -> dict[str, str]:
    """What a process needs to live by the clock that `step_clock` moves through this file."""
    return {PRELOAD: str(build_library()), FILE: str(file)}


def step_clock(file: Path, seconds: int) -> None:
    """Set the clock of that file so many seconds ahead of this process's, all at once."""
    file.touch()
    file.chmod(0o644)
    with file.open("r+b") as opened:
        opened.write(struct.pack("l", seconds + int(os.environ.get(OFFSET, 0))))


def true_clock() -> dict[str, str]:
    """This environment with the machine's clock, for programs that check certificates of others."""
    return {name: value for name, value in os.environ.items() if name not in moved_clock()}


def offset_to(text: str) -> int:
    """The seconds from now to that instant.

    Raises:
        StackError: the text is no instant with a time zone.
    """
    try:
        return round((datetime.fromisoformat(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError) as error:  # no date, or one without a time zone
        message = f"AT={text} is not an instant. Write it like AT=2028-02-29T23:30Z."
        raise StackError(message) from error


def build_library() -> Path:
    """Compile the library, unless this version was compiled before.

    Raises:
        StackError: there is no C compiler, or it fails.
    """
    version = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:12]
    library = LIBRARIES / f"moved-clock-{version}-{os.geteuid()}.so"
    if not library.exists():
        _compile(library)
    if library.is_symlink() or library.stat().st_uid != os.geteuid():
        raise StackError(f"{library} belongs to another user. Remove it and start again.")
    return library


def _compile(library: Path) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        text = "AT needs a C compiler: install the system packages gcc and libc6-dev."
        raise StackError(text)
    with tempfile.TemporaryDirectory(dir=library.parent) as folder:
        fresh = Path(folder) / library.name
        command = [compiler, "-shared", "-fPIC", "-O2", "-Wall", "-o", str(fresh), str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise StackError(f"AT needs {SOURCE.name}, which does not compile:\n{done.stderr}")
        fresh.chmod(0o755)
        fresh.rename(library)


def main() -> NoReturn:
    """Become the Python command, under the moved clock."""
    parser = argparse.ArgumentParser(prog="python -m dev.clock", description=main.__doc__)
    parser.add_argument("at", help="the instant, like 2028-02-29T23:30Z")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="arguments of python")
    choice = parser.parse_args()
    try:
        moved = {PRELOAD: str(build_library()), OFFSET: str(offset_to(choice.at))}
    except StackError as error:
        sys.exit(str(error))
    os.execve(sys.executable, [sys.executable, *choice.command], os.environ | moved)


if __name__ == "__main__":
    main()
