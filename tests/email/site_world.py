"""The running site beside the jobs of mail: acme with a report that was sent to Ana."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import redis

from app.config import Config
from tests.email.mail_server import MailServer
from tests.email.mail_world import MailWorld, set_up_mail, switch_on
from tests.running import Site

Superuser = psycopg.Connection[Any]
ANA = "ana@acme.example"


def forget_limits(redis_url: str) -> None:
    """No limit was used up so far."""
    client = redis.Redis.from_url(redis_url)
    for name in client.scan_iter("*LIMIT*"):
        client.delete(name)


@pytest.fixture
def world(
    site: Site, config: Config, superuser: Superuser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MailWorld]:
    """Acme with a report that was sent to Ana; the site and the jobs run beside each other."""
    forget_limits(config.redis_url)
    for table in (
        "email_link_use",
        "email_link",
        "email_told_task",
        "task_history",
        "task_work",
        "task_cooldown",
        "task",
        "branch_email_mappings",
        "email_suppression",
        "locations",
    ):
        superuser.execute(f"delete from {table}")
    superuser.execute(
        "update email_sending_jobs set renews_message_id = null, kind = 'report', recipient = null"
    )
    superuser.execute("delete from email_send_history")
    superuser.execute("delete from email_sending_jobs")
    with MailServer(tmp_path_factory.mktemp("mail")) as server:
        made = MailWorld(superuser, site.acme)
        made.server = server
        made.run_as_worker(config, str(server.ca_file))
        superuser.execute(  # or what is yesterday here is today there, some hours of the night
            "update tenant_config set time_zone = 'UTC', property_time_zone = 'UTC'"
            " where tenant_id = %s",
            (site.acme,),
        )
        set_up_mail(superuser, site.acme, server)
        switch_on(superuser, site.acme)
        made.branch("D01", "Harbour")
        made.branch("D02", "Uptown")
        made.loaded()
        made.recipient("D01", ANA)
        made.cart("K1")
        made.cart("K2")
        made.cart("K9", "D02")
        with made.as_worker():
            made.plan()
            made.send()
        yield made
