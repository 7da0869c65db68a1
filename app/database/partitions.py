"""Monthly partitions of the event tables: created ahead, dropped when old and empty."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.database.engine import maint_transaction
from app.dates import DateRange
from app.log import logger

_MONTHS_AHEAD = 3


def partitions_ahead(today: date) -> DateRange:
    """The period that needs partitions on that day: its month and the next three."""
    last = today.replace(day=1)
    for _ in range(_MONTHS_AHEAD):
        last = (last + timedelta(days=32)).replace(day=1)
    return DateRange(today, last)


def ensure_partitions(period: DateRange) -> int:
    """Create the missing partitions of every month `period` touches; returns how many."""
    with maint_transaction() as connection:
        connection.execute(text("set local role app_owner"))
        connection.execute(text("set local lock_timeout = '10s'"))
        statement = text("select _ensure_partitions(:first, :last)")
        values = {"first": period.start, "last": period.end}
        return int(connection.execute(statement, values).scalar_one())


def drop_empty_partitions(before: date) -> int:
    """Drop months that end before this day and are empty for every tenant; returns how many.

    A partition that cannot be locked at once waits for the next run, so readers never wait.
    """
    with maint_transaction() as connection:
        names = list(connection.execute(_MONTHS, {"before": before}).scalars())
    return sum(_drop_if_empty(name) for name in names)


def _drop_if_empty(name: str) -> bool:
    statement = text("select _drop_partition_if_empty(:name)")
    try:
        with maint_transaction() as connection:
            connection.execute(text("set local lock_timeout = '2s'"))
            return bool(connection.execute(statement, {"name": name}).scalar_one())
    except OperationalError as error:
        logger.warning("partition.busy", partition=name, error=type(error.orig).__name__)
        return False


_MONTHS = text("""
    select c.relname
    from pg_inherits as i
    inner join pg_class as c on c.oid = i.inhrelid and c.relkind = 'r'
    inner join pg_class as p on p.oid = i.inhparent
    where
        p.relname in (
            'purchase', 'add_to_cart', 'page_view', 'view_item', 'view_search_results',
            'no_search_results', 'session_part'
        )
        and c.relname ~ '_p[0-9]{6}$'
        and to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' <= :before
    order by 1
""")
