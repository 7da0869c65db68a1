"""No room for PostgreSQL, for a load, or for logs: old rows stay, and it mends itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from app.jobs.outcomes import DISK_FULL
from tests.campaign.stack import run
from tests.faults.disk import filled, small_disk
from tests.faults.shop import Shop, open_shop

FULL_S = 6.0
DATABASE_MB, TEMPORARY_MB, LOGS_MB = 700, 24, 8


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
