"""Testing connections: each step, its fix, and that the last result is kept and repeated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app import crypto, jobs
from app.config import Config
from app.database.engine import tenant_transaction
from app.settings.checks.steps import Check, find_check
from app.settings.jobs import check_all_tenants, start_check
from dev import smtp
from tests.ingest import file_world
from tests.ingest.bigquery_server import Fault
from tests.ingest.conftest import private_key
from tests.ingest.file_world import World
from tests.sql.comparing import make_tenant

__all__ = ["private_key"]
DAY_US = 1_743_510_000_000_000  # 2025-04-01 12:20 UTC
Superuser = psycopg.Connection[Any]


def sample(day: str = "20250401", names: tuple[str, ...] = ()) -> dict[str, Any]:
    """A row as tabledata.list answers it."""
    names = names or ("WebUserId", "WebCustomerId", "default_branch_id", "ga_session_id")
    pairs = [
        {"v": {"f": [{"v": name}, {"v": {"f": [{"v": "x"}, {"v": None}, {"v": None}]}}]}}
        for name in names
    ]
    return {"f": [{"v": day}, {"v": str(DAY_US)}, {"v": pairs}]}


@pytest.fixture
def world(
    config: Config, superuser: Superuser, private_key: str, tmp_path: Path
) -> Iterator[World]:
    tenant_id = make_tenant(superuser, "UTC", "USD")
    folder = tmp_path / "files"
    with file_world.running(config, tenant_id, superuser, private_key, folder) as made:
        made.restore()
        made.bigquery.samples = [sample() for _ in range(3)]
        yield made


def check(world: World, section: str) -> Check:
    """The result of a test that a worker made."""
    with tenant_transaction(world.tenant_id) as conn:
        job_id = start_check(conn, world.tenant_id, section, "schedule")
    jobs.run_job(str(job_id))
    return found(world, section)


def found(world: World, section: str) -> Check:
    with tenant_transaction(world.tenant_id) as conn:
        result = find_check(conn, world.tenant_id, section)
    assert result is not None
    return result


def states(result: Check) -> dict[str, str]:
    return {step.name: step.status for step in result.steps}


def test_a_good_export_passes_every_step_and_nothing_is_billed(world: World) -> None:
    result = check(world, "bigquery")
    assert result.is_good, result.message
    assert set(states(result).values()) == {"done"} and len(result.steps) == 9
    assert all(step.took_ms is not None for step in result.steps)
    said = {step.name: step.message for step in result.steps}
    assert said["tables"] == "1 daily; the newest is events_20250401"
    assert "3 events on their day in UTC" in (said["zone"] or "")
    assert not world.bigquery.jobs and not world.bigquery.paid


@pytest.mark.parametrize(
    ("call", "fault", "step", "words"),
    [
        ("token", Fault(400, "invalid_grant"), "token", "does not accept the key"),
        (
            "datasets.list",
            Fault(403, "accessDenied", "bigquery.datasets.get denied"),
            "project",
            "bigquery.datasets.get",
        ),
        (
            "jobs.insert",
            Fault(403, "accessDenied", "no bigquery.jobs.create permission"),
            "job",
            "BigQuery Job User",
        ),
        (
            "datasets.get",
            Fault(404, "notFound", "Not found: Dataset p:d"),
            "dataset",
            "no such dataset",
        ),
        (
            "rows.list",
            Fault(403, "accessDenied", "bigquery.tables.getData denied"),
            "sample",
            "bigquery.tables.getData",
        ),
    ],
)
def test_the_step_that_fails_names_the_fix_and_those_behind_it_are_skipped(
    world: World, call: str, fault: Fault, step: str, words: str
) -> None:
    world.bigquery.fail(call, *[fault] * 9)
    result = check(world, "bigquery")
    assert result.is_good is False and words in (result.message or ""), result.message
    names = list(states(result))
    place = names.index(step)
    assert [states(result)[n] for n in names[: place + 2]] == ["done"] * place + [
        "failed",
        "skipped",
    ][: len(names) - place]


def test_what_does_not_fit_is_said_with_what_was_found(world: World) -> None:
    world.bigquery.location = "US"
    assert "is in US, not in EU. Enter US" in (check(world, "bigquery").message or "")
    world.bigquery.location = "EU"
    world.bigquery.samples = [sample(names=("WebUserId", "ga_session_id", "shop_id"))]
    message = check(world, "bigquery").message or ""
    assert "WebCustomerId, default_branch_id" in message and "shop_id" in message
    world.bigquery.samples = [sample("20250402")]
    assert "Enter the time zone" in (check(world, "bigquery").message or "")
    world.bigquery.tables.clear()
    assert "holds no table events_YYYYMMDD" in (check(world, "bigquery").message or "")


def test_an_sftp_server_is_tried_to_its_headers(world: World) -> None:
    result = check(world, "sftp")
    assert result.is_good, result.message
    assert list(states(result).values()) == ["done"] * 7
    assert "location_id ← “Branch ID”" in (result.steps[-1].message or "")


def test_a_host_key_is_accepted_once_and_a_change_stops(world: World) -> None:
    world.configure(host_key="")
    result = check(world, "sftp")
    assert result.is_good is False and states(result)["host_key"] == "failed"
    assert "accept it below" in (result.message or "") and result.shown_host_key
    world.configure(host_key=OTHER_KEY)
    result = check(world, "sftp")
    assert "another host key" in (result.message or "") and states(result)["login"] == "skipped"
    world.superuser.execute(
        "update tenant_config set sftp = jsonb_set(sftp, '{host_key}', to_jsonb(%s::text))",
        (result.shown_host_key,),
    )
    assert check(world, "sftp").is_good


@pytest.mark.parametrize("takes_questions", [True, False])
def test_a_server_that_takes_no_plain_password_is_signed_in_to_or_named(
    world: World, takes_questions: bool
) -> None:
    world.sftp.methods = ("keyboard-interactive" if takes_questions else "publickey",)
    result = check(world, "sftp")
    assert states(result)["login"] == ("done" if takes_questions else "failed")
    if not takes_questions:
        assert "does not take a password" in (result.message or "")
        assert "It offers: publickey" in (result.message or "")


def test_a_wrong_password_and_a_wrong_header_are_named(world: World) -> None:
    world.configure(password="wrong")
    result = check(world, "sftp")
    assert states(result)["login"] == "failed" and "wrong" not in (result.message or "").lower()
    world.configure()
    world.put("locations.csv", b"Colour\nred\n")
    assert states(check(world, "sftp"))["headers"] == "failed"


def test_a_mail_server_is_tried_without_a_mail(
    world: World, superuser: Superuser, tmp_path: Path
) -> None:
    assert "not set up yet" in (check(world, "smtp").message or "")
    server = smtp.start(tmp_path)
    live = world.config.model_copy(update={"smtp_ca_file": str(server.ca_file)})
    jobs.configure(live)
    try:
        set_smtp(world, server.host, server.port, server.user, server.password)
        result = check(world, "smtp")
        assert result.is_good, result.message
        assert list(states(result).values()) == ["done"] * 5 and not server.mails()
        set_smtp(world, server.host, server.port, server.user, "wrong")
        result = check(world, "smtp")
        assert states(result)["login"] == "failed" and "was refused" in (result.message or "")
        jobs.configure(world.config)
        result = check(world, "smtp")
        assert states(result)["tls"] == "failed" and "certificate" in (result.message or "")
    finally:
        server.stop()


def test_every_day_what_is_set_up_is_tried_again(world: World, superuser: Superuser) -> None:
    superuser.execute("delete from processing_jobs")
    assert check_all_tenants() >= 2  # BigQuery and SFTP of this tenant
    check_all_tenants()
    rows = superuser.execute(
        "select kind, started_by from processing_jobs where tenant_id = %s", (world.tenant_id,)
    ).fetchall()
    assert sorted(rows) == [("check_bigquery", "schedule"), ("check_sftp", "schedule")]
    assert found(world, "sftp").is_running and found(world, "sftp").is_good is None


def set_smtp(world: World, host: str, port: int, user: str, password: str) -> None:
    fields = {
        "host": host,
        "port": port,
        "security": "starttls",
        "username": user,
        "from_address": "reports@acme.example",
        "from_name": "Acme",
    }
    world.superuser.execute(
        "update tenant_config set smtp = %s, smtp_credentials = %s where tenant_id = %s",
        (json.dumps(fields), crypto.encrypt(world.tenant_id, "smtp", password), world.tenant_id),
    )


OTHER_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEkCXqUw0wVUBEXVnXkSMNfSbNEQmxXHLUOuDwSMdTfc"
