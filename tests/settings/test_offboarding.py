"""A tenant's export has every row and no secret; after its deletion a scan finds nothing of it."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.database.engine import maint_transaction
from app.settings import provision
from app.settings.offboarding import delete_tenant, export_tenant, scan
from tests.customers.world import World, ago
from tests.email.mail_world import MailWorld
from tests.planted import SECRETS, found_in
from tests.routes.world import digest, furnish
from tests.running import ADA, Browser, Site, port, provider, site

__all__ = ["port", "provider", "site"]
Superuser = psycopg.Connection[Any]


@pytest.fixture
def furnished(site: Site, superuser: Superuser) -> Site:
    """Acme and globex with a thing of each kind, events among them, and credentials."""
    if superuser.execute("select from email_link").fetchone() is None:
        with Browser(site) as browser:
            browser.sign_in(ADA)
        for tenant_id, prefix in ((site.acme, "A"), (site.globex, "G")):
            furnish(superuser, tenant_id, prefix)
            add_rest(superuser, tenant_id)
    return site


def add_rest(superuser: Superuser, tenant_id: Any) -> None:
    world, mail = World(superuser, tenant_id), MailWorld(superuser, tenant_id)
    world.event("page_view", ago(days=3), "p", 1, page_title="Home")
    provision.set_smtp(
        tenant_id, "mail.acme.example", 587, "u", SECRETS["mail password"], "a@acme.example", "Acme"
    )
    message_id, job_id = mail.messages("message_id, job_id")[0]
    task_id = superuser.execute(
        "select task_id from task where tenant_id = %s limit 1", (tenant_id,)
    ).fetchone()
    assert task_id is not None
    mail.insert("email_told_task", message_id=message_id, task_id=task_id[0], told_as="new")
    mail.insert("email_suppression", email="x@acme.example", reason="refused")
    superuser.execute(
        "insert into email_link (tenant_id, token_hash, message_id, purpose, expires_at)"
        " values (%s, sha256('x'), %s, 'report', now() + interval '1 day')",
        (tenant_id, message_id),
    )
    superuser.execute(
        "insert into email_link_use values (%s, sha256('x'), sha256('y'), null, 'done')",
        (tenant_id,),
    )
    superuser.execute(
        "insert into email_schedule_run (tenant_id, schedule_id, run_date, due_at, outcome)"
        " select tenant_id, schedule_id, %s, now(), 'stale' from email_schedule"
        " where tenant_id = %s",
        (date(2026, 1, 1), tenant_id),
    )
    assert job_id


def test_an_export_has_every_row_and_no_secret(
    furnished: Site, superuser: Superuser, tmp_path: Path
) -> None:
    written = export_tenant(furnished.acme, tmp_path)
    assert set(written) == set(digest(superuser, furnished.acme)) and len(written) > 20
    for table, count in written.items():
        lines = gzip.decompress((tmp_path / f"{table}.ndjson.gz").read_bytes()).decode()
        rows = [json.loads(line) for line in lines.splitlines()]
        assert len(rows) == count
        assert {row["tenant_id"] for row in rows} == {str(furnished.acme)}, table
        assert not found_in(lines, SECRETS) and "token_hash" not in lines
        assert "credentials" not in " ".join(key for row in rows for key in row)


def test_after_a_deletion_a_scan_finds_nothing(furnished: Site, superuser: Superuser) -> None:
    other = digest(superuser, furnished.globex)
    with maint_transaction() as conn:
        assert len(scan(conn, furnished.acme)) > 20
    deleted = delete_tenant(furnished.acme)
    assert deleted["tenant"] == 1 and deleted["audit_entry"] > 0
    with maint_transaction() as conn:
        assert scan(conn, furnished.acme) == {}
    assert digest(superuser, furnished.globex) == other
    assert superuser.execute(
        "select count(*) from member where email = %s", (ADA.email,)
    ).fetchone() == (1,), "a member of globex too"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        superuser.execute("delete from audit_entry")


def test_the_commands(furnished: Site, tmp_path: Path) -> None:
    runner = furnished.app.test_cli_runner()
    said = runner.invoke(args=["tenant", "export", "globex", str(tmp_path / "out")])
    assert said.exit_code == 0 and "tables written to" in said.output
    said = runner.invoke(args=["tenant", "delete", "globex", "--name-again", "acme"])
    assert said.exit_code == 1 and "Nothing was deleted" in said.output
    said = runner.invoke(args=["tenant", "delete", "globex", "--name-again", "globex"])
    assert said.exit_code == 0 and "tables deleted" in said.output
    said = runner.invoke(args=["tenant", "delete", "globex", "--name-again", "globex"])
    assert said.exit_code == 1 and "Traceback" not in said.output
