"""Many messages, a mail server that fails at random at every step, and workers that are killed.

    python -m tests.email.campaign --seed 7 --messages 1000 [--out FILE]

Whatever happens: nothing is delivered twice, nothing is lost, and `sent` means delivered once.
The messages go in rounds of a hundred, each with a tenant and a mail server of its own; the exit
status is 1 when anything was wrong with any.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from app.config import Config
from app.database import engine as db
from dev import postgres, valkey
from dev.database import create_database, create_template
from tests.campaign import report
from tests.conftest import make_config
from tests.email import mail_world
from tests.email.mail_server import AFTER_DOT, FAULTS, STEPS
from tests.email.mail_world import FINAL, MailWorld
from tests.jobs.workers import Workers, environment, kill

Superuser = psycopg.Connection[Any]
Row = tuple[str, str]
ROUND = 100
FAULT_SHARE = {"connect": 0.2, "ehlo": 0.05, "starttls": 0.05, "auth": 0.05, "quit": 0.3}
HARMED_S, LONGEST_S = 300.0, 900.0
PAUSE_S = (0.2, 2.0)
QUICK = {
    "mail_tick_s": 0.3,
    "mail_retry_s": 0.02,
    "mail_answer_s": 0.8,
    "mail_lease_s": 3.0,
    "job_lease_s": 2.0,
    "job_heartbeat_s": 0.5,
    "job_sweep_s": 0.5,
    "job_deadline_s": 600.0,
}
WRONG = ("twice", "lost", "sent and not delivered", "not sent and delivered")
STATES = ("sent", "failed", "skipped", "unknown")


@dataclass(frozen=True)
class Round:
    """So many messages; seed and number decide the faults and the moments of the kills."""

    seed: int
    number: int
    messages: int

    @property
    def name(self) -> str:
        """Stands for the round in a file of results."""
        return f"round {self.number} of {self.messages}"

    def dice(self, what: str) -> random.Random:
        """The same of the same round each time."""
        return random.Random(f"{self.seed} {self.number} {what}")

    def run(self, config: Config, superuser: Superuser, folder: Path) -> report.Line:
        """Plan the messages, let them be sent and harmed until each has its end, and judge."""
        with mail_world.running(config, superuser, folder, **QUICK) as world:
            world.server.hang_s = 1.2
            for n in range(self.messages):
                world.recipient("D01", f"r{n:04}@acme.example")
            world.cart("K1")
            world.plan()
            assert Counter(world.statuses().values()) == {"planned": self.messages}
            _harm_server(world, self.dice("faults"))
            kills = self._send(world, folder)
            rows = world.messages("message_header, status")
            faults = Counter(step for step, _ in world.server.faults)
            return {
                "name": self.name,
                "seed": self.seed,
                "messages": self.messages,
                "kills": kills,
                "faults": dict(faults),
                "states": Counter(status for _, status in rows),
                "wrong": judge(rows, world.server.delivered, self.messages),
            }

    def _send(self, world: MailWorld, folder: Path) -> int:
        """Let workers send, killing one now and then; the last tenth is left in peace."""
        chance, began, kills = self.dice("kills"), time.monotonic(), 0
        env = environment(world.config) | {"JOBS_TEST_HANDLERS": "app.email.sending.planning"}
        workers = Workers(folder, env, ["--workers", "2", "--scheduler"])
        try:
            while waiting := sum(status not in FINAL for status in world.statuses().values()):
                passed_s = time.monotonic() - began
                if passed_s > LONGEST_S:
                    break
                is_calm = waiting <= self.messages / 10 or passed_s > HARMED_S
                if is_calm:
                    world.server.script = lambda _step, _recipient: None
                time.sleep(chance.uniform(*PAUSE_S))
                victims = workers.job_processes()
                if victims and not is_calm:
                    kill(chance.choice(victims))
                    kills += 1
        finally:
            workers.stop()
        return kills


def _harm_server(world: MailWorld, chance: random.Random) -> None:
    lock = threading.Lock()

    def script(step: str, _recipient: str) -> str | None:
        with lock:
            if chance.random() >= FAULT_SHARE.get(step, 0.08):
                return None
            return chance.choice(AFTER_DOT if step == "dot" else FAULTS)

    world.server.script = script


def judge(rows: Sequence[Row], delivered: Sequence[str], messages: int) -> dict[str, list[str]]:
    """What is wrong, by `WRONG`: the ledger's rows beside the Message-IDs the server took."""
    taken = Counter(delivered)
    status = dict(rows)
    missing = [f"{len(rows)} rows of {messages} messages"] if len(rows) != messages else []
    found = (
        [header for header, count in taken.items() if count > 1],
        [*missing, *(header for header in status if status[header] not in FINAL)],
        [header for header in status if status[header] == "sent" and not taken[header]],
        [header for header in taken if status.get(header) in (None, "failed", "skipped")],
    )
    return dict(zip(WRONG, found, strict=True))


def is_clean(lines: Iterable[report.Line]) -> bool:
    """Whether nothing was wrong with any round."""
    return not any(headers for line in lines for headers in line["wrong"].values())


def table(lines: Sequence[report.Line]) -> str:
    """One row a round and one for all, as Markdown."""
    titles = ("messages", "kills", f"faults ({', '.join(STEPS)})", *STATES, *WRONG)
    rows = [(str(number), *_cells([line])) for number, line in enumerate(lines, 1)]
    return report.markdown(("round", *titles), [*rows, ("**all**", *_cells(lines))])


def _cells(lines: Sequence[report.Line]) -> list[str]:
    faults = [str(sum(line["faults"].get(step, 0) for line in lines)) for step in STEPS]
    counts = [sum(line["messages"] for line in lines), sum(line["kills"] for line in lines)]
    states = [sum(line["states"].get(state, 0) for line in lines) for state in STATES]
    wrong = [sum(len(line["wrong"][what]) for line in lines) for what in WRONG]
    return [*(f"{n:,}" for n in counts), ", ".join(faults), *(f"{n:,}" for n in states + wrong)]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.email.campaign")
    parser.add_argument("--seed", type=int, default=1, help="decides faults and kills")
    parser.add_argument("--messages", type=int, default=1000, help="in rounds of a hundred")
    parser.add_argument("--out", type=Path, help="results as JSON lines; what is there is kept")
    options = parser.parse_args(arguments)
    rounds = _rounds(options.seed, options.messages)
    lines = {x["name"]: x for x in report.read(options.out) if x["seed"] == options.seed}
    left = [one for one in rounds if one.name not in lines]
    if left:
        lines |= _run(left, options.out)
    wanted = [lines[one.name] for one in rounds]
    report.say(table(wanted))
    return int(not is_clean(wanted))


def _rounds(seed: int, messages: int) -> list[Round]:
    sizes = [ROUND] * (messages // ROUND) + [messages % ROUND]
    return [Round(seed, number, size) for number, size in enumerate(filter(None, sizes), 1)]


def _run(rounds: Sequence[Round], out: Path | None) -> dict[str, report.Line]:
    """Play them on a database and a queue of their own; each is kept as soon as it is over."""
    lines = {}
    with ExitStack() as exits:
        folder = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="mail-")))
        server = exits.enter_context(postgres.start(folder))
        store = exits.enter_context(valkey.start(folder, persist=False))
        create_template(server.url)
        urls = create_database(server.url, "campaign")
        config = make_config(urls, store.url, folder / "logs")
        exits.callback(db.dispose)
        superuser = exits.enter_context(psycopg.connect(urls.superuser, autocommit=True))
        for one in rounds:
            place = folder / one.name
            place.mkdir()
            lines[one.name] = line = one.run(config, superuser, place)
            report.append(out, line)
            told = f"{dict(line['states'])}, {line['kills']} kills, {line['wrong']}"
            report.say(f"{one.name}: {told}")
    return lines


if __name__ == "__main__":
    raise SystemExit(main())
