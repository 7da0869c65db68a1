"""Small disks of memory, and how to fill them."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOT_ALLOWED = "not to be had on this machine"


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A disk of that size at that place, for the block; skips the test where nobody may mount."""
    place.mkdir(parents=True, exist_ok=True)
    options = f"size={megabytes}m,mode=0755"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip(f"a small disk is {NOT_ALLOWED}: mounting is not allowed")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Not a byte is left for anybody else, for the block."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as out:
        for size in (1 << 20, 1 << 12, 1):
            _fill(out, size)
        try:
            yield
        finally:
            filler.unlink()


def _fill(out, size: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - a raw file
    try:
        while out.write(b"x" * size):
            continue
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
