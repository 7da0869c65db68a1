"""`make test AT=…`: everything a command starts lives by the moved clock."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dev import clock
from dev.process import ROOT

LEAP_DAY = datetime(2028, 2, 29, 23, 30, tzinfo=UTC)
CLOCKS_BACK = datetime(2026, 10, 25, 0, 58, tzinfo=UTC)
READINGS = """
import tempfile, threading, time
from datetime import UTC, datetime
from pathlib import Path
import psycopg, redis
from app.dates import utc_now
from dev import postgres, valkey

with tempfile.TemporaryDirectory(dir=FOLDER) as state:
    Path(state).chmod(0o755)
    with postgres.start(Path(state), fsync=False) as server, valkey.start(Path(state)) as store:
        with psycopg.connect(server.url, autocommit=True) as connection:
            print(utc_now())
            print(datetime.fromtimestamp(time.time(), UTC))
            print(connection.execute("select now()").fetchone()[0])
            print(datetime.fromtimestamp(redis.Redis.from_url(store.url).time()[0], UTC))
            began = time.monotonic()
            connection.execute("set statement_timeout = '200ms'")
            try:
                connection.execute("select pg_sleep(30)")
            except psycopg.errors.QueryCanceled:
                pass
    time.sleep(0.2)
    threading.Event().wait(0.2)
    print(time.monotonic() - began < 20)
"""


def start(at: str, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dev.clock", at, "-c", code]
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=clock.true_clock() | variables,
    )


@pytest.mark.parametrize("at", [LEAP_DAY, CLOCKS_BACK])
def test_every_clock_reads_that_instant_and_waits_stay_true(at: datetime, tmp_path: Path) -> None:
    done = start(at.isoformat(), READINGS.replace("FOLDER", repr(str(tmp_path))))
    assert done.returncode == 0, done.stderr
    *readings, is_short = done.stdout.splitlines()
    late = [datetime.fromisoformat(reading) - at for reading in readings]
    assert len(late) == 4 and all(timedelta(seconds=-1) <= by < timedelta(minutes=2) for by in late)
    assert is_short == "True"


@pytest.mark.parametrize("at", ["2028-02-29T23:30", "2028-02-30T23:30Z", "tomorrow"])
def test_what_is_no_instant_is_refused(at: str) -> None:
    done = start(at, "")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"AT={at} is not an instant. Write it like AT=2028-02-29T23:30Z.\n"


def test_a_missing_compiler_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(clock, "LIBRARIES", tmp_path)
    monkeypatch.setitem(os.environ, "PATH", str(tmp_path))
    with pytest.raises(clock.StackError, match="install the system packages gcc and libc6-dev"):
        clock.build_library()


def test_a_library_of_another_user_is_not_loaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clock, "LIBRARIES", tmp_path)
    library = clock.build_library()
    library.rename(tmp_path / "other")
    library.symlink_to(tmp_path / "other")
    with pytest.raises(clock.StackError, match="belongs to another user"):
        clock.build_library()
