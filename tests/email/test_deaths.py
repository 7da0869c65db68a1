"""A worker that dies at each point of sending one message: what it is then, and how often sent."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app import jobs
from app.config import Config
from app.database import engine as db
from app.email.sending.jobs import start_tenant
from app.jobs import failpoints
from app.jobs.failpoints import MAIL_POINTS
from tests.email import mail_world
from tests.email.mail_world import MailWorld

Superuser = psycopg.Connection[Any]
# What it is when the lease is over and another worker has looked, and how often it was delivered.
ENDS = {
    "mail.claimed": ("sent", 1),
    "mail.offered": ("sent", 1),
    "mail.sending": ("unknown", 0),
    "mail.delivered": ("unknown", 1),
    "mail.noted": ("sent", 1),
}


@pytest.fixture
def world(config: Config, superuser: Superuser, tmp_path: Path) -> Iterator[MailWorld]:
    with mail_world.running(config, superuser, tmp_path, mail_lease_s=1.0) as made:
        made.recipient("D01", "ana@acme.example")
        made.cart("K1")
        made.plan()
        yield made


def die_at(point: str, config: Config, job_id: str) -> None:
    """Run the job in this process, which ends at the point without a word."""
    db.configure(config, role="worker")
    failpoints.hook(lambda reached: os._exit(9) if reached == point else None)
    jobs.run_job(job_id)
    os._exit(0)


@pytest.mark.parametrize("point", MAIL_POINTS)
def test_a_death_at_this_point(world: MailWorld, point: str) -> None:
    world.superuser.execute("delete from processing_jobs where kind = 'send_mail'")
    job_id = start_tenant(world.tenant_id)
    child = multiprocessing.get_context("fork").Process(
        target=die_at, args=(point, world.config, str(job_id))
    )
    child.start()
    child.join(30)
    assert child.exitcode == 9, "the point was reached"
    time.sleep(1.2)
    for _ in range(2):
        world.send()
    assert (world.messages("status")[0][0], len(world.server.deliveries)) == ENDS[point]
