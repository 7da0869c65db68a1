"""The interface of event sources. Each source has its own folder next to this one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from pathlib import Path
from typing import Protocol

from app.errors import Upstream
from app.ingest.attempts import Limits
from app.ingest.store.day_source import DaySource
from app.ingest.store.spool import Extraction


class Source(Protocol):
    """A readable GA4 export: its days and their rows."""

    def list_days(self, days: Collection[date], limits: Limits) -> dict[date, DaySource]:
        """The table of each of `days`; days without one are absent.

        Raises:
            Upstream: the source refused or did not respond.
            Cancelled: the job was cancelled.
        """

    def estimate(self, found: Mapping[date, DaySource], limits: Limits) -> int:
        """The bytes that reading these days would scan, in all extractions.

        Raises:
            Upstream, Cancelled: as list_days().
        """

    def extract_all(
        self,
        wanted: Mapping[str, Mapping[date, DaySource]],
        folder: Path,
        *,
        job_key: str,
        progress: Callable[[str, int, int], None],
        limits: Limits,
    ) -> dict[str, Extraction | Upstream]:
        """The rows of each event table's days, in spool files in `folder`.

        A failing table returns its error and stops no other. `progress` is called from other
        threads with the event table, rows read and total rows. `job_key` stays the same when a job
        is retried, so that the source can find its earlier work.

        Raises:
            Cancelled: the job was cancelled; all threads have stopped.
        """
