"""Links in mail: looking changes nothing, a press does, once, and only what the report told."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import psycopg
import pytest
import requests

from app.email.links.placeholders import REPORT_MARK
from app.email.links.tokens import make_token
from tests.email.mail_world import MailWorld
from tests.email.site_world import ANA, forget_limits, world
from tests.page import Html, check_page
from tests.routes.world import digest
from tests.running import Site, port, provider, site

__all__ = ["port", "provider", "site", "world"]
Superuser = psycopg.Connection[Any]
NONCE = re.compile(r'name="nonce" value="([^"]+)"')


@pytest.fixture
def link(world: MailWorld, site: Site) -> str:
    """The report's link as it stands in the mail, on the running site."""
    found = re.search(r"/r/[\w-]{64}(?![\w/-])", world.server.deliveries[0].part("plain"))
    assert found is not None
    return site.url(found[0])


def post(site: Site, address: str, **fields: Any) -> requests.Response:
    return requests.post(address, fields, headers={"Origin": site.base_url})


def form_of(page: requests.Response, name: str) -> dict[str, str]:
    """The hidden fields of the card of this customer."""
    card = page.text[page.text.index(name) :]
    fields = dict(re.findall(r'name="(nonce|task_id|version_[\w-]+)" value="([^"]+)"', card[:4000]))
    assert {"nonce", "task_id"} <= set(fields)
    return fields


def states(world: MailWorld) -> dict[str, str]:
    rows = world.superuser.execute("select customer_key, state from task").fetchall()
    return {str(key): str(state) for key, state in rows}


def test_the_report_is_shown_without_signing_in(link: str) -> None:
    html = check_page(requests.get(link))
    assert "2 customers to contact" in html.text()
    assert "Company K1" in html.text() and "Company K9" not in html.text()
    assert "report-link" not in html.text()


def test_looking_a_hundred_times_changes_no_row(
    world: MailWorld, site: Site, superuser: Superuser
) -> None:
    mail = world.server.deliveries[0]
    found = set(re.findall(r"https?://[^\s\"<>#]+", mail.part("plain") + mail.part("html")))
    before = digest(superuser, site.acme)
    links = {site.url(address.split("8000", 1)[1]) for address in found if ":8000" in address}
    assert len(links) >= 3
    for address in sorted(links):
        forget_limits(site.config.redis_url)
        for _ in range(100):
            requests.get(address, allow_redirects=False)
            requests.head(address, allow_redirects=False)
    assert digest(superuser, site.acme) == before


def test_done_with_an_outcome(world: MailWorld, site: Site, link: str) -> None:
    fields = form_of(requests.get(link), "Company K1")
    answer = post(site, f"{link}/done", outcome="won", note="by phone", **fields)
    page = check_page(answer)
    assert "Done. Thank you." in page.text() and "1 customer to contact" in page.text()
    assert states(world)["k:K1"] == "done"
    (row,) = world.superuser.execute(
        "select done_by, via, outcome, note from task_history"
    ).fetchall()
    assert row == (ANA, "link", "won", "by phone")
    (audit,) = world.superuser.execute(
        "select member_email, via, address from audit_entry where action = 'task.done'"
    ).fetchall()
    assert audit == (ANA, "link", "127.0.0.1")
    (used,) = world.superuser.execute("select action, task_id from email_link_use").fetchall()
    assert used == ("done", UUID(fields["task_id"]))


def test_snooze(world: MailWorld, site: Site, link: str) -> None:
    fields = form_of(requests.get(link), "Company K2")
    page = check_page(post(site, f"{link}/snooze", days="3", **fields))
    assert "Snoozed." in page.text() and states(world)["k:K2"] == "snoozed"


def test_a_form_is_good_once(world: MailWorld, site: Site, link: str) -> None:
    fields = form_of(requests.get(link), "Company K1")
    post(site, f"{link}/snooze", days="3", **fields)
    again = post(site, f"{link}/snooze", days="7", **fields)
    assert again.status_code == 409 and "already done" in again.text
    assert len(world.superuser.execute("select from task_history").fetchall()) == 1


def test_two_people_cannot_overwrite_each_other(world: MailWorld, site: Site, link: str) -> None:
    first = form_of(requests.get(link), "Company K1")
    second = form_of(requests.get(link), "Company K1")
    post(site, f"{link}/done", outcome="won", **first)
    answer = post(site, f"{link}/done", outcome="not_interested", **second)
    assert answer.status_code == 409
    assert len(world.superuser.execute("select from task_history").fetchall()) == 1


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (lambda fields: fields | {"nonce": ""}, 422),
        (lambda fields: fields | {"nonce": "x" + fields["nonce"]}, 422),
        (lambda fields: {"nonce": fields["nonce"]}, 422),
        (lambda fields: fields | {"outcome": "magic"}, 422),
    ],
)
def test_a_wrong_form_changes_nothing(
    world: MailWorld, site: Site, link: str, spoil: Any, status: int
) -> None:
    fields = spoil(form_of(requests.get(link), "Company K1") | {"outcome": "won"})
    answer = post(site, f"{link}/done", **fields)
    assert answer.status_code == status and check_page(answer)
    assert set(states(world).values()) == {"open"}


def test_a_task_that_the_report_did_not_tell_of_is_not_there(
    world: MailWorld, site: Site, link: str
) -> None:
    fields = form_of(requests.get(link), "Company K1")
    (other,) = world.superuser.execute(
        "select task_id from task where customer_key = 'k:K9'"
    ).fetchall()[0]
    later = world.cart("K1", hours=30)
    for task_id in (other, later):
        wrong = {"nonce": fields["nonce"], "task_id": str(task_id), f"version_{task_id}": "0"}
        assert post(site, f"{link}/done", outcome="won", **wrong).status_code == 404
    assert set(states(world).values()) == {"open"}


def test_another_site_cannot_press(world: MailWorld, link: str) -> None:
    fields = form_of(requests.get(link), "Company K1")
    for headers in ({"Origin": "https://evil.example"}, {}):
        answer = requests.post(f"{link}/done", fields | {"outcome": "won"}, headers=headers)
        assert answer.status_code == 403
    assert set(states(world).values()) == {"open"}


def test_what_is_no_token_of_ours_is_not_there(site: Site, world: MailWorld) -> None:
    unknown = make_token(site.acme).letters
    elsewhere = make_token(site.globex).letters
    answers = {
        requests.get(site.url(f"/r/{letters}")).status_code
        for letters in (unknown, elsewhere, "x", "x" * 64, REPORT_MARK)
    }
    assert answers == {404}


def test_a_token_is_good_for_one_purpose(world: MailWorld, site: Site, link: str) -> None:
    way_out = str(world.server.deliveries[0].message["List-Unsubscribe"]).strip("<>")
    token = way_out.split("/")[-2]
    assert requests.get(site.url(f"/r/{token}")).status_code == 404
    assert requests.get(f"{link}/unsubscribe").status_code == 404
    assert post(site, f"{link}/unsubscribe").status_code == 404


def test_who_no_longer_gets_the_report_no_longer_sees_it(
    world: MailWorld, site: Site, link: str
) -> None:
    fields = form_of(requests.get(link), "Company K1")
    world.superuser.execute("update branch_email_mappings set is_enabled = false")
    page = requests.get(link)
    assert page.status_code == 410 and "Company" not in page.text
    assert post(site, f"{link}/done", outcome="won", **fields).status_code == 410
    assert set(states(world).values()) == {"open"}


def test_a_suspended_tenant_has_no_links(world: MailWorld, link: str, site: Site) -> None:
    world.superuser.execute(
        "update tenant set is_suspended = true where tenant_id = %s", (site.acme,)
    )
    try:
        assert requests.get(link).status_code == 404
    finally:
        world.superuser.execute("update tenant set is_suspended = false")


def expire(world: MailWorld) -> None:
    world.superuser.execute(
        "update email_link set created_at = now() - interval '15 days',"
        " expires_at = now() - interval '1 day' where purpose = 'report'"
    )


def test_a_fresh_link_goes_to_the_same_address(world: MailWorld, site: Site, link: str) -> None:
    fields = form_of(requests.get(link), "Company K1")
    expire(world)
    page = requests.get(link)
    assert page.status_code == 410 and "Send me a new link" in page.text
    assert post(site, f"{link}/done", outcome="won", **fields).status_code == 410
    nonce = NONCE.search(page.text)
    assert nonce is not None
    for _ in range(3):  # one is enough, and a nonce is good once
        answer = post(site, f"{link}/renew", nonce=nonce[1])
        assert answer.status_code in (200, 409)
    other = NONCE.search(requests.get(link).text)
    assert other is not None
    assert post(site, f"{link}/renew", nonce=other[1]).status_code == 200
    with world.as_worker():
        world.run_queued("plan_mail")
        world.send()
    assert [one.recipient for one in world.server.deliveries] == [ANA, ANA]
    mail = world.server.deliveries[1]
    assert str(mail.message["Subject"]).startswith("A new link to your report")
    found = re.search(r"/r/[\w-]{64}(?![\w/-])", mail.part("plain"))
    assert found is not None
    fresh = check_page(requests.get(site.url(found[0])))
    assert "Company K1" in fresh.text()


def test_a_withdrawn_link_opens_nothing_and_cannot_be_renewed(
    world: MailWorld, site: Site, link: str
) -> None:
    expire(world)
    nonce = NONCE.search(requests.get(link).text)
    assert nonce is not None
    world.superuser.execute("update email_link set revoked_at = now(), revoked_by = 'ada'")
    page = requests.get(link)
    assert page.status_code == 410 and "revoked" in page.text
    assert post(site, f"{link}/renew", nonce=nonce[1]).status_code == 410


def test_one_click_unsubscribes_that_recipient_alone(world: MailWorld, site: Site) -> None:
    world.recipient("D01", "bo@acme.example")
    way_out = str(world.server.deliveries[0].message["List-Unsubscribe"]).strip("<>")
    address = site.url("/r/" + way_out.split("/r/")[1])
    page = requests.get(address)
    assert page.status_code == 200 and f"Unsubscribe {ANA}" in page.text
    assert not world.superuser.execute("select from email_suppression").fetchall()
    answer = requests.post(address, {"List-Unsubscribe": "One-Click"})  # as mail programs do
    assert answer.status_code == 200 and "gets no more reports" in answer.text
    assert requests.post(address).status_code == 200, "twice is as good as once"
    assert world.superuser.execute("select email, reason from email_suppression").fetchall() == [
        (ANA, "unsubscribed")
    ]
    (entry,) = world.superuser.execute(
        "select member_email, via from audit_entry where action = 'email.unsubscribed'"
    ).fetchall()
    assert entry == (ANA, "link")
    world.cart("K5", hours=21)
    with world.as_worker():
        world.plan(key="next")
        world.send()
    assert [one.recipient for one in world.server.deliveries] == [ANA, "bo@acme.example"]


def test_closed_meanwhile_is_shown_as_it_stands(world: MailWorld, link: str) -> None:
    (task_id,) = world.superuser.execute(
        "select task_id from task where customer_key = 'k:K1'"
    ).fetchall()[0]
    world.close(task_id)
    html: Html = check_page(requests.get(link))
    assert "1 customer to contact" in html.text() and "1 already closed" in html.text()
    assert "Recovered: the customer ordered" in html.text()
