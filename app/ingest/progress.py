"""Progress of a running ingestion: one line per step, written no more often than it is read."""

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
    """The steps of one run. Thread-safe, because extracting threads use it too."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._written: dict[str, float] = {}
        self._lock = threading.Lock()

    def start(self, step: str) -> None:
        self._run.step(step, _POSITIONS[step], "running")

    def advance(self, step: str, rows: int) -> None:
        """Show the number of rows so far, about once a second."""
        with self._lock:
            now = time.monotonic()
            if now - self._written.get(step, 0) < _WRITE_EVERY_S:
                return
            self._written[step] = now
        self._run.step(step, _POSITIONS[step], "running", rows)

    def done(self, step: str, rows: int | None = None, message: str | None = None) -> None:
        self._run.step(step, _POSITIONS[step], "done", rows, message)

    def fail(self, step: str, error: AppError) -> None:
        """Show that the step failed; the others continue."""
        self._run.step(step, _POSITIONS[step], "failed", None, error.message)

    def skip(self, step: str, message: str) -> None:
        """Show that there was nothing to do."""
        self._run.step(step, _POSITIONS[step], "skipped", None, message)
