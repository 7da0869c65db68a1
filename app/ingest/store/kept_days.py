"""A tenant's retention: older days are refused before loading, with the reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import Connection, text

from app.dates import DateRange
from app.errors import Invalid
from app.format import plural


@dataclass(frozen=True)
class KeptDays:
    """The tenant's retention: `first` is the oldest kept day, in the property's zone."""

    months: int
    first: date

    def outdated(self, period: DateRange) -> int:
        """The number of days in the period that are too old."""
        last = min(period.end, self.first - timedelta(days=1))
        return max((last - period.start).days + 1, 0)

    def within(self, period: DateRange) -> DateRange | None:
        """The kept part of the period; None if all of it is too old."""
        if period.end < self.first:
            return None
        return DateRange(max(period.start, self.first), period.end)

    def refusal(self, period: DateRange) -> str | None:
        """Why days of the period are not loaded, and what to do; None if all are kept."""
        days = self.outdated(period)
        if not days:
            return None
        is_all = days == period.length
        which = (
            "These days are"
            if is_all
            else (f"{days} {plural(days, 'day')} before {self.first} {plural(days, 'is', 'are')}")
        )
        return (
            f"{which} older than the {self.months} months that are kept and "
            f"{'are' if is_all else plural(days, 'was', 'were')} not loaded. An admin can keep "
            "more under Settings, Retention."
        )


def get_kept_days(conn: Connection, tenant_id: UUID) -> KeptDays:
    """The tenant's retention. Source: sql/functions/load/_first_kept_day.sql"""
    statement = text("""
        select c.retention_months, _first_kept_day(c.tenant_id)
        from tenant_config as c
        where c.tenant_id = :t
    """)
    return KeptDays(*conn.execute(statement, {"t": tenant_id}).one())


def refuse_outdated(conn: Connection, tenant_id: UUID, period: DateRange) -> None:
    """Raise if nothing of the period is kept.

    Raises:
        Invalid: all of it is older than the tenant keeps.
    """
    kept = get_kept_days(conn, tenant_id)
    if kept.within(period) is None:
        raise Invalid(kept.refusal(period) or "")
