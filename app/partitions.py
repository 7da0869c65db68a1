"""Monthly partitions of the event tables, made before they are needed."""

from __future__ import annotations

from sqlalchemy import text

from app.dates import DateRange
from app.db import maint_transaction


def ensure_partitions(period: DateRange) -> int:
    """Create the missing partitions of every month `period` touches; answers how many."""
    with maint_transaction() as connection:
        connection.execute(text("set local role app_owner"))
        connection.execute(text("set local lock_timeout = '10s'"))
        statement = text("select _ensure_partitions(:first, :last)")
        values = {"first": period.start, "last": period.end}
        return int(connection.execute(statement, values).scalar_one())
