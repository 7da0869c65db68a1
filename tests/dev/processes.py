"""Looks at the machine's processes."""

from __future__ import annotations

import time
from pathlib import Path


def mentioning(*texts: object) -> list[str]:
    """Command lines of living processes that contain one of `texts`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if any(str(text) in f"{line} " for text in texts):
            found.append(line[:200])
    return found


def wait_until_gone(*texts: object, limit_s: float = 30) -> list[str]:
    """What still mentions one of `texts` when nothing does any more, or when the time is over."""
    deadline = time.monotonic() + limit_s
    while (left := mentioning(*texts)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left
