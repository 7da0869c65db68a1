"""How far the loaded days reach, and which of them may still change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.dates import DateRange


@dataclass(frozen=True)
class Freshness:
    """Loaded and provisional days as ranges without gaps, oldest first; nulls: nothing is loaded.

    `streamed` are settled days for which Google never exported a daily table. `complete_until` is
    the last settled day.
    """

    loaded: tuple[DateRange, ...]
    provisional: tuple[DateRange, ...]
    complete_until: date | None
    last_loaded_at: datetime | None
    streamed: tuple[DateRange, ...] = ()

    @property
    def earliest_date(self) -> date | None:
        return self.loaded[0].start if self.loaded else None

    @property
    def latest_date(self) -> date | None:
        return self.loaded[-1].end if self.loaded else None

    def missing(self, period: DateRange) -> list[date]:
        return [day for day in period.days if not _holds(self.loaded, day)]

    def provisional_days(self, period: DateRange) -> list[date]:
        """The days of the period that may still change."""
        return [day for day in period.days if _holds(self.provisional, day)]

    def streamed_days(self, period: DateRange) -> list[date]:
        """The days of the period that are settled from an intraday or fresh table."""
        return [day for day in period.days if _holds(self.streamed, day)]


def get_freshness(conn: Connection, tenant_id: UUID) -> Freshness:
    """What is loaded; needs a tenant_transaction().

    Source: sql/functions/figures/get_freshness.sql
    """
    row = conn.execute(text("select * from get_freshness(:t)"), {"t": tenant_id}).one()
    return Freshness(
        _spans(row.loaded),
        _spans(row.provisional),
        row.complete_until,
        row.last_loaded_at,
        _spans(row.streamed),
    )


def _spans(found: Any) -> tuple[DateRange, ...]:  # noqa: ANN401 - psycopg's Multirange
    """Convert a multirange of days, whose upper bounds are exclusive."""
    return tuple(DateRange(span.lower, span.upper - timedelta(days=1)) for span in found)


def _holds(spans: tuple[DateRange, ...], day: date) -> bool:
    return any(span.start <= day <= span.end for span in spans)
