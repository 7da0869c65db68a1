"""Reasons to stop a run before its work is done. People see each class's docstring."""

from __future__ import annotations


class JobInterrupted(Exception):
    """The job was interrupted."""

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        super().__init__(self.message)


class JobLost(JobInterrupted):
    """Another run took this job over."""


class JobCancelled(JobInterrupted):
    """The job was canceled."""


class JobStopped(JobInterrupted):
    """The worker was asked to stop; the job goes back to the queue."""


class JobTimeout(JobInterrupted):
    """The job took longer than it may."""

    def __init__(self, deadline_s: float) -> None:
        super().__init__(
            f"Timeout: the job did not end within {_duration(deadline_s)}. "
            "Start it again for fewer days; if that takes as long, the source answers too slowly."
        )


def _duration(seconds: float) -> str:
    return f"{seconds:g} seconds" if seconds < 120 else f"{seconds / 60:g} minutes"
