"""Reports: what is new, open and closed to whom, told once, and what the ledger keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.config import Config
from app.dates import DateRange
from app.email.retention import forget_old_mail
from app.email.sending.composing import NOTHING_TO_TELL
from tests.email import mail_world
from tests.email.mail_world import MailWorld, last_day

Superuser = psycopg.Connection[Any]
ANA, BO = "ana@acme.example", "bo@acme.example"


@pytest.fixture
def world(config: Config, superuser: Superuser, tmp_path: Path) -> Iterator[MailWorld]:
    with mail_world.running(config, superuser, tmp_path) as made:
        yield made


def days_later(count: int) -> DateRange:
    return last_day().shifted(count)


def subjects(world: MailWorld) -> list[str]:
    return [str(one.message["Subject"]).rpartition(" – ")[0] for one in world.server.deliveries]


def test_the_worked_example(world: MailWorld) -> None:
    """Monday 5 new; Tuesday 2 new, 4 open, 1 closed."""
    world.recipient("D02", ANA)
    first = [world.cart(f"K{n}", "D02") for n in range(5)]
    world.plan()
    world.send()
    assert subjects(world) == ["5 new, 0 open – D02 Uptown"]
    for n in (5, 6):
        world.cart(f"K{n}", "D02")
    world.close(first[0])
    world.plan(period=days_later(1))
    world.send()
    assert subjects(world)[1] == "2 new, 4 open – D02 Uptown"
    told = world.superuser.execute(
        "select told_as, count(*) from email_told_task as t inner join email_send_history as h"
        " using (tenant_id, message_id) where h.tenant_id = %s and h.period_start = %s"
        " group by 1 order by 1",
        (world.tenant_id, days_later(1).start),
    ).fetchall()
    assert told == [("closed", 1), ("new", 2), ("open", 4)]
    text = world.server.deliveries[1].part("plain")
    assert "CLOSED SINCE THE LAST REPORT" in text and "Recovered: the customer ordered" in text


def test_nothing_new_and_nothing_closed_is_skipped_and_shown(world: MailWorld) -> None:
    world.recipient("D01", ANA)
    world.recipient("D02", BO)
    world.cart("K1")
    world.plan()
    world.send()
    assert world.statuses() == {ANA: "sent", BO: "skipped"}
    world.plan(period=days_later(1))
    world.send()
    assert world.statuses() == {ANA: "skipped", BO: "skipped"}
    assert {row[2] for row in world.messages() if row[1] == "skipped"} == {NOTHING_TO_TELL}
    assert len(world.server.deliveries) == 1


def test_one_message_a_period_however_often_it_is_asked_for(world: MailWorld) -> None:
    world.recipient("D01", ANA)
    world.cart("K1")
    world.plan()
    world.send()
    world.cart("K2")
    job_id = world.plan()
    assert world.job(job_id)[1] == "0 messages to send. 1 had one for this period already."
    world.send()
    assert len(world.server.deliveries) == 1
    world.plan(key="another schedule")
    world.send()
    assert subjects(world)[1] == "1 new, 1 open – D01 Harbour"


def test_two_branches_make_one_message(world: MailWorld) -> None:
    world.recipient("D01", ANA)
    world.recipient("D02", ANA)
    world.cart("K1", "D01")
    world.cart("K2", "D02")
    world.cart("K3", "D09")
    world.plan()
    world.send()
    assert subjects(world) == ["2 new, 0 open – 2 branches"]


def test_at_most_ten_cards_and_the_rest_comes_next_time(world: MailWorld) -> None:
    world.recipient("D01", ANA)
    for n in range(13):
        world.cart(f"K{n}", hours=20 + n)
    world.plan()
    world.send()
    assert subjects(world) == ["10 new, 0 open – D01 Harbour"]
    text = world.server.deliveries[0].part("plain")
    assert "3 more are new and come with the next report." in text
    assert "Company K0" in text and "Company K12" not in text
    world.plan(period=days_later(1))
    world.send()
    assert subjects(world)[1] == "3 new, 10 open – D01 Harbour"


def test_who_is_not_to_be_contacted_is_not_told(world: MailWorld) -> None:
    world.recipient("D01", ANA)
    world.cart("K1")
    world.cart("K2")
    world.insert("do_not_contact", kind="company", value="K1", reason="asked", created_by="a")
    world.plan()
    world.send()
    assert subjects(world) == ["1 new, 0 open – D01 Harbour"]


def test_what_waits_is_replaced_by_a_newer_report(world: MailWorld) -> None:
    world.recipient("D01", ANA)
    world.cart("K1")
    world.server.script = lambda step, _: "refuse4" if step == "rcpt" else None
    world.plan()
    world.send()
    assert world.statuses() == {ANA: "planned"}
    world.server.script = lambda _step, _recipient: None
    world.plan(period=days_later(1))
    world.send()
    assert [row[1] for row in world.messages()] == ["skipped", "sent"]
    assert "newer report" in world.messages()[0][2]
    assert subjects(world) == ["1 new, 0 open – D01 Harbour"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("update branch_email_mappings set is_enabled = false where tenant_id = %s", "no longer"),
        ("delete from branch_email_mappings where tenant_id = %s", "no longer"),
        (
            "insert into email_suppression values (%s, 'ana@acme.example', 'unsubscribed')",
            "unsubscribed",
        ),
        (
            "update task set closed_at = now(), closed_reason = 'ordered' where tenant_id = %s",
            "reported or closed",
        ),
    ],
)
def test_whether_it_may_go_is_asked_again_when_it_goes(
    world: MailWorld, change: str, reason: str
) -> None:
    world.recipient("D01", ANA)
    world.cart("K1")
    world.plan()
    world.superuser.execute(change, (world.tenant_id,))
    world.send()
    assert world.statuses() == {ANA: "skipped"} and not world.server.deliveries
    assert reason in world.messages()[0][2]


def test_sending_is_off_until_somebody_confirms(world: MailWorld) -> None:
    world.recipient("D01", ANA)
    world.cart("K1")
    world.plan()
    world.superuser.execute("update email_switch set database_oid = 1")
    assert world.send() is None and not world.server.deliveries
    assert world.statuses() == {ANA: "planned"}


def test_the_mail_itself(world: MailWorld) -> None:
    world.recipient("D01", ANA, "Ana")
    world.cart("K1")
    world.plan()
    world.send()
    (delivery,) = world.server.deliveries
    message = delivery.message
    assert delivery.recipient == ANA and delivery.sender == "reports@acme.example"
    assert str(message["From"]) == '"Acme, \\"Reports\\"" <reports@acme.example>'
    assert message["To"] == ANA and message["Date"] and not message["Bcc"]
    assert message["Message-ID"] == world.messages("message_header")[0][0]
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way_out = str(message["List-Unsubscribe"]).strip("<>")
    html, text = delivery.part("html"), delivery.part("plain")
    assert way_out in html and way_out in text and "report-link" not in html + text
    stored = world.messages("html_body || text_body || subject")[0][0]
    token = way_out.split("/")[-2]
    assert token not in stored, "tokens are not stored with what was written"
    hashes = world.superuser.execute(
        "select purpose from email_link where tenant_id = %s order by 1", (world.tenant_id,)
    ).fetchall()
    assert [row[0] for row in hashes] == ["report", "unsubscribe"]


def test_after_a_year_a_message_is_gone_with_what_it_told(world: MailWorld) -> None:
    world.recipient("D01", ANA)
    world.cart("K1")
    world.plan()
    world.send()
    world.plan(key="waits", period=days_later(1))
    world.cart("K2")
    job_id = world.plan(key="fails", period=days_later(1))
    old = "now() - interval '366 days'"
    for table in ("email_send_history", "email_sending_jobs"):
        world.superuser.execute(
            f"update {table} set created_at = {old} where tenant_id = %s", (world.tenant_id,)
        )
    assert forget_old_mail() == 2, "one was sent and one was skipped"
    assert [row[1] for row in world.messages()] == ["planned"], "what waits stays"
    kept = world.superuser.execute(
        "select job_id from email_sending_jobs where tenant_id = %s", (world.tenant_id,)
    ).fetchall()
    assert kept == [(job_id,)]
    assert not world.superuser.execute(
        "select from email_link where tenant_id = %s", (world.tenant_id,)
    ).fetchall()
