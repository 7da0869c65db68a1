"""The effect of rules: what a trial says is what saving them brings, and it changes nothing."""

from __future__ import annotations

import json
from datetime import date, timedelta
from uuid import UUID

import pytest

from app import jobs
from app.config import Config
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.ingest.store.rederive import start_rederiving
from app.settings.effect import Counts, find_trial, start_trial
from dev.generate import generate, tiny
from tests.loading import load_days
from tests.sql.comparing import Superuser, derived_rows, make_tenant
from tests.sql.conftest import as_worker

__all__ = ["as_worker"]
FIRST, DAYS = date(2025, 3, 1), 20


def counts(superuser: Superuser, tenant_id: UUID) -> dict[str, int]:
    rows = superuser.execute(
        "select task_type, count(*) from task where tenant_id = %s and is_task group by 1",
        (tenant_id,),
    )
    return {str(task_type): int(count) for task_type, count in rows}


def ask(config: Config, tenant_id: UUID, rules: dict[str, int]) -> UUID:
    """Queue a trial, as the website does."""
    db.configure(config)
    with tenant_transaction(tenant_id) as conn:
        job_id = start_trial(conn, tenant_id, rules, "schedule")
    db.configure(config, role="worker")
    return job_id


def made(found: Counts | None) -> dict[str, int]:
    return {name: numbers["made"] for name, numbers in (found or {}).items()}


@pytest.mark.parametrize(
    "rules", [{"visits": 3, "bounces": 1}, {"visit_pages": 1, "searches": 2}, {"chain_days": 3}]
)
def test_a_trial_says_what_saving_brings_and_changes_nothing(
    as_worker: None, config: Config, superuser: Superuser, rules: dict[str, int]
) -> None:
    profile = tiny(5, days=DAYS, zone="UTC")
    tables = {
        name: list(rows)
        for name, rows in generate(profile, FIRST, FIRST + timedelta(days=DAYS - 1), 5)
    }
    tenant_id = make_tenant(superuser, "UTC", profile.currency)
    load_days(tenant_id, tables)
    before, rows = counts(superuser, tenant_id), derived_rows(superuser, tenant_id)
    jobs.run_job(str(ask(config, tenant_id, rules)))
    with tenant_transaction(tenant_id) as conn:
        trial = find_trial(conn, tenant_id)
    assert trial is not None and trial.status == "completed", trial
    assert made(trial.counts_before) == before
    assert derived_rows(superuser, tenant_id) == rows
    assert superuser.execute(
        "select rules from tenant_config where tenant_id = %s", (tenant_id,)
    ).fetchone() == ({},)

    superuser.execute(
        "update tenant_config set rules = %s where tenant_id = %s", (json.dumps(rules), tenant_id)
    )
    with tenant_transaction(tenant_id) as conn:
        follow = start_rederiving(conn, tenant_id, "rules")
        assert follow is not None and start_rederiving(conn, tenant_id, "rules") == follow
    jobs.run_job(str(follow))
    with tenant_transaction(tenant_id) as conn:
        assert start_rederiving(conn, tenant_id, "rules") is None
    after = counts(superuser, tenant_id)
    assert made(trial.counts_after) == after != before


def test_a_tenant_without_data_is_answered(
    as_worker: None, config: Config, superuser: Superuser
) -> None:
    tenant_id = make_tenant(superuser, "UTC", "USD")
    jobs.run_job(str(ask(config, tenant_id, {"visits": 3})))
    with tenant_transaction(tenant_id) as conn:
        trial = find_trial(conn, tenant_id)
    assert trial is not None and trial.counts_after == {} and not trial.is_running
