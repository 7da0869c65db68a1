"""Loaded rows that are odd: how many there are of each kind, and which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from app.dates import DateRange


@dataclass(frozen=True)
class OddRow:
    """One loaded row, and the items of it that are odd."""

    event_date: date
    event_ts: datetime
    event_name: str
    branch_id: str
    session_id: str | None
    transaction_id: str | None
    amount: Decimal | None
    currency: str | None
    items: tuple[dict[str, Any], ...]


def get_data_quality(
    conn: Connection, tenant_id: UUID, period: DateRange, location_ids: Sequence[str] | None
) -> dict[str, int]:
    """Rows by kind; a kind without any is absent.

    Source: sql/functions/figures/get_data_quality.sql
    """
    statement = text("select * from get_data_quality(:t, :start, :end, :branches)")
    found = conn.execute(statement, _arguments(tenant_id, period, location_ids))
    return {row.kind: int(row.row_count) for row in found}


def list_odd_rows(
    conn: Connection,
    tenant_id: UUID,
    kind: str,
    period: DateRange,
    location_ids: Sequence[str] | None,
    limit: int,
    offset: int,
) -> list[OddRow]:
    """The rows of one kind, newest first. Source: sql/functions/figures/list_odd_rows.sql"""
    statement = text("""
        select * from list_odd_rows(:t, :kind, :start, :end, :branches, :limit, :offset)
    """)
    values = _arguments(tenant_id, period, location_ids) | {
        "kind": kind,
        "limit": limit,
        "offset": offset,
    }
    return [
        OddRow(**{**row._mapping, "items": tuple(row.items or ())})
        for row in conn.execute(statement, values)
    ]


def _arguments(
    tenant_id: UUID, period: DateRange, location_ids: Sequence[str] | None
) -> dict[str, Any]:
    branches = None if location_ids is None else list(location_ids)
    return {"t": tenant_id, "start": period.start, "end": period.end, "branches": branches}
