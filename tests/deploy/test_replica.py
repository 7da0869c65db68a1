"""A real streaming replica: who reads from it, what it never shows, and what happens without it."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import requests

from app.config import Config
from app.database import engine as db
from app.database.engine import replica_transaction
from app.database.replica import MOST_BEHIND_S
from app.status import metrics as status_metrics
from dev import postgres
from dev.database import Urls, create_database, create_template
from dev.postgres import Postgres
from tests.campaign.stack import kill_service
from tests.conftest import make_config
from tests.customers.world import Superuser, World
from tests.jobs.bench import wait_until
from tests.jobs.workers import children, frozen
from tests.running import ADA, Browser, Site, log_lines, port, provider, site
from tests.tasks.queue_page import QUEUE, press, reasons, rows, world

__all__ = ["port", "provider", "reasons", "site", "world"]

BRANCHES = "/analytics/api/v1/locations"
LONGEST_S = 60.0


@pytest.fixture(scope="module")
def primary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    with postgres.start(tmp_path_factory.mktemp("primary"), fsync=False) as server:
        create_template(server.url)
        yield server


@pytest.fixture(scope="module")
def urls(primary: Postgres) -> Urls:
    return create_database(primary.url, "shop")


class Replica:
    """The replica's server, and what can befall it."""

    def __init__(self, folder: Path, primary: Postgres) -> None:
        self._folder, self._primary = folder, primary
        self.server = postgres.start(folder, fsync=False, primary=primary)

    def run(self, statement: str) -> None:
        """Something as its superuser."""
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """It answers, and takes over nothing new."""
        self.run("select pg_wal_replay_pause()")
        try:
            yield
        finally:
            self.run("select pg_wal_replay_resume()")

    def catch_up(self) -> None:
        """Wait until it shows all that the primary shows now."""
        with psycopg.connect(self._primary.url) as connection:
            (position,) = connection.execute("select pg_current_wal_lsn()").fetchone() or ()
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            has_it = "select pg_last_wal_replay_lsn() >= %s::pg_lsn"
            wait(lambda: connection.execute(has_it, (position,)).fetchone() == (True,))

    def processes(self) -> list[int]:
        """The server and everything it started."""
        (postmaster,) = children(self.server.process.pid)
        return [postmaster, *children(postmaster)]

    def kill(self) -> None:
        """End it without notice."""
        kill_service(self.server)

    def start_again(self) -> None:
        """At the same address."""
        self.server = postgres.start(
            self._folder, self.server.port, fsync=False, primary=self._primary
        )


@pytest.fixture(scope="module")
def replica(
    primary: Postgres, urls: Urls, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replica]:
    assert urls  # the copy is made of a primary that has the database
    made = Replica(tmp_path_factory.mktemp("replica"), primary)
    yield made
    made.server.stop()


@pytest.fixture(scope="module")
def config(
    urls: Urls, replica: Replica, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Config]:
    replica_url = re.sub(r":\d+/", f":{replica.server.port}/", urls.web)
    logs = tmp_path_factory.mktemp("logs")
    made = make_config(urls, redis_url, logs, database_replica_url=replica_url)
    db.configure(made)
    yield made
    db.dispose()


@pytest.fixture
def ada(site: Site) -> Iterator[Browser]:
    with Browser(site) as opened:
        opened.sign_in(ADA)
        yield opened


@pytest.fixture
def named(site: Site, world: World, replica: Replica, superuser: Superuser) -> World:
    """One branch, Old, on both servers; and the replica answers."""
    superuser.execute(
        "insert into locations (tenant_id, location_id, name) values (%s, 'D01', 'Old')",
        (site.acme,),
    )
    replica.catch_up()
    wait(lambda: names(site) == ["Old"] and is_answering(site))
    return world


def names(site: Site) -> list[str]:
    """What the branches are called, as the JSON API tells."""
    answer = site.api(BRANCHES)
    assert answer.status_code == 200, answer.text
    return [row["name"] for row in answer.json()["data"]]


def is_answering(site: Site) -> bool:
    with site.app.app_context(), replica_transaction(site.acme) as conn:
        return conn is not None


def metrics(site: Site) -> str:
    status_metrics._kept = (0.0, [])  # or those of seconds ago would be told
    return requests.get(site.url("/metrics")).text


def rename(superuser: Superuser, name: str) -> None:
    """As nobody in the application would, so that nobody asks the replica to have it."""
    superuser.execute("update locations set name = %s", (name,))


def wait(holds: Callable[[], bool]) -> None:
    wait_until(holds, lambda: "what the replica should show", LONGEST_S)


def test_reads_come_from_the_replica_and_are_seconds_old_at_most(
    site: Site, named: World, replica: Replica, superuser: Superuser
) -> None:
    with replica.standing_still():
        rename(superuser, "New")
        assert names(site) == ["Old"], "the primary answered although the replica could"
        begin = time.monotonic()
        wait(lambda: names(site) == ["New"])
        assert time.monotonic() - begin < MOST_BEHIND_S + 3
        assert not is_answering(site)
        assert "replica_up 0.0" in metrics(site)
    wait(lambda: is_answering(site))
    wait(lambda: "replica_up 1.0" in metrics(site))


def test_a_member_s_own_change_is_seen_at_once(
    site: Site, named: World, ada: Browser, replica: Replica, reasons: list[object]
) -> None:
    wait(lambda: "Customer A" in ada.open(QUEUE).text)
    with replica.standing_still():
        assert press(ada, "done", outcome="not_interested").status_code == 200
        assert "Customer A" not in ada.open(QUEUE).text
        assert rows(named, "state")[0] == ("done",)
        with replica_transaction(site.globex) as others:
            assert others is not None, "another company's reads need not wait for this one"


def test_the_replica_shows_each_tenant_its_own(site: Site, named: World) -> None:
    for tenant_id, seen in ((site.acme, 1), (site.globex, 0), (site.acme, 1)):
        with replica_transaction(tenant_id) as conn:
            assert conn is not None
            assert conn.exec_driver_sql("select count(*) from locations").scalar_one() == seen


@contextmanager
def asking(site: Site, path: str) -> Iterator[list[tuple[int, float]]]:
    """Four programs ask without a pause; status and seconds of every answer."""
    answers: list[tuple[int, float]] = []
    is_over = threading.Event()
    headers = site.headers()

    def ask() -> None:
        while not is_over.is_set():
            begin = time.monotonic()
            status = requests.get(site.url(path), headers=headers, timeout=60).status_code
            answers.append((status, time.monotonic() - begin))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield answers
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def test_a_frozen_replica_holds_nobody_up(site: Site, named: World, replica: Replica) -> None:
    """Also not those who were reading from it."""
    with asking(site, BRANCHES) as answers:
        time.sleep(1)
        with frozen(*replica.processes()):
            frozen_at = len(answers)
            time.sleep(9)
            assert len(answers) > frozen_at + 20
        wait(lambda: is_answering(site))
    assert {status for status, _ in answers} == {200}
    assert max(took for _, took in answers) < 8


def test_a_killed_replica_is_left_and_taken_again(
    site: Site, named: World, replica: Replica, superuser: Superuser
) -> None:
    with asking(site, BRANCHES) as answers:
        time.sleep(0.5)
        replica.kill()
        time.sleep(2)
        rename(superuser, "Newer")
        assert names(site) == ["Newer"]
        replica.start_again()
        wait(lambda: is_answering(site))
    assert {status for status, _ in answers} == {200}
    assert "replica.lost" in log_lines(site.config, "analytics-service")


def test_reads_that_the_replica_breaks_off_are_answered_by_the_primary(
    site: Site, named: World, replica: Replica
) -> None:
    """As PostgreSQL does where a long read is in replication's way."""
    end_all = (
        "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app_web'"
        " and pid <> pg_backend_pid() and state <> 'idle'"
    )
    with asking(site, BRANCHES) as answers:
        for _ in range(40):
            replica.run(end_all)
            time.sleep(0.02)
    assert {status for status, _ in answers} == {200}
    assert "request.replica.failed" in log_lines(site.config, "analytics-service")


PAGES = (
    "/analytics/overview?full=1",
    "/analytics/tasks/purchases",
    "/analytics/tasks/cart-abandonment",
    "/analytics/tasks/search-analysis",
    "/analytics/tasks/repeat-visits",
    "/analytics/tasks/performance",
    "/analytics/queue",
    "/analytics/queue/counts",
    "/analytics/team-board",
    "/analytics/customers",
    "/analytics/customers/k:K1",
    "/analytics/customers/k:K1/timeline",
    "/analytics/tasks/performance/branches",
    "/analytics/tasks/performance/pages",
    "/analytics/tasks/performance/branches/export.csv",
    "/analytics/tasks/search-terms",
    "/analytics/overview/chart?granularity=hourly",
)
APIS = (
    "stats",
    "stats/complete",
    "stats/chart",
    "stats/locations",
    "locations",
    "tasks/purchases",
    "tasks/cart-abandonment",
    "tasks/search-analysis",
    "tasks/repeat-visits",
    "tasks/performance",
    "tasks/performance?view=pages",
    "tasks/performance?view=sessions",
    "history/user/k:K1",
)


def test_no_page_needs_more_than_a_replica_may_do(
    site: Site, named: World, ada: Browser, reasons: list[object]
) -> None:
    """A replica writes nothing, also no temporary table; whoever tries is sent to the primary."""
    wait(lambda: is_answering(site) and "Customer A" in ada.open(QUEUE).text)
    before = failures(site)
    for path in PAGES:
        assert ada.open(path).status_code == 200, path
    for path in APIS:
        assert site.api(f"/analytics/api/v1/{path}").status_code == 200, path
    assert failures(site) == before


def failures(site: Site) -> list[str]:
    lines = map(json.loads, log_lines(site.config, "analytics-service").splitlines())
    return [line["error"] for line in lines if line["event"] == "request.replica.failed"]
