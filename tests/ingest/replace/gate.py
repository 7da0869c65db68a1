"""A place where something waits until the test lets it go on."""

from __future__ import annotations

import threading

from tests.jobs.bench import wait_until

LIMIT_S = 60.0


class Gate:
    """Closed at first. Whoever comes waits; the test sees that somebody does."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._lock = threading.Lock()
        self.waiting = 0

    def pass_through(self, *_: object) -> None:
        """Go on once the gate is open."""
        with self._lock:
            self.waiting += 1
        self._open.wait(LIMIT_S)

    def open(self) -> None:
        """Let everybody go on, now and later."""
        self._open.set()

    def wait_for(self, comers: int = 1) -> None:
        """Wait until so many have come."""
        wait_until(lambda: self.waiting >= comers, lambda: f"{comers} at the gate")
