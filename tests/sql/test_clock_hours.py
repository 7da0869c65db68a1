"""Charts by hours, while another time zone is set and not yet loaded with, and afterwards."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

from app.dates import DateRange
from app.ingest.files.customer_file import BranchRow
from dev.generate import generate, tiny
from tests.loading import load_days
from tests.oracle import Oracle, OracleSettings
from tests.sql.comparing import Superuser, compare, derived_rows, make_tenant

FIRST = date(2025, 3, 27)  # Berlin's clocks change on the 30th
LAST = FIRST + timedelta(days=5)


def test_another_time_zone_counts_at_once_and_is_derived_by_the_next_load(
    as_worker: None, superuser: Superuser
) -> None:
    profile = tiny(3, days=6, zone="Europe/Berlin")
    tables = {name: list(rows) for name, rows in generate(profile, FIRST, LAST, 3)}
    branches = [BranchRow(b.branch_id, b.name, is_active=b.is_active) for b in profile.branches]
    tenant_id = make_tenant(superuser, "America/New_York", profile.currency)
    load_days(tenant_id, tables, branches=branches)
    oracle = Oracle(
        None,
        [row for rows in tables.values() for row in rows],
        [],
        [asdict(b) for b in branches],
        OracleSettings("Europe/Berlin", profile.currency),
    )
    superuser.execute(
        "update tenant_config set property_time_zone = 'Europe/Berlin' where tenant_id = %s",
        (tenant_id,),
    )
    before = derived_rows(superuser, tenant_id)
    names = [b.location_id for b in branches[:2]]

    compare(tenant_id, oracle, DateRange(FIRST, LAST), names)
    assert derived_rows(superuser, tenant_id) == before

    day = sorted(tables)[-1]
    load_days(tenant_id, {day: tables[day]})
    after = derived_rows(superuser, tenant_id)
    assert after["clock_zone"] == ['{"time_zone": "Europe/Berlin"}']
    assert after["clock_hour"] != before["clock_hour"]
    compare(tenant_id, oracle, DateRange(FIRST, LAST), names)
