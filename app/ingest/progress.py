"""What a running ingestion shows of itself: one line per step, not more often than it is read."""

from __future__ import annotations

import threading
import time

from app.errors import AppError
from app.ingest.store.event_tables import EVENT_TABLES
from app.jobs import Run

_WRITE_EVERY_S = 1.0
_POSITIONS = {
    name: position
    for position, name in enumerate(
        (
            "sources",
            *(f"extract:{name}" for name in EVENT_TABLES),
            "sftp:users",
            "sftp:locations",
            "store",
        )
    )
}


class Progress:
    """The steps of one run. Used from the extracting threads, too."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._written: dict[str, float] = {}
        self._lock = threading.Lock()

    def start(self, step: str) -> None:
        """The step begins."""
        self._run.step(step, _POSITIONS[step], "running")

    def advance(self, step: str, rows: int) -> None:
        """So many rows are in; shown about once a second."""
        with self._lock:
            now = time.monotonic()
            if now - self._written.get(step, 0) < _WRITE_EVERY_S:
                return
            self._written[step] = now
        self._run.step(step, _POSITIONS[step], "running", rows)

    def done(self, step: str, rows: int | None = None, message: str | None = None) -> None:
        """The step succeeded."""
        self._run.step(step, _POSITIONS[step], "done", rows, message)

    def fail(self, step: str, error: AppError) -> None:
        """The step failed; the others go on."""
        self._run.step(step, _POSITIONS[step], "failed", None, error.message)

    def skip(self, step: str, message: str) -> None:
        """There was nothing to do."""
        self._run.step(step, _POSITIONS[step], "skipped", None, message)
