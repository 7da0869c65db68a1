"""A BigQuery endpoint over a DuckDB file, for the demo and the tests.

    with start(Path(".demo")) as bigquery:
        bigquery.load_directory("project", "analytics_1", Path("exports"))
        client = Client(client_options=ClientOptions(api_endpoint=bigquery.endpoint), …)

bqemulator runs in a virtual environment of its own under `state`, made at the first start, with
the additions of `dev/bigquery_server.py`. It does not check credentials.
`python -m dev.bigquery --state DIR [--port N]` runs it in the foreground.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import requests

from dev.clock import true_clock
from dev.process import (
    HOST,
    Plan,
    Process,
    Service,
    StackError,
    choose_port,
    is_listening,
    run_foreground,
    start_on_port,
)

REQUIREMENTS = Path(__file__).with_name("bigquery-requirements.txt")
LOAD_LIMIT_S = 900


@dataclass(frozen=True)
class LoadReport:
    """What a directory changed. `loaded`: rows of each table made or replaced.

    `refused`: by table the rows of its file that could not be read, with line and reason.
    """

    loaded: dict[str, int]
    unchanged: tuple[str, ...]
    dropped: tuple[str, ...]
    refused: dict[str, tuple[str, ...]] = field(default_factory=dict)


class BigQuery(Service):
    """A running emulator: REST at `endpoint`, the Storage Read API at `storage_endpoint`."""

    def __init__(self, process: Process, port: int, storage_port: int) -> None:
        super().__init__(process, port)
        self.storage_port = storage_port

    @property
    def endpoint(self) -> str:
        """The `api_endpoint` of google-cloud-bigquery."""
        return f"http://{HOST}:{self.port}"

    @property
    def storage_endpoint(self) -> str:
        """host:port, without TLS."""
        return f"{HOST}:{self.storage_port}"

    def load_directory(
        self, project: str, dataset: str, directory: Path, prune: bool = False
    ) -> LoadReport:
        """Make a table of every events_[intraday_|fresh_]YYYYMMDD.json.gz in `directory`.

        The files are newline-delimited JSON as `bq extract` writes it. Unchanged files are not
        read again; a changed one replaces its table, which then has new times. With `prune`,
        tables loaded earlier whose file is gone are dropped. A row that cannot be read is left
        out and told in `refused`.

        Raises:
            StackError: no such directory, or a file without a readable row; the other tables stand.
        """
        answer = requests.post(
            f"{self.endpoint}/dev/load",
            json={
                "project": project,
                "dataset": dataset,
                "directory": str(directory.resolve()),
                "prune": prune,
            },
            timeout=LOAD_LIMIT_S,
        )
        if answer.status_code != 200:
            raise StackError(f"The BigQuery emulator answered {answer.status_code}: {answer.text}")
        report = answer.json()
        if "error" in report:
            raise StackError(report["error"])
        refused = {table: tuple(rows) for table, rows in report["refused"].items()}
        return LoadReport(
            report["loaded"], tuple(report["unchanged"]), tuple(report["dropped"]), refused
        )


def start(state: Path, port: int | None = None, venv: Path | None = None) -> BigQuery:
    """Start the emulator over `state`/bigquery; the first time this installs it.

    `venv`: where it is or shall be installed, `state`/bigquery/venv if not given.

    Raises:
        StackError: it cannot be installed or does not start.
    """
    home = (state / "bigquery").resolve()
    home.mkdir(parents=True, exist_ok=True)
    python = install(venv or home / "venv")

    def attempt(choice: int) -> BigQuery:
        storage_port = choose_port(home / "storage")
        settings = home / "settings.json"
        settings.write_text(
            json.dumps({"state": str(home), "port": choice, "storage_port": storage_port})
        )
        command = [str(python), "-m", "dev.bigquery_server", str(settings)]
        process = Process("The BigQuery emulator", Plan(command), home / "bigquery.log")
        bigquery = BigQuery(process, choice, storage_port)
        process.wait_until(lambda: _answers(bigquery))
        return bigquery

    return start_on_port(home, port, attempt)


def _answers(bigquery: BigQuery) -> bool:
    """Whether both ports are open; the Storage API's opens last."""
    return is_listening(bigquery.port) and is_listening(bigquery.storage_port)


def install(venv: Path) -> Path:
    """Make the emulator's virtual environment unless it is there; its interpreter.

    uv does it when it is on the path, else pip. A half-made one is made again; whoever else
    wants the same one waits.

    Raises:
        StackError: a package cannot be installed.
    """
    python = venv.resolve() / "bin" / "python"
    mark = venv / "installed"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    venv.parent.mkdir(parents=True, exist_ok=True)
    with venv.with_name(f"{venv.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if mark.exists() and mark.read_text() == wanted and python.exists():
            return python
        shutil.rmtree(venv, ignore_errors=True)
        for command in _install_commands(venv.resolve(), python):
            _run(command)
        mark.write_text(wanted)
    return python


def _install_commands(venv: Path, python: Path) -> list[list[str]]:
    wanted = ["--quiet", "-r", str(REQUIREMENTS)]
    if uv := shutil.which("uv"):
        install = [uv, "pip", "install", "--compile-bytecode", "--python", str(python)]
        return [
            [uv, "venv", "--quiet", "--python", sys.executable, str(venv)],
            [*install, *wanted],
        ]
    if importlib.util.find_spec("pip"):
        return [
            [sys.executable, "-m", "venv", "--without-pip", str(venv)],
            [sys.executable, "-m", "pip", "--python", str(python), "install", *wanted],
        ]
    return [
        [sys.executable, "-m", "venv", str(venv)],
        [str(python), "-m", "pip", "install", *wanted],
    ]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=true_clock())
    if done.returncode != 0:
        raise StackError(f"{' '.join(command[:4])} … failed:\n{done.stderr or done.stdout}")


def main() -> None:
    """Run in the foreground until Ctrl-C."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--port", type=int)
    choice = parser.parse_args()
    bigquery = start(choice.state, choice.port)
    run_foreground(
        bigquery, f"{bigquery.endpoint} and, for the Storage API, {bigquery.storage_endpoint}"
    )


if __name__ == "__main__":
    main()
