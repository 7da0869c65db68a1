"""A wrong time zone of the property is noticed by the rows themselves."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dev.generate import generate, tiny
from tests.loading import load_days
from tests.sql.comparing import Superuser, make_tenant

FIRST = date(2025, 5, 5)


@pytest.mark.parametrize("sample", [20_000, 5], ids=["every row", "some pages"])
def test_a_zone_that_fits_no_day_is_warned_of(
    as_worker: None, superuser: Superuser, monkeypatch: pytest.MonkeyPatch, sample: int
) -> None:
    monkeypatch.setattr("app.ingest.store.load._ZONE_SAMPLE", sample)
    profile = tiny(3, days=6, zone="Asia/Tokyo")
    last = FIRST + timedelta(days=5)
    tables = {name: list(rows) for name, rows in generate(profile, FIRST, last, 3)}
    warnings = {}
    for zone in ("Asia/Tokyo", "America/New_York"):
        tenant_id = make_tenant(superuser, zone, profile.currency)
        load_days(tenant_id, tables)
        (row,) = superuser.execute(
            "select warnings from processing_jobs where tenant_id = %s", (tenant_id,)
        )
        warnings[zone] = str(row[0])
    assert "time zone" not in warnings["Asia/Tokyo"]
    assert "America/New_York" in warnings["America/New_York"]
