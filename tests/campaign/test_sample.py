"""Some trials of the campaign, one of every kind; `make campaign` runs them all."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import psycopg
import pytest

from app.jobs.failpoints import POINTS
from tests.campaign import stack
from tests.campaign.front import Front, run_behind_nginx
from tests.campaign.plan import Trial
from tests.campaign.reader import TABLES, Eye
from tests.campaign.scene import Scene, send
from tests.campaign.trial import Campaign
from tests.jobs.bench import wait_until

SEED = 1
TRIALS = [
    Trial("hold", 0, "look", "finish.written"),
    Trial("failpoint", 1, "both", "children.written", is_split=True),
    Trial("failpoint", 2, "child", "outcome.written"),
    Trial("failpoint", 3, "child", "sweep.decided"),
    Trial("kill", 4, "job"),
    Trial("freeze", 5, "job", "file.parsed"),
    Trial("postgres", 6, "kill", "derive.done"),
    Trial("valkey", 7, "kill"),
    Trial("cut", 8, "postgres", "end.written"),
]


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with run_behind_nginx(tmp_path_factory.mktemp("campaign")) as made:
        yield made


@pytest.fixture(scope="module")
def running(front: Front) -> stack.Stack:
    return front.stack


@pytest.fixture(scope="module")
def campaign(front: Front) -> Campaign:
    return Campaign(front.stack, SEED, front)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_nothing_is_torn_wrong_or_falsely_told(campaign: Campaign, trial: Trial) -> None:
    result = campaign.run(trial)
    assert result.is_struck, result.course
    assert result.verdict.examples == [], result.course
    assert result.verdict.reads > 0 and result.verdict.pages > 3


def test_services_that_die_as_the_job_ends_are_started_again(
    campaign: Campaign, front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill_at_rest(scene: Scene) -> float:
        scene.start()
        wait_until(scene.is_over, lambda: "the job's end")
        send(signal.SIGKILL, *scene.victims())
        front.plan_mail()
        return time.monotonic()

    monkeypatch.setattr("tests.campaign.trial.strike", kill_at_rest)
    result = campaign.run(Trial("kill", 9, "tree"))
    assert result.verdict.examples == [], result.course
    assert result.verdict.mails == 10


def test_mail_was_on_its_way_meanwhile(front: Front) -> None:
    assert len(front.mail.delivered) > 5 * len(TRIALS) / 2


def test_every_failpoint_was_reached(campaign: Campaign, running: stack.Stack) -> None:
    assert set(POINTS) - running.signals.seen() == set()


def test_the_next_job_removes_what_dead_runs_had_fetched(
    campaign: Campaign, running: stack.Stack
) -> None:
    running.load(running.make_tenant("tidy"), "AA")
    wait_until(
        lambda: not list(running.temporary.glob("*ingest-*")),
        lambda: str(list(running.temporary.glob("*/*"))),
    )
    assert not list(running.temporary.glob("*ingest-*")), "nor does anything come back"


def test_one_row_that_is_gone_from_any_table_is_seen(
    campaign: Campaign, running: stack.Stack
) -> None:
    tenant_id = running.make_tenant("robbed")
    running.load(tenant_id, "AA")
    eye = Eye(running.urls.web, tenant_id)
    before, _ = eye.look(eye.now())
    assert before == campaign.known.prints["AA"]
    with psycopg.connect(running.urls.superuser, autocommit=True) as superuser:
        for table in TABLES:
            superuser.execute(
                f"delete from {table} where ctid = (select min(ctid) from {table}"
                " where tenant_id = %(t)s) and tenant_id = %(t)s",
                {"t": tenant_id},
            )
            after, _ = eye.look(eye.now())
            assert {name for name in TABLES if after[name] != before[name]} == {table}
            assert campaign.known.state_of(after) is None
            before = after
    eye.close()
