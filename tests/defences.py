"""Take each defence away and see the test that guards it go red: `make defences`.

Each entry is an edit that removes one defence, and the test that must notice. The edit is made
in a copy of the tree; the test must pass before it and fail after it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.defences_auth import AUTH_DEFENCES
from tests.defences_deploy import DEPLOY_DEFENCES
from tests.defences_door import DOOR_DEFENCES
from tests.defences_mail import MAIL_DEFENCES
from tests.defences_members import MEMBERS_DEFENCES
from tests.defences_scope import SCOPE_DEFENCES

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Defence:
    """What is defended, where, the text that is taken out (all places), and the test."""

    name: str
    file: str
    old: str
    new: str
    test: str


DEFENCES = [
    Defence(
        "fence: a run that was replaced writes nothing",
        "app/jobs/run.py",
        "if row is None or row.fence != self.fence or row.status",
        "if row is None or row.status",
        "tests/jobs/test_fence.py::test_run_that_was_replaced_writes_nothing",
    ),
    Defence(
        "advisory lock: overlapping jobs of a tenant store one after the other",
        "app/ingest/store/load.py",
        "        lock_tenant(conn, run.tenant_id)\n",
        "",
        "tests/ingest/replace/test_at_once.py",
    ),
    Defence(
        "row-count check: an incomplete answer is never stored",
        "app/ingest/bigquery/reading.py",
        "if read != total:",
        "if read > total:",
        "tests/ingest/test_bigquery_faults.py::test_fewer_rows_than_announced_are_never_stored",
    ),
    Defence(
        "replace only what succeeded: a failed event type keeps its rows",
        "app/ingest/gather.py",
        "        gathering.failures[name] = _about(name, result)\n        return\n",
        "        gathering.failures[name] = _about(name, result)\n"
        "        gathering.extractions[name] = Extraction.empty(name, gathering.folder / name)\n"
        "        return\n",
        "tests/ingest/replace/test_partial_success.py",
    ),
    Defence(
        "pin: another host key is not talked to",
        "app/ingest/files/sftp_connection.py",
        "if shown.asbytes() != self._pinned.asbytes():",
        "if not shown.asbytes():",
        "tests/ingest/test_file_faults.py",
    ),
    Defence(
        "held back: a file that is judged broken waits for an admin",
        "app/ingest/files/held_files.py",
        "        if not reasons:\n            return None\n",
        "        return None\n",
        "tests/ingest/test_held_files.py",
    ),
    Defence(
        "bomb limit: a part that unpacks without end is cut off",
        "app/ingest/files/workbook_parts.py",
        "content = file.read(limit + 1)\n    if len(content) > limit:",
        "content = file.read()\n    if not limit:",
        "tests/ingest/test_sheet_bombs.py",
    ),
    Defence(
        "set_config local: the tenant ends with its transaction",
        "app/database/engine.py",
        "set_config('app.tenant_id', :tenant_id, true)",
        "set_config('app.tenant_id', :tenant_id, false)",
        "tests/tenancy/test_fences.py::test_the_tenant_does_not_outlive_its_transaction",
    ),
    Defence(
        "forced row-level security: the owner of a table is fenced in too",
        "sql/policies/session.sql",
        "alter table session force row level security;\n",
        "",
        "tests/sql/test_catalogue.py"
        "::test_every_table_and_partition_has_row_security_enabled_and_forced",
    ),
    Defence(
        "staging: rows are wholly there before the old ones go",
        "app/ingest/store/load.py",
        '        conn.execute(text("select _derive_begin()"))\n',
        '        conn.execute(text("select _derive_begin()"))\n'
        "        for name in harvest.extractions:\n"
        '            conn.execute(text(f"delete from {name}"))\n'
        "        conn.commit()\n"
        '        conn.execute(text("select _derive_begin()"))\n',
        "tests/campaign/test_sample.py",
    ),
    Defence(
        "one transaction: rows and the job's status become visible together",
        "app/ingest/store/load.py",
        '        run.finish(conn, "completed", message)\n',
        "    with tenant_transaction(run.tenant_id) as conn:\n"
        '        run.finish(conn, "completed", message)\n',
        "tests/campaign/test_sample.py",
    ),
    Defence(
        "lease: the job of a run that died is given to another",
        "app/jobs/sweeper.py",
        "coalesce(j.leased_until < clock_timestamp(), false)",
        "false",
        "tests/jobs/test_deaths.py::test_job_survives_the_death_of_worker_and_job_process",
    ),
    Defence(
        "cutting off: a frozen run's transaction does not hold its locks",
        "app/jobs/sweeper.py",
        "            cut_off(conn, seen.job_id, seen.fence)\n",
        "",
        "tests/jobs/test_deaths.py::test_frozen_run_loses_its_job_and_stores_nothing_when_it_wakes",
    ),
    Defence(
        "publishing again: what Redis forgot is done",
        "app/jobs/sweeper.py",
        "        published = publish_missing(waiting)\n",
        "        published = 0\n",
        "tests/jobs/test_outages.py::test_flushed_redis_loses_no_job",
    ),
    Defence(
        "deadline: a run past its time writes nothing",
        "app/jobs/run.py",
        "        if row.is_overdue:\n            raise JobTimeout(settings().job_deadline_s)\n",
        "",
        "tests/jobs/test_fence.py::test_run_past_its_deadline_writes_nothing",
    ),
    *(Defence(*entry) for entry in AUTH_DEFENCES),
    *(Defence(*entry) for entry in MEMBERS_DEFENCES),
    *(Defence(*entry) for entry in SCOPE_DEFENCES),
    *(Defence(*entry) for entry in MAIL_DEFENCES),
    *(Defence(*entry) for entry in DEPLOY_DEFENCES),
    *(Defence(*entry) for entry in DOOR_DEFENCES),
]


def main() -> int:
    """Answer 1 when a test stays green without its defence, or is red with it."""
    wanted = sys.argv[1:]
    missed = 0
    for defence in DEFENCES:
        if wanted and not any(word in defence.name for word in wanted):
            continue
        said = _try(defence)
        missed += said != "red"
        print(f"{said:28} {defence.name}\n{'':28} {defence.test}", flush=True)
    return int(missed > 0)


def _try(defence: Defence) -> str:
    with tempfile.TemporaryDirectory(prefix="defences-") as folder:
        copy = Path(folder) / "tree"
        _copy_tree(copy)
        if not _passes(copy, defence.test):
            return "RED WITH THE DEFENCE"
        target = copy / defence.file
        content = target.read_text()
        if defence.old not in content:
            return "THE EDIT DOES NOT APPLY"
        target.write_text(content.replace(defence.old, defence.new))
        return "GREEN WITHOUT THE DEFENCE" if _passes(copy, defence.test) else "red"


def _copy_tree(target: Path) -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout
    for name in filter(None, names.decode().split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            (target / name).write_bytes(source.read_bytes())


def _passes(tree: Path, test: str) -> bool:
    """Whether the test passes there; an error or an empty selection does not count as red."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    if done.returncode in (0, 1):
        return done.returncode == 0
    raise RuntimeError(f"{test} did not run:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    sys.exit(main())
