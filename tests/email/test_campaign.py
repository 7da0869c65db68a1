"""Many messages, a mail server that fails at random at every step, and workers that are killed.

    MAIL_MESSAGES=1000 MAIL_SEED=1 pytest tests/email/test_campaign.py

Whatever happens: nothing is delivered twice, nothing is lost, and `sent` means delivered once.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg

from app.config import Config
from tests.email import mail_world
from tests.email.mail_server import AFTER_DOT, FAULTS, STEPS
from tests.email.mail_world import FINAL, MailWorld
from tests.jobs.workers import Workers, environment, kill

Superuser = psycopg.Connection[Any]
MESSAGES = int(os.environ.get("MAIL_MESSAGES", "60"))
SEED = int(os.environ.get("MAIL_SEED", "1"))
FAULT_SHARE = {"connect": 0.2, "ehlo": 0.05, "starttls": 0.05, "auth": 0.05, "quit": 0.3}
LONGEST_S = 900
HARMED_S = max(45, 0.3 * MESSAGES)


def test_no_duplicate_no_loss_no_false_sent(
    config: Config, superuser: Superuser, tmp_path: Path
) -> None:
    quick = {
        "mail_tick_s": 0.3, "mail_retry_s": 0.02, "mail_answer_s": 0.8, "mail_lease_s": 3.0,
        "job_lease_s": 2.0, "job_heartbeat_s": 0.5, "job_sweep_s": 0.5, "job_deadline_s": 600.0,
    }  # fmt: skip
    with mail_world.running(config, superuser, tmp_path, **quick) as world:
        world.server.hang_s = 1.2
        for n in range(MESSAGES):
            world.recipient("D01", f"r{n:04}@acme.example")
        world.cart("K1")
        world.plan()
        assert Counter(world.statuses().values()) == {"planned": MESSAGES}
        random_faults(world, random.Random(SEED))
        kills = run(world, tmp_path, random.Random(SEED + 1))
        report(world, kills)
        judge(world)


def random_faults(world: MailWorld, chance: random.Random) -> None:
    lock = threading.Lock()

    def script(step: str, _recipient: str) -> str | None:
        with lock:
            if chance.random() >= FAULT_SHARE.get(step, 0.08):
                return None
            return chance.choice(AFTER_DOT if step == "dot" else FAULTS)

    world.server.script = script


def run(world: MailWorld, folder: Path, chance: random.Random) -> int:
    """Let workers send, killing one now and then, until every message has its end."""
    env = environment(world.config) | {"JOBS_TEST_HANDLERS": "app.email.planning"}
    workers = Workers(folder, env, ["--workers", "2", "--scheduler"])
    kills, give_up_at, calm_at = 0, time.monotonic() + LONGEST_S, time.monotonic() + HARMED_S
    try:
        while set(world.statuses().values()) - FINAL:
            assert time.monotonic() < give_up_at, Counter(world.statuses().values())
            if time.monotonic() > calm_at:
                world.server.script = lambda _step, _recipient: None
            time.sleep(chance.uniform(0.1, 0.8))
            victims = workers.job_processes()
            if victims and time.monotonic() < calm_at:
                kill(chance.choice(victims))
                kills += 1
    finally:
        workers.stop()
    return kills


def judge(world: MailWorld) -> None:
    delivered = Counter(world.server.delivered)
    assert all(count == 1 for count in delivered.values()), "a message was delivered twice"
    rows = world.messages("message_header, status, reason")
    assert len(rows) == MESSAGES and {row[1] for row in rows} <= FINAL
    for header, status, reason in rows:
        if status == "sent":
            assert delivered[header] == 1, "sent, and never delivered"
        elif status in ("failed", "skipped"):
            assert delivered[header] == 0, f"{status}, and delivered: {reason}"
    assert set(delivered) <= {row[0] for row in rows}


def report(world: MailWorld, kills: int) -> None:
    states = Counter(row[1] for row in world.messages())
    faults = Counter(world.server.faults)
    hit = {step: sum(n for (at, _), n in faults.items() if at == step) for step in STEPS}
    print(f"\n{MESSAGES} messages, seed {SEED}: {dict(states)}; {kills} kills; faults {hit}")
