"""get_freshness beside the list of every loaded day, on random loads."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from app.database.engine import tenant_transaction
from app.dates import DateRange
from app.ingest.freshness import get_freshness
from app.ingest.queries import EVENT_TYPES, get_data_availability_combined
from tests.conftest import Cast

Superuser = psycopg.Connection[Any]
TODAY = datetime.now(UTC).date()
PERIOD = DateRange(TODAY - timedelta(days=45), TODAY + timedelta(days=2))


def load(superuser: Superuser, cast: Cast, dice: random.Random) -> None:
    """Some types of some of the last forty days, from tables of every kind."""
    superuser.execute("delete from day_load where tenant_id = %s", (cast.acme,))
    share = dice.choice((0.0, 0.3, 0.9, 1.0))
    for ago in range(40):
        kind = dice.choice(("daily", "daily", "daily", "fresh", "intraday"))
        for event_type in EVENT_TYPES:
            if dice.random() < share:
                superuser.execute(
                    "insert into day_load (tenant_id, event_date, event_type, source_kind,"
                    " source_table, row_count, load_id, loaded_at) values"
                    " (%s, %s, %s, %s, 'x', 0, 1, now() - make_interval(mins => %s))",
                    (
                        cast.acme,
                        TODAY - timedelta(days=ago),
                        event_type,
                        kind,
                        dice.randrange(9999),
                    ),
                )


@pytest.mark.parametrize("seed", range(12))
def test_it_tells_what_the_list_of_days_tells(cast: Cast, superuser: Superuser, seed: int) -> None:
    load(superuser, cast, random.Random(seed))
    with tenant_transaction(cast.acme) as conn:
        fresh, listed = (
            get_freshness(conn, cast.acme),
            get_data_availability_combined(conn, cast.acme),
        )
    days: dict[date, list[Any]] = {}
    for entry in listed.days:
        days.setdefault(entry.event_date, []).append(entry)
    provisional = [day for day in sorted(days) if any(e.is_provisional for e in days[day])]
    assert fresh.missing(PERIOD) == [day for day in PERIOD.days if day not in days]
    assert fresh.provisional_days(PERIOD) == provisional
    assert fresh.complete_until == listed.complete_until
    assert (fresh.earliest_date, fresh.latest_date) == (listed.earliest_date, listed.latest_date)
    loaded_at = [e.loaded_at for e in listed.days]
    assert fresh.last_loaded_at == max(loaded_at, default=None)


def test_other_tenants_days_are_not_told(cast: Cast, superuser: Superuser) -> None:
    load(superuser, cast, random.Random(2))
    with tenant_transaction(cast.globex) as conn:
        assert get_freshness(conn, cast.globex).loaded == ()
        assert get_freshness(conn, cast.acme).loaded == ()
