"""What a job brings home to be stored: events by type and day, and customer files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from app.ingest.store.day_source import DaySource
from app.ingest.store.spool import Extraction


@dataclass(frozen=True)
class CustomerFile:
    """A wholly parsed users or locations file; `rows` have the attributes of its table."""

    file_type: str
    source_name: str
    modified_at: datetime | None
    rows: Sequence[Any]


@dataclass(frozen=True)
class Harvest:
    """What a job brings home: the event types that succeeded, each with its days, and the files."""

    sources: Mapping[str, Mapping[date, DaySource]] = field(default_factory=dict)
    extractions: Mapping[str, Extraction] = field(default_factory=dict)
    files: Sequence[CustomerFile] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to store."""
        return not self.files and not self.extractions

    @property
    def days(self) -> list[date]:
        """The days of any event type, in order."""
        return sorted(set().union(*self.sources.values()))
