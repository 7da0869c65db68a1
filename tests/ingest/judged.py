"""A tenant without any file yet, and files for it that are judged by real jobs."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from app.config import Config
from app.database.engine import tenant_transaction
from app.ingest.jobs import load_held_file
from app.ingest.queries import Job
from tests.conftest import Cast
from tests.ingest import file_world
from tests.ingest.file_world import World
from tests.ingest.files import HEADER


@pytest.fixture(scope="module")
def running(
    config: Config,
    cast: Cast,
    superuser: psycopg.Connection[tuple[object, ...]],
    private_key: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world") / "files"
    with file_world.running(config, cast.acme, superuser, private_key, folder) as made:
        yield made


@pytest.fixture
def world(running: World) -> World:
    """Nothing was ever loaded."""
    running.restore()
    running.configure(users_path="/users.csv")
    for table in ("users", "locations", "file_load", "held_file"):
        running.superuser.execute(f"delete from {table}")
    return running


def load(world: World, content: bytes | str, file_type: str = "users") -> Job:
    """A job that finds this file."""
    name = "users.csv" if file_type == "users" else "locations.csv"
    world.put(name, content.encode() if isinstance(content, str) else content)
    return world.load(file_type)


def load_anyway(world: World, job_id: UUID, file_type: str = "users") -> Job:
    with tenant_transaction(world.tenant_id) as conn:
        new_id = load_held_file(conn, world.tenant_id, job_id, file_type, "schedule")
    return world.run(new_id)


def reasons(job: Job) -> list[str]:
    (held,) = job.held_files
    return held.reasons


def contacts(count: int, **columns: str) -> str:
    """A customer file; a column's text may name the row as {n}."""
    defaults = {
        "name": "P{n}",
        "email": "p{n}@x.test",
        "phone": "5{n}",
        "erp": "C{n}",
        "company": "Co{n}",
        "branch": "D{n}",
    }
    row = ",".join((defaults | columns).values())
    return "\n".join([HEADER, *(f"U{n}," + row.format(n=n) for n in range(count))]) + "\n"
