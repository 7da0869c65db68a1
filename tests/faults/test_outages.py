"""What is outside is away: pages keep answering, and everything goes on by itself afterwards.

    OUTAGE_S=300 pytest tests/faults/test_outages.py

Then each by itself, with the waits of a deployment. CI does it with all of them for five seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest
import requests

from tests.campaign.front import Front, run_behind_nginx
from tests.campaign.stack import SHIPPED, SHORT
from tests.faults.shop import Shop, open_shop
from tests.jobs.bench import wait_until
from tests.jobs.workers import children, frozen
from tests.running import ADA, REP

OUTAGE_S = float(os.environ.get("OUTAGE_S", "5"))
PAGES = (
    "/analytics/overview?full=1",
    "/analytics/queue",
    "/analytics/customers",
    "/data",
    "/auth/settings/bigquery",
)
MENDED_LIMIT_S = 60.0 + 3 * OUTAGE_S
TOLD_AFTER_S = 120.0  # by then a run has given up for now, and the job's page says why


class Scene:
    """Everything that runs, and somebody who is signed in."""

    def __init__(self, shop: Shop, front: Front) -> None:
        self.shop, self.front, self.mail = shop, front, front.mail
        front.join(shop.tenant_id)
        self.ada = front.deployment.session()
        front.deployment.sign_in(self.ada, ADA.email).raise_for_status()

    def open(self, path: str) -> requests.Response:
        """A page, as somebody who is signed in."""
        return self.ada.get(self.front.deployment.base_url + path, timeout=60)

    def tell(self) -> object:
        """How the mail and its jobs stand."""
        mail = "select status, reason, count(*) from email_send_history group by 1, 2"
        made = "select kind, status, message from processing_jobs where kind like '%%mail%%'"
        return self.shop.stack.query(mail), self.shop.stack.query(made)

    @contextmanager
    def bigquery_away(self) -> Iterator[None]:
        with self.shop.stack.closed("bigquery"):
            yield

    @contextmanager
    def sftp_away(self) -> Iterator[None]:
        with self.shop.stack.closed("sftp"):
            yield

    @contextmanager
    def smtp_away(self) -> Iterator[None]:
        self.mail.script = lambda step, _: "drop" if step == "connect" else None
        try:
            yield
        finally:
            self.mail.script = lambda _step, _recipient: None

    @contextmanager
    def provider_away(self) -> Iterator[None]:
        """It takes connections, and says nothing."""
        with frozen(*children(self.front.deployment.provider.process.pid)):
            yield


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    waits = SHORT | {"job_deadline_s": 1800.0} if OUTAGE_S < 60 else SHIPPED
    with run_behind_nginx(tmp_path_factory.mktemp("outages"), waits) as front:
        yield Scene(open_shop(front.stack), front)


AWAY: dict[str, Callable[[Scene], AbstractContextManager[None]]] = {
    "BigQuery": Scene.bigquery_away,
    "SFTP": Scene.sftp_away,
    "SMTP": Scene.smtp_away,
    "provider": Scene.provider_away,
}
# Each alone where there is time for it; in CI all of them at once.
SCENES = [(name,) for name in AWAY] if OUTAGE_S >= TOLD_AFTER_S else [tuple(AWAY)]


# What the page of a job that waits says of it.
TOLD = {"BigQuery": "BigQuery ", "SFTP": "users.csv: "}


@pytest.mark.parametrize("names", SCENES, ids=" and ".join)
def test_pages_answer_and_work_goes_on_afterwards(scene: Scene, names: tuple[str, ...]) -> None:
    mailed = len(scene.mail.delivered)
    with ExitStack() as away:
        for name in names:
            away.enter_context(AWAY[name](scene))
        job_id = scene.shop.start()
        scene.front.plan_mail()
        statuses, job_page = look_around(scene, str(job_id))
        if names[0] in TOLD and OUTAGE_S >= TOLD_AFTER_S:
            assert TOLD[names[0]] in job_page and "Trying again" in job_page, job_page[-3000:]
        if "SMTP" in names:
            assert len(scene.mail.delivered) == mailed
        if "provider" in names:
            assert sign_in_as_somebody_else(scene) >= 500, "nobody new gets in"
    assert set(statuses) == {200}
    scene.shop.wait_loaded(job_id, MENDED_LIMIT_S)
    if "SMTP" in names:
        wait(lambda: len(scene.mail.delivered) > mailed, scene.tell)
    if "provider" in names:
        wait(lambda: sign_in_as_somebody_else(scene) < 500)


def look_around(scene: Scene, job_id: str) -> tuple[list[int], str]:
    """Every page again and again while it is away; their statuses, and the job's own page."""
    statuses, end = [], time.monotonic() + OUTAGE_S
    shown = ""
    while time.monotonic() < end:
        statuses += [scene.open(page).status_code for page in PAGES]
        answer = scene.open(f"/data/jobs/{job_id}")
        statuses.append(answer.status_code)
        shown = answer.text if "Trying again" in answer.text or not shown else shown
        time.sleep(0.5)
    return statuses, shown


def sign_in_as_somebody_else(scene: Scene) -> int:
    """The status at the end of a sign-in of somebody who was not here before."""
    with scene.front.deployment.session() as fresh:
        try:
            return scene.front.deployment.sign_in(fresh, REP.email).status_code
        except requests.Timeout:
            return 504


def wait(holds: Callable[[], bool], tell: Callable[[], object] = str) -> None:
    wait_until(holds, lambda: str(tell()), MENDED_LIMIT_S)
