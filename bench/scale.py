"""How much is generated, and over which days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

LAST_DAY = date(2026, 6, 30)
PAGES_PER_SESSION = 5
LARGEST_SHARE = 0.4


@dataclass(frozen=True)
class Scale:
    """The size of one run. Tenant 0 is the largest and has `LARGEST_SHARE` of all page views."""

    name: str
    tenants: int
    days: int
    page_views: int
    rounds: int
    client_seconds: int
    last_day: date = LAST_DAY

    @property
    def first_day(self) -> date:
        """The first generated day."""
        return self.last_day - timedelta(days=self.days - 1)

    def sessions_per_day(self, tenant: int) -> int:
        """Sessions of one day of this tenant."""
        share = LARGEST_SHARE if tenant == 0 else (1 - LARGEST_SHARE) / (self.tenants - 1)
        return max(4, round(self.page_views * share / self.days / PAGES_PER_SESSION))

    def months(self) -> list[tuple[date, date]]:
        """The calendar months of the range, the first one cut to it."""
        months = []
        start = self.first_day
        while start <= self.last_day:
            after = (start.replace(day=1) + timedelta(days=32)).replace(day=1)
            months.append((start, min(after - timedelta(days=1), self.last_day)))
            start = after
        return months


SCALES = {
    "full": Scale("full", 100, 180, 5_000_000, 15, 20),
    "small": Scale("small", 4, 180, 80_000, 5, 2),
}
