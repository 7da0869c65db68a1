"""What a source of events must do. Each source has a folder of its own beside this one."""

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
    """A GA4 export that can be read: which days it has, and their rows."""

    def list_days(self, days: Collection[date], limits: Limits) -> dict[date, DaySource]:
        """The table that holds each of `days`; days without one are absent.

        Raises:
            Upstream: the source refused or did not answer.
            Cancelled: the job was cancelled.
        """

    def estimate(self, found: Mapping[date, DaySource], limits: Limits) -> int:
        """How many bytes reading these days would scan, all extractions together.

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
        """The rows of each event table and its days, in spool files in `folder`.

        One table's failure is its result and stops no other. `progress` hears the event table,
        rows read and rows in all, from other threads. `job_key` is the same when a job is tried
        again, so that the source can find what it did for it before.

        Raises:
            Cancelled: the job was cancelled; no thread is left.
        """
