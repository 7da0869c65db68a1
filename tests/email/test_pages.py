"""The pages and the JSON of sending: look, test, send, history, what an admin decides."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import requests

from app.dates import utc_now
from app.settings import provision
from tests.email.mail_world import MailWorld, yesterday
from tests.email.site_world import ANA, world
from tests.page import check_page
from tests.running import ADA, MEG, Browser, Site, path_of, port, provider, site
from tests.tasks.queue_page import ada

__all__ = ["ada", "port", "provider", "site", "world"]
SEND, HISTORY, SCHEDULE = (f"/analytics/email/{name}" for name in ("send", "history", "schedule"))
API = "/analytics/api/v1/email"


def day_before() -> str:
    """The day before yesterday."""
    return str(yesterday() - timedelta(days=1))


@pytest.fixture
def meg(site: Site) -> Iterator[Browser]:
    """A manager of D01 alone."""
    provision.add_member(site.acme, MEG.email, "manager", ["D01"])
    with Browser(site) as opened:
        opened.sign_in(MEG)
        yield opened


def run(world: MailWorld) -> None:
    """What workers would do now."""
    with world.as_worker():
        world.run_queued("plan_mail")
        world.send()


def test_what_would_be_sent_and_a_look_at_it(world: MailWorld, ada: Browser) -> None:
    world.cart("K3")
    world.recipient("D02", "bo@acme.example")
    page = check_page(ada.open(f"{SEND}/outlook?report_date={yesterday()}"))
    assert ANA in page.text() and "bo@acme.example" in page.text()
    page = check_page(ada.open(f"{SEND}/preview?recipient={ANA}&report_date={yesterday()}"))
    assert "1 new, 2 open – D01 Harbour" in page.text() and "Company K3" in page.text()
    frame = page.all("iframe")[0]
    assert frame.get("sandbox") == ""
    document = ada.open(str(frame.get("src")))
    assert "Company K3" in document.text and "/analytics/queue" in document.text
    policy = document.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'") and "frame-ancestors 'self'" in policy
    assert len(world.messages()) == 1, "looking writes nothing"


def test_a_stop_says_what_to_mend_until_mail_leaves_again(
    world: MailWorld, ada: Browser, meg: Browser
) -> None:
    world.cart("K3")
    world.server.script = lambda step, _: "say 550 relay not permitted" if step == "rcpt" else None
    world.plan_and_send("stopped")
    for browser, path in ((ada, SEND), (ada, HISTORY), (meg, SEND)):
        said = check_page(browser.open(path)).text()
        assert "Sending has stopped. The mail server does not pass on mail for this user" in said
        assert "It said: 550 relay not permitted" in said
    world.server.script = lambda _step, _to: None
    world.hurry()
    with world.as_worker():
        world.send()
    assert "Sending has stopped" not in ada.open(SEND).text + ada.open(HISTORY).text


def test_a_test_goes_to_whoever_asks_and_counts_as_nothing(world: MailWorld, ada: Browser) -> None:
    world.cart("K3")
    answer = ada.submit(f"{SEND}/test", recipient=ANA, report_date=str(yesterday()))
    assert path_of(answer).startswith(HISTORY)
    run(world)
    mail = world.server.deliveries[-1]
    assert mail.recipient == ADA.email
    assert str(mail.message["Subject"]).startswith("Test: 1 new, 2 open")
    assert "/r/" not in mail.part("plain") and not mail.message["List-Unsubscribe"]
    world.plan_and_send("next")
    assert str(world.server.deliveries[-1].message["Subject"]).startswith("1 new, 2 open")


def test_sending_by_hand(world: MailWorld, ada: Browser) -> None:
    world.cart("K3")
    page = check_page(ada.open(SEND))
    assert "With no branch selected: 2 branches, 1 recipient." in page.text()
    answer = ada.submit(SEND, report_date=day_before())
    assert "The messages are being written." in check_page(answer).text()
    run(world)
    page = check_page(ada.open(path_of(answer)))
    assert "Done started" in page.text() and "All 1" in page.text() and "Sent 1" in page.text()
    page = check_page(ada.open(HISTORY))
    assert page.text().count("Reports ·") == 2


@pytest.mark.parametrize("day", ["today", "2099-01-01", "yesterday"])
def test_a_day_that_is_not_over_is_refused(world: MailWorld, ada: Browser, day: str) -> None:
    asked = str(utc_now().date()) if day == "today" else day
    answer = ada.submit(SEND, report_date=asked)
    assert answer.status_code == 422 and check_page(answer).by_id("problems") is not None
    assert len(world.messages()) == 1


def test_the_switch(world: MailWorld, ada: Browser) -> None:
    world.cart("K3")
    with world.as_worker():
        world.plan(key="waits")
    ada.submit(f"{SEND}/switch", state="off")
    page = check_page(ada.open(SEND))
    assert "Sending is off" in page.text() and "restored copy" in page.text()
    assert ada.submit(SEND, report_date=day_before()).status_code == 422
    run(world)
    assert len(world.server.deliveries) == 1
    page = check_page(ada.submit(f"{SEND}/switch", state="on"))
    assert "1 waiting messages were skipped." in page.text()
    run(world)
    assert [row[1] for row in world.messages()] == ["sent", "skipped"]
    assert len(world.server.deliveries) == 1


def latest(world: MailWorld) -> UUID:
    return UUID(str(world.messages("message_id")[-1][0]))


def test_a_message_is_shown_word_for_word(world: MailWorld, ada: Browser) -> None:
    page = check_page(ada.open(f"{HISTORY}/messages/{latest(world)}"))
    sent = world.server.deliveries[0].part("plain").replace("\r\n", "\n")
    shown = page.text(page.all("pre")[0])
    for line in sent.splitlines():
        if "/r/" not in line and line.strip():
            assert " ".join(line.split()) in shown
    assert "Server response: 250 taken" in page.text()
    token = re.search(r"/r/([\w-]{64})", sent)
    assert token is not None and token[1] not in page.response.text


def test_only_what_failed_is_sent_again(world: MailWorld, ada: Browser) -> None:
    world.recipient("D01", "bo@acme.example")
    world.cart("K3")
    world.server.script = lambda step, to: (
        "say 552 5.2.2 full" if to == ANA and step == "data" else None
    )
    with world.as_worker():
        job_id = world.plan(key="next")
        world.send()
    page = check_page(ada.open(f"{HISTORY}/{job_id}"))
    assert "Resend 1 failed" in page.text()
    world.server.script = lambda _step, _to: None
    page = check_page(ada.submit(f"{HISTORY}/{job_id}/resend"))
    assert "1 failed message will be tried again." in page.text()
    run(world)
    recipients = [one.recipient for one in world.server.deliveries]
    assert recipients == [ANA, "bo@acme.example", ANA]


def test_an_unknown_message_is_resolved_by_an_admin_later(world: MailWorld, ada: Browser) -> None:
    world.cart("K3")
    world.server.script = lambda step, _: "drop" if step == "dot" else None
    with world.as_worker():
        world.plan(key="next")
        world.send()
    address = f"{HISTORY}/messages/{latest(world)}"
    page = check_page(ada.open(address))
    assert "may have arrived" in page.text() and "send it again" in page.text()
    assert ada.submit(f"{address}/resolve", fate="again").status_code == 409
    world.superuser.execute("update email_send_history set changed_at = now() - interval '1 hour'")
    world.server.script = lambda _step, _to: None
    ada.submit(f"{address}/resolve", fate="again")
    run(world)
    assert len(world.server.deliveries) == 2
    page = check_page(ada.open(address))
    assert f"Resolved by {ADA.email}" in page.text()
    assert ada.submit(f"{address}/resolve", fate="again").status_code == 409, "sent is final"


def test_links_are_withdrawn(world: MailWorld, ada: Browser, site: Site) -> None:
    found = re.search(r"/r/[\w-]{64}(?![\w/-])", world.server.deliveries[0].part("plain"))
    assert found is not None
    assert ada.open(found[0]).status_code == 200
    page = check_page(ada.submit(f"{HISTORY}/messages/{latest(world)}/revoke"))
    assert "1 link no longer works." in page.text()
    assert ada.open(found[0]).status_code == 410


def test_a_manager_of_one_branch_sees_and_sends_that_alone(world: MailWorld, meg: Browser) -> None:
    world.recipient("D02", "bo@acme.example")
    with world.as_worker():
        job_id = world.plan(key="next")
        world.send()
    page = check_page(meg.open(f"{HISTORY}/{job_id}"))
    assert ANA in page.text() and "bo@acme.example" not in page.text()
    other = next(row[0] for row in world.messages("message_id, recipient") if row[1] != ANA)
    assert meg.open(f"{HISTORY}/messages/{other}").status_code == 404
    assert meg.open(f"{HISTORY}/messages/{other}/html").status_code == 404
    assert meg.open(f"{SEND}/preview?recipient=bo@acme.example").status_code == 422
    answer = meg.submit(SEND, report_date=day_before())
    run(world)
    planned = world.superuser.execute(
        "select location_ids from email_sending_jobs where job_id = %s",
        (path_of(answer).rpartition("/")[2],),
    ).fetchone()
    assert planned == (["D01"],)
    assert meg.submit(f"{SEND}/switch", state="off").status_code == 403


def test_a_schedule_is_saved_shown_and_deleted(world: MailWorld, ada: Browser) -> None:
    fields = {
        "kind": "days",
        "days": ["mon", "fri"],
        "at": "06:45",
        "time_zone": "UTC",
        "waits": "y",
        "latest": "09:30",
    }
    page = check_page(ada.submit(f"{SCHEDULE}/report", **fields))
    assert "Schedule saved." in page.text() and "Next three runs" in page.text()
    stored = world.superuser.execute(
        "select kind, cron, latest_time::text from email_schedule where tenant_id = %s",
        (world.tenant_id,),
    ).fetchall()
    assert stored == [("report", "45 6 * * 1,5", "09:30:00")]
    for field, wrong in (
        ("at", {"at": "25:00"}),
        ("at", {"days": []}),
        ("latest", {"latest": "9"}),
        ("time_zone", {"time_zone": "Mars/Base"}),
        ("cron", {"kind": "cron", "cron": "every day"}),
    ):
        answer = ada.submit(f"{SCHEDULE}/report", **fields | wrong)
        page = check_page(answer)
        assert answer.status_code == 422 and "Nothing was saved" in page.text()
        marked = [mark.get("id") for mark in page.all("span") if mark.get("class") == "field-error"]
        assert marked == [f"report_{field}_error"], "beside the field, in its form alone"
        assert page.by_id(f"report_{field}").get("aria-invalid") == "true"
    page = check_page(ada.submit(f"{SCHEDULE}/report/delete"))
    assert "no longer go out automatically" in page.text()


def call(
    site: Site, method: str, path: str, json: dict[str, Any] | None = None
) -> requests.Response:
    address = site.url(f"{API}/{path}")
    return requests.request(method, address, json=json, headers=site.headers())


def test_the_json(world: MailWorld, site: Site) -> None:
    world.cart("K3")
    answer = call(site, "POST", "send", {"report_date": day_before()})
    assert answer.status_code == 202, answer.text
    job_id = answer.json()["job_id"]
    assert site.api(f"{API}/jobs/{job_id}").json()["status"] == "planning"
    run(world)
    job = site.api(f"{API}/jobs/{job_id}").json()
    states = ("planned", "sending", "sent", "failed", "skipped", "unknown")
    assert (job["status"], job["messages"], job["sent"]) == ("done", 1, 1)
    assert sum(job[state] for state in states) == job["messages"]
    page = site.api(f"{API}/history?limit=1").json()
    assert (page["total"], len(page["data"]), page["has_more"]) == (2, 1, True)
    assert page["data"][0]["recipient"] == ANA and page["data"][0]["location_ids"] == ["D01"]
    assert site.api(f"{API}/history?status=failed").json()["total"] == 0
    assert site.api(f"{API}/history?status=lost").status_code == 422
    assert site.api(f"{API}/jobs").json()["total"] == 2
    body = {"cron": "0 7 * * 1", "time_zone": "UTC", "latest_time": "09:00"}
    made = call(site, "PUT", "schedule?kind=digest", body).json()
    assert made["kind"] == "digest" and len(made["next_runs"]) == 3
    assert site.api(f"{API}/schedule?kind=report").status_code == 404
    assert call(site, "DELETE", "schedule?kind=digest").json() == {"was_there": True}
    for wrong in ({"report_date": "2099-01-01"}, {"report_date": "x"}, {}):
        assert call(site, "POST", "send", wrong).status_code == 422
