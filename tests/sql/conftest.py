"""Histories written by hand, loaded into a tenant of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from app import jobs
from app.config import Config
from app.dashboard.queries import Overview, get_dashboard_overview_stats
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.files.customer_file import BranchRow, ContactRow
from app.ingest.store.event_tables import EVENT_TABLES
from tests.loading import Row, load_days
from tests.sql.comparing import Superuser, make_tenant


@dataclass
class Shop:
    """One tenant: load rows, ask figures."""

    tenant_id: UUID
    superuser: Superuser

    def load(
        self,
        rows: Sequence[Row],
        *,
        until: str | None = None,
        kind: str = "",
        contacts: Sequence[ContactRow] | None = None,
        branches: Sequence[BranchRow] | None = None,
        event_types: Sequence[str] = tuple(EVENT_TABLES),
    ) -> None:
        """Load every day that has a row, and the empty ones in between and up to `until`."""
        by_day: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            by_day[row["event_date"]].append(row)
        days = sorted(by_day) + ([until.replace("-", "")] if until else [])
        tables: dict[str, list[Row]] = {}
        if days:
            first, last = _day(days[0]), _day(days[-1])
            for number in range((last - first).days + 1):
                name = f"{first + timedelta(days=number):%Y%m%d}"
                tables[f"events_{kind}{name}"] = by_day.get(name, [])
        load_days(
            self.tenant_id, tables, event_types=event_types, contacts=contacts, branches=branches
        )

    def overview(
        self, first: str, last: str | None = None, branches: tuple[str, ...] | None = None
    ) -> Overview:
        """The figures from `first` to `last`, or of `first` alone."""
        period = DateRange(date.fromisoformat(first), date.fromisoformat(last or first))
        with tenant_transaction(self.tenant_id) as conn:
            return get_dashboard_overview_stats(conn, self.tenant_id, period, branches)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The answer of a query over this tenant (%(t)s), past every fence."""
        return self.superuser.execute(query, {"t": self.tenant_id}).fetchall()


def _day(name: str) -> date:
    return date.fromisoformat(name)


@pytest.fixture
def as_worker(config: Config) -> Iterator[None]:
    db.configure(config, role="worker")
    jobs.configure(config)
    yield
    db.configure(config)


@pytest.fixture
def shop(as_worker: None, superuser: Superuser) -> Shop:
    """A tenant in UTC and dollars."""
    return Shop(make_tenant(superuser, "UTC", "USD"), superuser)


@pytest.fixture
def new_york(as_worker: None, superuser: Superuser) -> Shop:
    """A tenant whose property counts New York's days."""
    return Shop(make_tenant(superuser, "America/New_York", "USD"), superuser)
