"""Named points in background work where a test may kill, stop or hold the process.

In production there is no hook, and `reached()` is one comparison. A test passes `hook()` a function
before it forks its workers.
"""

from __future__ import annotations

from collections.abc import Callable

# Sending a message: tests/email/test_deaths.py stops a worker at each.
MAIL_POINTS = (
    "mail.claimed",
    "mail.offered",
    "mail.sending",
    "mail.delivered",
    "mail.noted",
)
POINTS = (
    # From the committed row of a job to the worker that claims it.
    "publish.begun",
    "publish.pushed",
    "job.received",
    "claim.written",
    "claim.committed",
    # While it runs.
    "lease.renewing",
    "lease.renewed",
    "step.writing",
    "children.written",
    "children.committed",
    "children.published",
    # Fetching.
    "settings.read",
    "sources.listed",
    "query.started",
    "query.done",
    "spool.batch",
    "spool.written",
    "extract.done",
    "file.fetched",
    "file.parsed",
    "partitions.made",
    # Storing.
    "store.begun",
    "stage.copying",
    "stage.events",
    "stage.file",
    "store.locked",
    "swap.files",
    "swap.events",
    "swap.days",
    "derive.done",
    "end.written",
    "parent.ended",
    "finish.written",
    "store.committed",
    # When something went wrong.
    "outcome.begun",
    "outcome.written",
    "sweep.found",
    "sweep.cut",
    "sweep.decided",
    "sweep.committed",
)

_hook: Callable[[str], None] | None = None


def hook(function: Callable[[str], None] | None) -> None:
    """Call `function` with the name of every point this process reaches from now on."""
    global _hook
    _hook = function


def reached(name: str) -> None:
    """Report that the process is at this point, one of `POINTS`."""
    if _hook is not None:
        _hook(name)
