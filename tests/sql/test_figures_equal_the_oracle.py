"""Every figure equals the independent oracle's, on generated histories loaded in any order."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from app.dates import DateRange
from app.ingest.files.customer_file import BranchRow, ContactRow
from dev.generate import generate, tiny
from tests.loading import contact, load_days
from tests.oracle import Oracle, OracleSettings
from tests.sql.comparing import Superuser, compare, derived_rows, make_tenant
from tests.sql.task_rows import oracle_tasks, stored_tasks

FIRST = date(2025, 3, 27)


@given(
    seed=st.integers(0, 10_000),
    days=st.integers(5, 9),
    zone=st.sampled_from(["UTC", "America/New_York", "Europe/Berlin"]),
    order=st.randoms(use_true_random=False),
)
@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking loads for minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_figures_equal_the_oracle_in_any_order_of_loads(
    as_worker: None, superuser: Superuser, seed: int, days: int, zone: str, order: Random
) -> None:
    profile = tiny(seed, days=days, zone=zone)
    last = FIRST + timedelta(days=days - 1)
    tables = {name: list(rows) for name, rows in generate(profile, FIRST, last, seed)}
    contacts = [
        contact(contact_id, company)
        for contact_id, company in sorted(listed_companies(profile, seed).items())
    ]
    branches = [BranchRow(b.branch_id, b.name, is_active=b.is_active) for b in profile.branches]
    tenant_id = make_tenant(superuser, zone, profile.currency)
    load_in_pieces(tenant_id, tables, contacts, branches, order)
    at_once = make_tenant(superuser, zone, profile.currency)
    load_days(at_once, tables, contacts=contacts, branches=branches)
    assert derived_rows(superuser, tenant_id) == derived_rows(superuser, at_once)
    oracle = Oracle(
        None,
        [row for rows in tables.values() for row in rows],
        [asdict(c) for c in contacts],
        [asdict(b) for b in branches],
        OracleSettings(zone, profile.currency),
    )
    start = FIRST + timedelta(days=order.randrange(days))
    period = DateRange(start, start + timedelta(days=order.randrange((last - start).days + 1)))
    some = [*order.sample([b.location_id for b in branches], 2), ""]
    compare(tenant_id, oracle, DateRange(FIRST, last), some)
    compare(tenant_id, oracle, period, some)
    assert stored_tasks(superuser, tenant_id) == oracle_tasks(oracle.tasks())


def listed_companies(profile: Any, seed: int) -> dict[str, str | None]:
    """Contact → company as the profile's customer file has it, the last row of an id counting."""
    from dev.generator.customer_files import contact_rows

    rows = contact_rows(profile, seed)
    return {str(r[0]): (str(r[4]) if r[4] != "" else None) for r in rows if r[0]}


def load_in_pieces(
    tenant_id: UUID,
    tables: dict[str, list[Any]],
    contacts: list[ContactRow],
    branches: list[BranchRow],
    order: Random,
) -> None:
    """Every day at least once, some twice, some cut short first; the files with one of them."""
    names = sorted(tables)
    pieces = [[n] for n in names] + [order.sample(names, min(3, len(names))) for _ in range(2)]
    order.shuffle(pieces)
    early = order.choice(names)
    load_days(tenant_id, {early: tables[early][: len(tables[early]) // 2]})
    position = order.randrange(len(pieces) + 1)
    for number, piece in enumerate(pieces):
        files: dict[str, Any] = {"contacts": contacts, "branches": branches}
        some = {name: tables[name] for name in piece}
        load_days(tenant_id, some, **(files if number == position else {}))
    if position == len(pieces):
        load_days(tenant_id, {}, contacts=contacts, branches=branches)
