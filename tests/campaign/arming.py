"""What a failpoint does to the process that reaches it, told through files.

The campaign puts a file named like the point into `armed/`, with the manner in it. The first
process to reach the point takes the file away, leaves its id in `hit/` and does what it says.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from app.jobs import failpoints

Manner = Literal["child", "both", "stop", "hold"]
FOLDER = "CAMPAIGN_SIGNALS"
BACKOFF = "CAMPAIGN_BACKOFF_S"
_HOLD_S = 10.0


class Signals:
    """The folder through which the campaign and the processes it harms talk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("armed", "hit", "claims", "seen"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def clear(self) -> None:
        """Disarm everything and forget who claimed what; what was seen stays."""
        for name in ("armed", "hit", "claims"):
            for path in (self.folder / name).iterdir():
                path.unlink(missing_ok=True)

    def arm(self, point: str, manner: Manner) -> None:
        """The next process at that point meets this."""
        fresh = self.folder / f"{point}.new"
        fresh.write_text(manner)
        fresh.rename(self.folder / "armed" / point)

    def hit(self, point: str) -> int | None:
        """The process that met it; None as long as none has."""
        try:
            return int((self.folder / "hit" / point).read_text() or 0) or None
        except FileNotFoundError:
            return None

    def release(self, point: str) -> None:
        """Let the process that is held there go on."""
        (self.folder / "hit" / f"{point}.go").touch()

    def claimants(self) -> list[int]:
        """The processes that claimed a job since the last `clear()`."""
        return [int(path.name) for path in (self.folder / "claims").iterdir()]

    def seen(self) -> set[str]:
        """Every point that any process came to."""
        return {path.name for path in (self.folder / "seen").iterdir()}


def arm_this_process() -> None:
    """Obey the folder that the environment names, in this process and all it forks."""
    failpoints.hook(_obey(Signals(Path(os.environ[FOLDER]))))


def _obey(signals: Signals) -> Callable[[str], None]:
    known: set[str] = set()

    def reach(point: str) -> None:
        if point not in known:
            known.add(point)
            (signals.folder / "seen" / point).touch()
        if point == "claim.committed":
            (signals.folder / "claims" / str(os.getpid())).touch()
        _meet(signals, point)

    return reach


def _meet(signals: Signals, point: str) -> None:
    armed, hit = signals.folder / "armed" / point, signals.folder / "hit" / point
    taken = hit.with_suffix(f".{os.getpid()}")
    try:
        armed.rename(taken)
    except FileNotFoundError:
        return
    manner = taken.read_text()
    taken.write_text(str(os.getpid()))
    taken.rename(hit)
    if manner == "hold":
        _hold(hit)
    elif manner == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        if manner == "both":
            os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


def _hold(hit: Path) -> None:
    """Wait for the campaign, which breaks something meanwhile, but not for ever."""
    go = hit.with_name(f"{hit.name}.go")
    give_up_at = time.monotonic() + _HOLD_S
    while not go.exists() and time.monotonic() < give_up_at:
        time.sleep(0.01)
