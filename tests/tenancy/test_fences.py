"""Tenants never see each other: two fences, and either one alone still holds."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.branches import list_branches
from app.config import Config
from app.database import engine as db
from app.database.engine import admin_transaction, tenant_transaction
from app.database.migrate import SQL
from dev.database import PASSWORD, Urls
from dev.process import free_port
from tests.conftest import Cast
from tests.folders import let_others_pass

COUNT = text("select count(*) from locations")


@pytest.fixture(scope="module", autouse=True)
def branches(cast: Cast) -> None:
    """Two branches of acme and one of globex, committed."""
    statement = text("insert into locations (tenant_id, location_id, name) values (:t, :id, :id)")
    as_worker = db._role
    db._role = "worker"
    for tenant_id, ids in ((cast.acme, ("D01", "D02")), (cast.globex, ("G01",))):
        with tenant_transaction(tenant_id) as conn:
            for location_id in ids:
                conn.execute(statement, {"t": tenant_id, "id": location_id})
    db._role = as_worker


def seen(tenant_id: UUID) -> list[str]:
    with tenant_transaction(tenant_id) as conn:
        return [row[0] for row in conn.execute(text("select location_id from locations"))]


def test_a_tenant_sees_its_own_rows_alone(cast: Cast) -> None:
    assert sorted(seen(cast.acme)) == ["D01", "D02"]
    assert seen(cast.globex) == ["G01"]


def test_the_second_fence_holds_when_a_function_is_asked_for_another_tenant(cast: Cast) -> None:
    with tenant_transaction(cast.acme) as conn:
        assert list_branches(conn, cast.globex) == []


def test_the_first_fence_holds_when_row_security_is_off(
    cast: Cast, superuser: psycopg.Connection[tuple[object, ...]]
) -> None:
    found = superuser.execute("select location_id from get_locations(%s)", (cast.globex,))
    assert found.fetchall() == [("G01",)]


def test_without_a_tenant_nothing_is_seen(cast: Cast, urls: Urls) -> None:
    for url in (urls.web, urls.worker):
        with psycopg.connect(url) as connection:
            assert connection.execute("select count(*) from locations").fetchone() == (0,)


def test_a_row_of_another_tenant_cannot_be_written(cast: Cast, urls: Urls) -> None:
    with psycopg.connect(urls.worker) as connection:
        connection.execute("select set_config('app.tenant_id', %s, true)", (str(cast.acme),))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "insert into locations (tenant_id, location_id, name) values (%s, 'X', 'X')",
                (cast.globex,),
            )


def test_the_tenant_is_set_again_after_a_commit_in_the_middle(cast: Cast) -> None:
    with tenant_transaction(cast.acme) as conn:
        assert conn.execute(COUNT).scalar() == 2
        conn.commit()
        assert conn.execute(COUNT).scalar() == 2


def test_the_tenant_does_not_outlive_its_transaction(cast: Cast) -> None:
    with tenant_transaction(cast.acme) as conn:
        assert conn.execute(COUNT).scalar() == 2
        pooled = conn.connection.driver_connection
    with admin_transaction() as conn:
        assert conn.connection.driver_connection is pooled
        current = conn.execute(text("select current_setting('app.tenant_id', true)")).scalar()
        assert not current


def test_admin_transaction_sees_tenants_but_no_tenant_s_rows(cast: Cast) -> None:
    with admin_transaction() as conn:
        assert conn.execute(text("select count(*) from tenant")).scalar() == 2
        with pytest.raises(Exception, match="permission denied"):
            conn.execute(COUNT)


def test_a_policy_that_was_dropped_leaks_nothing(
    cast: Cast, superuser: psycopg.Connection[tuple[object, ...]]
) -> None:
    superuser.execute("drop policy tenant_fence on locations")
    try:
        assert seen(cast.acme) == []
    finally:
        superuser.execute((SQL / "policies" / "locations.sql").read_bytes())


@pytest.fixture
def through_pgbouncer(urls: Urls, config: Config, tmp_path: Path) -> Iterator[None]:
    """The same doors, through PgBouncer in transaction mode with one server connection."""
    if shutil.which("pgbouncer") is None:
        pytest.skip("PgBouncer is not installed")
    port = free_port()
    process = subprocess.Popen(
        ["pgbouncer", *_as_nobody(), str(_write_settings(tmp_path, urls, port))],
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        url = make_url(urls.web).set(port=port).render_as_string(hide_password=False)
        db.configure(config.model_copy(update={"database_url": url}))
        yield
    finally:
        db.configure(config)
        process.terminate()
        process.wait(10)


def test_fences_hold_through_pgbouncer_in_transaction_mode(
    cast: Cast, through_pgbouncer: None
) -> None:
    for _ in range(5):
        assert sorted(seen(cast.acme)) == ["D01", "D02"]
        assert seen(cast.globex) == ["G01"]
        with tenant_transaction(cast.acme) as conn:
            conn.execute(COUNT)
            conn.commit()
            assert conn.execute(COUNT).scalar() == 2
        with admin_transaction() as conn:
            tenant = conn.execute(text("select current_setting('app.tenant_id', true)")).scalar()
            assert not tenant


def _as_nobody() -> list[str]:
    return ["-u", "nobody"] if subprocess.check_output(["id", "-u"]).strip() == b"0" else []


def _write_settings(folder: Path, urls: Urls, port: int) -> Path:
    target = make_url(urls.web)
    users = folder / "users.txt"
    users.write_text(f'"app_web" "{PASSWORD}"\n')
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n{target.database} = host={target.host} port={target.port}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = plain\n"
        f"auth_file = {users}\npool_mode = transaction\ndefault_pool_size = 1\n"
        "unix_socket_dir =\nlogfile =\n"
    )
    for path in (users, settings):
        path.chmod(0o644)
    let_others_pass(folder)
    return settings


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("PgBouncer did not start")
