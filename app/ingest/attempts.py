"""Time limits and retries for work on outside systems."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from app.errors import AppError, Upstream

Result = TypeVar("Result")

ATTEMPTS = 4
_LONGEST_PAUSE_S = 30.0
_PAUSE_SLICE_S = 0.25


class Cancelled(AppError):
    """The job was canceled."""

    status = 409


@dataclass(frozen=True)
class Limits:
    """Limits of one piece of work.

    `deadline` is an instant of time.monotonic(). `cancelled` is called between steps and returns
    whether to stop; it may also raise its own error.
    """

    deadline: float
    cancelled: Callable[[], bool]

    def check(self) -> None:
        """Raise if the work has to stop.

        Raises:
            Cancelled: somebody cancelled the job.
            Upstream: the deadline has passed.
        """
        if self.cancelled():
            raise Cancelled
        if time.monotonic() >= self.deadline:
            raise Upstream(
                "Timeout: the outside system did not finish in the time the job has. "
                "Try again, or load fewer days at once.",
                kind="timeout",
            )

    def within(self, timeout_s: float) -> float:
        """`timeout_s`, or the time left until the deadline if that is less.

        Raises:
            Cancelled, Upstream: as check().
        """
        self.check()
        return max(0.01, min(timeout_s, self.deadline - time.monotonic()))

    def pause(self, seconds: float) -> None:
        """Wait, calling check() regularly."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, _PAUSE_SLICE_S))
        self.check()


def retry(
    call: Callable[[], Result], limits: Limits, *, first_pause_s: float, attempts: int = ATTEMPTS
) -> Result:
    """The result of `call`; passing faults are retried with growing pauses.

    Raises:
        Upstream: a permanent fault at once, a passing one after the last attempt.
        Cancelled: somebody cancelled the job.
    """
    for attempt in range(1, attempts + 1):
        limits.check()
        try:
            return call()
        except Upstream as error:
            is_over = error.permanent or error.extra.get("kind") == "timeout"
            if is_over or attempt == attempts:
                raise
            pause_s = min(first_pause_s * 2 ** (attempt - 1), _LONGEST_PAUSE_S)
            if time.monotonic() + pause_s >= limits.deadline:
                raise
        limits.pause(pause_s * random.uniform(0.75, 1.25))  # noqa: S311 - spreads load, no secret # nosec B311
    raise AssertionError("unreachable: the last attempt returns or raises")
