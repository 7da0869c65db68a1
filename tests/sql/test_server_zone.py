"""A PostgreSQL server that lives in a zone with daylight saving changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from dev.database import Urls


@pytest.fixture
def in_new_york(server_url: str) -> Iterator[None]:
    """The server's own zone is New York, as of a machine that stands there."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("alter system set timezone = 'America/New_York'")
        connection.execute("select pg_reload_conf()")
        yield
        connection.execute("alter system reset timezone")
        connection.execute("select pg_reload_conf()")


@pytest.mark.usefixtures("in_new_york")
@pytest.mark.parametrize("role", ["web", "worker", "maint", "superuser"])
def test_a_day_has_24_hours_where_clocks_change(urls: Urls, role: str) -> None:
    with psycopg.connect(getattr(urls, role)) as connection:
        row = connection.execute(
            """
            select
                timestamptz '2026-10-20 12:00Z' + make_interval(days => 30),
                timestamptz '2026-10-20 12:00Z' + interval '720 hours',
                current_date = (now() at time zone 'UTC')::date
            """
        ).fetchone()
    assert row is not None
    assert row[0] == row[1] and row[2] is True
